"""What Meta wrote about a failed reply may name the customer: of it the code alone is kept."""

from alembic import op

revision = "0030"
down_revision = "0027"
branch_labels = None
depends_on = None

OUR_CAUSES = (
    "'owner_changed', 'contact_erased', 'not_confirmed', 'not_connected', 'breaks_a_limit',"
    " 'window_closed', 'number_paused', 'notice_expired', 'notice_outdated', 'notices_refused'"
)


def upgrade() -> None:
    op.execute("UPDATE status_event SET error_details = NULL WHERE error_details IS NOT NULL")
    op.execute(f"UPDATE outbox SET error_details = NULL WHERE error_details NOT IN ({OUR_CAUSES})")


def downgrade() -> None:
    """What was deleted does not come back; the former version does without it."""
