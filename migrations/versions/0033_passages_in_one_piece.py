"""Words and text of a passage lie in its row: a vector makes each row so long that Postgres put
them elsewhere, and a search fetched them from there for each passage that shares a word.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None

ROWS_AT_ONCE = 500
# Values that are set anew are stored anew.
REWRITE = "UPDATE passage SET text = text || '', normalised = normalised || ''"
SOME = f"{REWRITE} WHERE id > :after AND id <= :until"


def upgrade() -> None:
    op.execute("ALTER TABLE passage SET (toast_tuple_target = 8160)")
    if context.is_offline_mode():
        op.execute(REWRITE)
        return
    with op.get_context().autocommit_block():
        last = op.get_bind().scalar(sa.text("SELECT coalesce(max(id), 0) FROM passage"))
        for after in range(0, last, ROWS_AT_ONCE):
            batch = sa.text(SOME).bindparams(after=after, until=after + ROWS_AT_ONCE)
            op.execute(batch)


def downgrade() -> None:
    op.execute("ALTER TABLE passage RESET (toast_tuple_target)")
