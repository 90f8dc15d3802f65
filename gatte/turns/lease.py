"""The lease of a conversation: who holds it may take a turn; the fencing token tells a late holder
that it lost it.

All times are the database's, so that hosts need not agree on the clock.
"""

from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

from flask import current_app
from sqlalchemy import bindparam, func, inspect, literal_column, select
from sqlalchemy.orm import contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from gatte.decisions.snapshots import SNAPSHOT_COLUMNS
from gatte.extensions import db
from gatte.infra.database.hydration import column_list, hydrate
from gatte.infra.database.statement_batch import Row, StatementBatch
from gatte.models import Contact, Conversation
from gatte.turns import held_leases

# another one with every change of either row
ROW_VERSIONS = "conversation.xmin::text || ' ' || contact.xmin::text"
# The commit of this need not wait for the disk: should the server crash, the messages are in the
# inbox again, and whoever thinks has no lease. Whatever is told to a customer, or to Meta, follows
# a later commit that does wait, and takes this one along.
ACQUIRE_SQL = f"""
    UPDATE conversation SET
        lease_token = lease_token + 1,
        turn_attempts = turn_attempts + 1,
        leased_until = statement_timestamp() + make_interval(secs => %s),
        turn_due_at = statement_timestamp() + make_interval(secs => %s)
    FROM contact
    WHERE conversation.id = %s AND contact.id = conversation.contact_id
        AND (leased_until IS NULL OR leased_until < statement_timestamp())
    RETURNING {column_list(Conversation)},
        {column_list(Contact, "of_contact_")},
        {ROW_VERSIONS} AS versions,
        {SNAPSHOT_COLUMNS},
        set_config('synchronous_commit', 'off', TRUE)
"""  # noqa: S608 - our own names only
LOCKED_ROW: Any = (
    select(Conversation, literal_column(ROW_VERSIONS))
    .join(Conversation.contact)
    .options(contains_eager(Conversation.contact))
    .where(Conversation.id == bindparam("id"), Conversation.lease_token == bindparam("token"))
    .where(Conversation.leased_until > func.clock_timestamp())
    .with_for_update(of=Conversation)
    .execution_options(populate_existing=True)
)
LOCK_SQL = """
    SELECT FROM conversation
    WHERE id = %s AND lease_token = %s AND leased_until > clock_timestamp()
    FOR UPDATE
"""


@dataclass
class Lease:
    """The right to change one conversation, while `token` is the newest and the time has not run
    out.

    `attempt` counts the leases since the last turn that was committed: a turn that kills its
    process is known by it. `cached` is what the holder last saw of the conversation, and the
    versions of its rows; `facts` what a snapshot needs beside it, as it was when the lease was
    taken.
    """

    conversation_id: UUID
    token: int
    attempt: int = 1
    cached: tuple[Conversation, str] | None = field(default=None, compare=False, repr=False)
    facts: Row | None = field(default=None, compare=False, repr=False)


class LeaseLost(Exception):
    """The lease ran out or was taken over: nothing of this turn may be stored."""

    def __init__(self, lease: Lease) -> None:
        super().__init__(f"the lease {lease.token} of conversation {lease.conversation_id} is gone")


def acquire(conversation_id: UUID, batch: StatementBatch | None = None) -> Lease | None:
    """Take the lease when nobody holds it; should the holder die, the turn is due again when the
    lease has run out.

    What a batch holds already is sent with it. Until the transaction ends, what the lease has
    `cached` is as it is.
    """
    seconds = current_app.extensions["gatte_settings"].gatte_lease_seconds
    batch = batch or StatementBatch()
    batch.add(ACQUIRE_SQL, seconds, seconds, conversation_id)
    for row in batch.execute():
        return held_leases.register_held(
            Lease(conversation_id, row.lease_token, row.turn_attempts, _seen(row), row)
        )
    return None


def _seen(row: Row) -> tuple[Conversation, str] | None:
    """The conversation with its contact and their versions; None when the session has either
    already.
    """
    contact_start = len(Conversation.__table__.columns)
    contact_end = contact_start + len(Contact.__table__.columns)
    conversation = hydrate(Conversation, row[:contact_start])
    contact = hydrate(Contact, row[contact_start:contact_end])
    if conversation is None or contact is None:
        return None
    set_committed_value(conversation, "contact", contact)
    return conversation, row.versions


def lock(lease: Lease) -> Conversation:
    """The conversation as it is now, locked until the transaction ends; LeaseLost when the lease is
    no longer ours.
    """
    found = db.session.execute(
        LOCKED_ROW, {"id": lease.conversation_id, "token": lease.token}
    ).first()
    if found is None:
        raise LeaseLost(lease)
    conversation, versions = found
    lease.cached = conversation, versions
    return cast("Conversation", conversation)


def relock_and_check(lease: Lease, question: str, *values: object) -> tuple[Conversation, Row]:
    """The locked conversation, read anew only when somebody has changed it since it was cached; and
    the answer to a question about it.

    The question is asked under the lock, in one batch with it: a statement with `versions` in its
    row, and no row when the lease is not ours.
    """
    batch = StatementBatch()
    batch.add(LOCK_SQL, lease.conversation_id, lease.token)
    batch.add(question, *values)
    rows = batch.execute()
    if not rows:
        raise LeaseLost(lease)
    seen = lease.cached
    if seen is not None and seen[1] == rows[0].versions and not inspect(seen[0]).expired:
        return seen[0], rows[0]
    return lock(lease), rows[0]


def release(conversation: Conversation) -> None:
    """Give the lease back; `turn_due_at` is left to the caller."""
    conversation.leased_until = None
