"""The rules of the new columns hold for the rows that were there before too: read without holding anybody up."""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE message VALIDATE CONSTRAINT ck_message_set_aside")
    op.execute("ALTER TABLE contact VALIDATE CONSTRAINT ck_contact_mute_reason")


def downgrade() -> None:
    """A rule that holds for all rows holds for those before them too."""
