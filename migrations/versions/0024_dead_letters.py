"""Dead letters are counted by index: metrics and checks ask for their number every few seconds; made beside the running system."""

from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_outbox_dead_letter": "outbox (created_at) WHERE state = 'dead_letter'",
    "ix_turn_dead_letter": "turn (created_at) WHERE outcome = 'dead_letter'",
    "ix_inbox_message_dead_letter": "inbox_message (processed_at) WHERE processed_at IS NOT NULL AND payload IS NOT NULL",
    "ix_webhook_delivery_dead_letter": "webhook_delivery (created_at) WHERE state = 'dead_letter'",
}


def upgrade() -> None:
    with op.get_context().autocommit_block():
        for name, place in INDEXES.items():
            op.execute(
                f"DROP INDEX CONCURRENTLY IF EXISTS {name}"
            )  # what an attempt that was stopped left behind is not valid
            op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {place}")


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name in INDEXES:
            op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")
