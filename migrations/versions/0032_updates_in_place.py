"""What changes with every turn leaves the indexes, so that Postgres writes a row's new version into
the page of the old one (HOT), and a dump's snapshot keeps no dead entries of it.

Beside the running system: triggers keep the new columns right, whoever writes. Rows that were
finished before stay in the new indexes of `outbox` only until the last statement.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0032"
down_revision = "0030"
branch_labels = None
depends_on = None

UNFINISHED = "'pending', 'sending', 'uncertain'"
HAS_TIME = "ck_outbox_unfinished_has_time"
# A list sorted by the minute changes once a minute; the timer's time only when it comes nearer.
CONVERSATION_FUNCTION = """
CREATE FUNCTION set_conversation_index_columns() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.active_minute := date_trunc('minute', NEW.last_activity_at);
    IF NEW.inactivity_due_at IS NOT NULL THEN
        NEW.wake_at := least(NEW.wake_at, NEW.inactivity_due_at);
    END IF;
    RETURN NEW;
END $$
"""
# Without WHEN: Postgres reads such a condition anew with each statement, which takes longer.
CONVERSATION_TRIGGER = """
CREATE TRIGGER set_index_columns BEFORE INSERT OR UPDATE ON conversation
FOR EACH ROW EXECUTE FUNCTION set_conversation_index_columns()
"""
OUTBOX_FUNCTION = f"""
CREATE FUNCTION end_outbox_attempts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ({UNFINISHED}) THEN
        RETURN NEW;
    END IF;
    NEW.next_attempt_at := NULL;
    IF NEW.state = 'dead_letter' THEN
        NEW.failed_at := coalesce(NEW.failed_at, clock_timestamp());
    END IF;
    RETURN NEW;
