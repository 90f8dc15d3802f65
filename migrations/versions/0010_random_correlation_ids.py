"""Correlation ids are random: those that were made of a sender's hash (24 hex digits) give way to new ones, a few rows at a time."""

from alembic import context, op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

AT_ONCE = 5_000
CONVERSATIONS = f"""
    UPDATE conversation SET correlation_id = replace(gen_random_uuid()::text, '-', '')
    WHERE id IN (SELECT id FROM conversation WHERE length(correlation_id) = 24 ORDER BY id LIMIT {AT_ONCE} FOR UPDATE)
"""
TRANSITIONS = """
    UPDATE transition t SET correlation_id = c.correlation_id FROM conversation c
    WHERE c.id = t.conversation_id AND t.correlation_id <> c.correlation_id AND t.id > {after} AND t.id <= {until}
"""


def upgrade() -> None:
    if (
        context.is_offline_mode()
    ):  # as a script it has no rows to count: one batch shows what is sent
        op.execute(CONVERSATIONS)
        return
    with op.get_context().autocommit_block():
        connection = op.get_bind()
        while connection.exec_driver_sql(CONVERSATIONS).rowcount:
            pass
        last = connection.exec_driver_sql(
            "SELECT coalesce(max(id), 0) FROM transition"
        ).scalar_one()
        for after in range(0, last, AT_ONCE):
            connection.exec_driver_sql(TRANSITIONS.format(after=after, until=after + AT_ONCE))


def downgrade() -> None:
    """The new ids are as good to the code before."""
