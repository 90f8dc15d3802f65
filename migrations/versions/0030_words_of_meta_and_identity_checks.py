"""Codes that prove who asks from another number; a look-up key that rotates; of what Meta wrote about a failed reply, which may name the customer, the code alone is kept."""

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0028"
branch_labels = None
depends_on = None

PURPOSES_BEFORE = "'contact', 'inbox', 'inbox_day', 'lookup'"
ROTATED = "uq_data_key_rotated_lookup"
OUR_CAUSES = (
    "'owner_changed', 'contact_erased', 'not_confirmed', 'not_connected', 'breaks_a_limit',"
    " 'window_closed', 'number_paused', 'notice_expired', 'notice_outdated', 'notices_refused'"
)


def upgrade() -> None:
    # Safe to repeat: what stands before the table stays when something fails.
    with op.get_context().autocommit_block():  # rows are not locked for as long as tables are
        op.execute("UPDATE status_event SET error_details = NULL WHERE error_details IS NOT NULL")
        op.execute(
            f"UPDATE outbox SET error_details = NULL WHERE error_details NOT IN ({OUR_CAUSES})"
        )
    _allow_purposes(f"{PURPOSES_BEFORE}, 'lookup_former', 'lookup_next'")
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE data_key VALIDATE CONSTRAINT ck_data_key_key_purpose")
        # what an attempt that was stopped left behind is not valid
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {ROTATED}")
        op.execute(
            f"CREATE UNIQUE INDEX CONCURRENTLY {ROTATED} ON data_key (purpose)"
            " WHERE purpose IN ('lookup_former', 'lookup_next')"
        )
    op.create_table(
        "identity_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("contact_id", sa.Uuid()),
        sa.Column("code_hash", sa.LargeBinary()),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("examined_sequence", sa.BigInteger(), nullable=False),
        sa.Column(
            "created_at",
            sa.TIMESTAMP(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("expires_at", sa.TIMESTAMP(timezone=True), nullable=False),
        sa.Column("proven_at", sa.TIMESTAMP(timezone=True)),
        sa.ForeignKeyConstraint(
            ["conversation_id"],
            ["conversation.id"],
            name=op.f("fk_identity_check_conversation_id_conversation"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["contact_id"],
            ["contact.id"],
            name=op.f("fk_identity_check_contact_id_contact"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_identity_check")),
    )
    op.create_index(
        "ix_identity_check_conversation_id", "identity_check", ["conversation_id", "created_at"]
    )
    op.create_index("ix_identity_check_contact_id", "identity_check", ["contact_id", "created_at"])
    op.create_index("ix_identity_check_created_at", "identity_check", ["created_at"])


def downgrade() -> None:
    """What Meta wrote does not come back; the former version does without it."""
    with op.get_context().autocommit_block():
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {ROTATED}")
    _allow_purposes(PURPOSES_BEFORE)
    with op.get_context().autocommit_block():
        op.execute("ALTER TABLE data_key VALIDATE CONSTRAINT ck_data_key_key_purpose")
    op.drop_table("identity_check")


def _allow_purposes(purposes: str) -> None:
    # squawk-ignore: the new rule stands in the same transaction, and lets in all that the old did
    op.execute(
        "-- squawk-ignore ban-drop-constraint\nALTER TABLE data_key"
        " DROP CONSTRAINT IF EXISTS ck_data_key_key_purpose"
    )
    op.execute(
        "ALTER TABLE data_key ADD CONSTRAINT ck_data_key_key_purpose"
        f" CHECK (purpose IN ({purposes})) NOT VALID"
    )
