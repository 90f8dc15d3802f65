"""The panel's lists find their rows by index: open conversations by state, tickets by age; made beside the running system."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_conversation_live_state": "conversation (state, last_activity_at) WHERE closed_at IS NULL",
    "ix_ticket_newest": "ticket (created_at, number)",
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
