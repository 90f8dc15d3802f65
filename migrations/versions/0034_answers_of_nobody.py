"""An answer of the API that holds nothing of any person is kept as it is, so that requests about
facts and webhooks can be sent again as well.
"""

import sqlalchemy as sa
from alembic import op

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("idempotent_request", sa.Column("impersonal_body", sa.String()))


def downgrade() -> None:
    op.drop_column("idempotent_request", "impersonal_body")
