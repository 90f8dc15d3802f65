"""Two more reasons for a person (data breach, distress); vectors of passages lie in their rows.

Vectors of passages that are there already stay where they are until their article is saved again.
"""

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

CONSTRAINT = "ck_conversation_escalation_reason"
FORMER_REASONS = (
    "requested",
    "not_understood",
    "revocation",
    "fraud",
    "refund",
    "legal_threat",
    "invoice_stopped",
    "slot_failed",
    "errors",
    "complaint",
    "data_request",
    "forced",
    "phone_echo",
)
NEW_REASONS = ("data_breach", "distress")


def upgrade() -> None:
    op.execute("ALTER TABLE passage ALTER COLUMN embedding SET STORAGE PLAIN")
    _allow_reasons(FORMER_REASONS + NEW_REASONS)


def downgrade() -> None:
    op.execute("ALTER TABLE passage ALTER COLUMN embedding SET STORAGE EXTERNAL")
    op.execute(
        "UPDATE conversation SET escalation_reason = 'complaint'"
        " WHERE escalation_reason IN ('data_breach', 'distress')"
    )
    _allow_reasons(FORMER_REASONS)


def _allow_reasons(reasons: tuple[str, ...]) -> None:
    """The rule is made anew, for rows that change from here on, and then checked over all rows."""
    listed = ", ".join(f"'{reason}'" for reason in reasons)
    # squawk-ignore: the new rule stands in the same transaction, and lets in all that the old did
    op.execute(
        f"-- squawk-ignore ban-drop-constraint\nALTER TABLE conversation"
        f" DROP CONSTRAINT IF EXISTS {CONSTRAINT}"
    )
    op.execute(
        f"ALTER TABLE conversation ADD CONSTRAINT {CONSTRAINT}"
        f" CHECK (escalation_reason IN ({listed})) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE conversation VALIDATE CONSTRAINT {CONSTRAINT}")