END $$
"""
OUTBOX_TRIGGER = """
CREATE TRIGGER end_attempts BEFORE INSERT OR UPDATE ON outbox
FOR EACH ROW EXECUTE FUNCTION end_outbox_attempts()
"""
# A page keeps room for the newer versions of its rows.
FILLFACTORS = {"conversation": 50, "outbox": 50}
NEW_INDEXES = {
    "ix_conversation_wake": "conversation (wake_at) WHERE wake_at IS NOT NULL",
    "ix_conversation_active": "conversation (active_minute) WHERE closed_at IS NULL",
    "ix_conversation_waiting": (
        "conversation (waiting_since) WHERE waiting_since IS NOT NULL AND closed_at IS NULL"
    ),
    "ix_conversation_with_human": (
        "conversation (active_minute) WHERE owner = 'human' AND closed_at IS NULL"
    ),
    "ix_outbox_attempt_due": "outbox (next_attempt_at) WHERE next_attempt_at IS NOT NULL",
    "ix_outbox_in_line": ("outbox (conversation_id, sequence) WHERE next_attempt_at IS NOT NULL"),
    "ix_outbox_failed": "outbox (failed_at) WHERE failed_at IS NOT NULL",
    "ix_inbox_message_arrived": "inbox_message (received_at) WHERE processed_at IS NULL",
}
OLD_INDEXES = {
    "ix_conversation_turn_due": "conversation (turn_due_at) WHERE turn_due_at IS NOT NULL",
    "ix_conversation_inactivity_due": (
        "conversation (inactivity_due_at) WHERE inactivity_due_at IS NOT NULL"
    ),
    "ix_conversation_live": "conversation (last_activity_at) WHERE closed_at IS NULL",
    "ix_conversation_live_state": "conversation (state, last_activity_at) WHERE closed_at IS NULL",
    "ix_outbox_due": f"outbox (next_attempt_at) WHERE state IN ({UNFINISHED})",
    "ix_outbox_unfinished": f"outbox (conversation_id, sequence) WHERE state IN ({UNFINISHED})",
    "ix_outbox_dead_letter": "outbox (created_at) WHERE state = 'dead_letter'",
}
ROWS_AT_ONCE = 5_000
BACKFILLS = (
    """
    WITH rest AS (
        SELECT id FROM conversation
        WHERE closed_at IS NULL AND active_minute IS NULL LIMIT :count FOR UPDATE)
    UPDATE conversation c SET active_minute = date_trunc('minute', last_activity_at)
    FROM rest WHERE c.id = rest.id
    """,
    f"""
    WITH rest AS (
        SELECT id FROM outbox
        WHERE next_attempt_at IS NOT NULL AND state NOT IN ({UNFINISHED})
        LIMIT :count FOR UPDATE)
    UPDATE outbox o SET
        failed_at = CASE
            WHEN state = 'dead_letter' THEN coalesce(failed_at, next_attempt_at)
            ELSE failed_at END,
        next_attempt_at = NULL
    FROM rest WHERE o.id = rest.id
    """,
)


def upgrade() -> None:
    for column in ("active_minute", "wake_at"):
        op.add_column("conversation", sa.Column(column, sa.TIMESTAMP(timezone=True)))
    op.execute(
        "ALTER TABLE conversation ALTER COLUMN wake_at"
        " SET DEFAULT clock_timestamp() + interval '5 minutes'"
    )
    # the version before reads this time of unfinished replies alone, and those keep one
    op.execute(
        "-- squawk-ignore ban-drop-not-null\n"
        "ALTER TABLE outbox ALTER COLUMN next_attempt_at DROP NOT NULL"
    )
    for table, percent in FILLFACTORS.items():
        op.execute(f"ALTER TABLE {table} SET (fillfactor = {percent})")
    for statement in (CONVERSATION_FUNCTION, CONVERSATION_TRIGGER, OUTBOX_FUNCTION, OUTBOX_TRIGGER):
        op.execute(statement)
    op.execute(
        f"ALTER TABLE outbox ADD CONSTRAINT {HAS_TIME} CHECK"
        f" (next_attempt_at IS NOT NULL OR NOT state IN ({UNFINISHED})) NOT VALID"
    )
    with op.get_context().autocommit_block():
        op.execute(f"ALTER TABLE outbox VALIDATE CONSTRAINT {HAS_TIME}")
        _create_indexes(NEW_INDEXES)
        for statement in BACKFILLS:
            _repeat(statement)
        _drop_indexes(OLD_INDEXES)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        _create_indexes(OLD_INDEXES)
        _drop_indexes(NEW_INDEXES)
    op.execute(f"ALTER TABLE outbox DROP CONSTRAINT {HAS_TIME}")
    op.execute("DROP TRIGGER end_attempts ON outbox")
    op.execute("DROP FUNCTION end_outbox_attempts()")
    op.execute("DROP TRIGGER set_index_columns ON conversation")
    op.execute("DROP FUNCTION set_conversation_index_columns()")
    op.execute("UPDATE outbox SET next_attempt_at = created_at WHERE next_attempt_at IS NULL")
    op.execute("ALTER TABLE outbox ALTER COLUMN next_attempt_at SET NOT NULL")
    for table in FILLFACTORS:
        op.execute(f"ALTER TABLE {table} RESET (fillfactor)")
    for column in ("active_minute", "wake_at"):
        op.drop_column("conversation", column)


def _create_indexes(indexes: dict[str, str]) -> None:
    """Make them beside the running system; what an attempt that was stopped left is not valid."""
    _drop_indexes(indexes)
    for name, place in indexes.items():
        op.execute(f"CREATE INDEX CONCURRENTLY {name} ON {place}")


def _drop_indexes(indexes: dict[str, str]) -> None:
    for name in indexes:
        op.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {name}")


def _repeat(statement: str) -> None:
    """Run a statement until it changes nothing, some rows at a time; a script of SQL has it once, to
    be repeated by whoever runs it.
    """
    found = sa.text(statement).bindparams(count=ROWS_AT_ONCE)
    if context.is_offline_mode():
        op.execute(found)
        return
    while op.get_bind().execute(found).rowcount:
        pass
