"""Versions of tickets and leads, words of contacts' names to search by, closed conversations by age, and new members of closed sets."""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

EVENTS_BEFORE = (
    "'greeted', 'menu_shown', 'question_asked', 'question_answered', 'not_understood', 'flow_started', 'slot_filled', 'slots_complete', "
    "'flow_finished', 'corrected', 'confirmed', 'cancelled', 'escalated', 'agent_took', 'agent_replied', 'handed_back', "
    "'customer_waited', 'forced_reset', 'forced_escalation', 'nudged', 'timed_out', 'resumed', 'closed', 'failed', 'reopened'"
)
MUTES_BEFORE = "'flood', 'repetition', 'links', 'blocklist', 'by_hand'"
CHECKS = (
    ("transition", "event", EVENTS_BEFORE, "'agent_closed'"),
    ("contact", "mute_reason", MUTES_BEFORE, "'abuse'"),
)
INDEXES = {
    "ix_conversation_closed": "conversation (closed_at, id) WHERE closed_at IS NOT NULL",
    "ix_contact_name_words": "contact USING gin (name_words)",
}


def upgrade() -> None:
    # Safe to repeat: what stands before the indexes stays when making one of them fails.
    for table in ("ticket", "lead"):
        op.execute(
            f"ALTER TABLE {table} ADD COLUMN IF NOT EXISTS version integer DEFAULT 1 NOT NULL"
        )
    op.execute("ALTER TABLE contact ADD COLUMN IF NOT EXISTS name_words bytea[]")
    for table, column, before, new in CHECKS:
        _check(table, column, f"{before}, {new}")
    with op.get_context().autocommit_block():
        for (
            table,
            column,
            _,
            _,
        ) in CHECKS:  # the wider rule holds for every row that the narrower one let in
            op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{column}")
        for name, place in INDEXES.items():
            op.execute(
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
            )  # what an attempt that was stopped left behind is not valid
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {place}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
    op.execute("UPDATE transition SET event = 'closed' WHERE event = 'agent_closed'")
    op.execute("UPDATE contact SET mute_reason = 'by_hand' WHERE mute_reason = 'abuse'")
    for table, column, before, _ in CHECKS:
        _check(table, column, before)
        op.execute(f"ALTER TABLE {table} VALIDATE CONSTRAINT ck_{table}_{column}")
    op.drop_column("contact", "name_words")
    for table in ("ticket", "lead"):
        op.drop_column(table, "version")


def _check(table: str, column: str, values: str) -> None:
    # squawk-ignore: the new rule stands in the same transaction, and lets in all that the old one did
    op.execute(
        f"-- squawk-ignore ban-drop-constraint\nALTER TABLE {table} DROP CONSTRAINT IF EXISTS ck_{table}_{column}"
    )
    op.execute(
        f"ALTER TABLE {table} ADD CONSTRAINT ck_{table}_{column} CHECK ({column} IN ({values})) NOT VALID"
    )
