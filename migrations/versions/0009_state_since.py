"""A conversation knows since when it is in its state, so that each transition tells how long that was."""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.execute("ALTER TABLE conversation ADD COLUMN state_since timestamptz")


def downgrade() -> None:
    op.execute("ALTER TABLE conversation DROP COLUMN state_since")
