"""The lease of a conversation: who holds it may take a turn; the fencing token tells a late holder
that it lost it.

All times are the database's, so that hosts need not agree on the clock.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import bindparam, func, inspect, literal_column, select, update
from sqlalchemy.orm import contains_eager
from sqlalchemy.orm.attributes import set_committed_value

from gatte.extensions import db
from gatte.infra.database.clock import DB_NOW
from gatte.infra.database.hydration import column_list, hydrate
from gatte.infra.database.statement_batch import Row, StatementBatch
from gatte.models import Contact, Conversation
from gatte.store.conversations import (
    LAST_INBOUND,
    SERVICE_WINDOW_OPEN,
    SNAPSHOT_COLUMNS,
    UNREAD,
    Arrival,
)
from gatte.store.inbox import UNPROCESSED
from gatte.store.outbox import UNFINISHED

# another one with every change of either row
ROW_VERSIONS = "conversation.xmin::text || ' ' || contact.xmin::text"
# The commit of this need not wait for the disk: should the server crash, the messages are in the
# inbox again, and whoever thinks has no lease. Whatever is told to a customer, or to Meta, follows
# a later commit that does wait, and takes this one along.
ACQUIRE_SQL = f"""
    UPDATE conversation SET
        lease_token = lease_token + 1,
        turn_attempts = turn_attempts + 1,
        lease_expires_at = statement_timestamp() + make_interval(secs => %s),
        turn_due_at = statement_timestamp() + make_interval(secs => %s),
        last_inbound_at = {LAST_INBOUND},
        last_activity_at = CASE WHEN %s THEN clock_timestamp() ELSE last_activity_at END
    FROM contact
    WHERE conversation.id = %s AND contact.id = conversation.contact_id
        AND (lease_expires_at IS NULL OR lease_expires_at < statement_timestamp())
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
    .where(Conversation.lease_expires_at > func.clock_timestamp())
    .with_for_update(of=Conversation)
    .execution_options(populate_existing=True)
)
LOCK_SQL = """
    SELECT FROM conversation
    WHERE id = %s AND lease_token = %s AND lease_expires_at > clock_timestamp()
    FOR UPDATE
"""
CHECK_SQL = f"""
    SELECT {ROW_VERSIONS} AS versions,
        EXISTS (
            SELECT FROM message
            WHERE conversation_id = conversation.id
                AND {UNREAD}
                AND NOT message.id = ANY(%s::uuid[])
        ) AS unread,
        EXISTS (
            SELECT FROM inbox_message m
            JOIN contact_identity i ON i.hash = m.sender_hash
            WHERE i.contact_id = conversation.contact_id
                AND m.phone_number_id = conversation.phone_number_id
                AND m.{UNPROCESSED}
        ) AS unprocessed,
        EXISTS (
            SELECT FROM outbox
            WHERE conversation_id = conversation.id
                AND outbox.{UNFINISHED}
        ) AS busy,
        {SERVICE_WINDOW_OPEN} AS in_window
    FROM conversation
    JOIN contact ON contact.id = conversation.contact_id
    WHERE conversation.id = %s AND lease_token = %s AND lease_expires_at > clock_timestamp()
"""  # noqa: S608 - our own words only
DUE_IF_UNREAD: Any = literal_column(
    "CASE WHEN EXISTS ("  # nosec B608 - our own words only
    f"SELECT FROM message WHERE message.conversation_id = conversation.id AND {UNREAD}"
    ") THEN clock_timestamp() END"
)


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


@dataclass(frozen=True)
class LeasedConversation:
    """A conversation that is locked under a lease, with what has come and gone around it."""

    conversation: Conversation
    has_newer_messages: bool
    has_unfinished_replies: bool
    is_service_window_open: bool


def acquire(
    conversation_id: UUID, seconds: float, batch: StatementBatch, arrival: Arrival | None = None
) -> Lease | None:
    """Take the lease for so many seconds when nobody holds it; should the holder die, the turn is
    due again when the lease has run out.

    What the batch holds already is sent with it. With the lease it is recorded that messages came
    in (`arrival`), but not without. Until the transaction ends, what the lease has `cached` is as
    it is.
    """
    now = datetime.now(UTC)
    sent_at = None if arrival is None else arrival.last_sent_at
    has_arrived = arrival is not None
    values = (seconds, seconds, sent_at, has_arrived, conversation_id, now, now)
    batch.add(ACQUIRE_SQL, *values)
    rows = batch.execute()
    if not rows:
        return None
    row = rows[0]
    return Lease(conversation_id, row.lease_token, row.turn_attempts, _cached(row), row)


def _cached(row: Row) -> tuple[Conversation, str] | None:
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


def relock_and_check(lease: Lease, known_message_ids: Sequence[UUID]) -> LeasedConversation:
    """The conversation, locked until the transaction ends, and what has come since these messages
    were read; LeaseLost when the lease is no longer ours.

    Both are asked in one batch. The conversation is read anew only when somebody has changed it
    since it was cached.
    """
    batch = StatementBatch()
    batch.add(LOCK_SQL, lease.conversation_id, lease.token)
    batch.add(CHECK_SQL, known_message_ids, lease.conversation_id, lease.token)
    rows = batch.execute()
    if not rows:
        raise LeaseLost(lease)
    now = rows[0]
    cached = lease.cached
    if cached is not None and cached[1] == now.versions and not inspect(cached[0]).expired:
        conversation = cached[0]
    else:
        conversation = lock(lease)
    return LeasedConversation(
        conversation,
        has_newer_messages=now.unread or now.unprocessed,
        has_unfinished_replies=now.busy,
        is_service_window_open=bool(now.in_window),
    )


def release(conversation: Conversation) -> None:
    """Give the lease back; `turn_due_at` is left to the caller."""
    conversation.lease_expires_at = None


def release_after_turn(conversation: Conversation) -> None:
    """Give the lease back after a turn; the next one is due when there is something to read."""
    release(conversation)
    conversation.turn_attempts = 0
    conversation.turn_due_at = DUE_IF_UNREAD


def release_after_failure(conversation: Conversation) -> None:
    """Give the lease back after a turn that is not tried again."""
    release(conversation)
    conversation.turn_attempts = 0
    conversation.turn_due_at = None


def release_for_retry(lease: Lease, seconds: float) -> None:
    """Give the lease back and let the turn be due again in so many seconds; nothing when the lease
    is no longer ours.
    """
    values: dict[str, Any] = {
        "lease_expires_at": None,
        "turn_due_at": func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, seconds),
    }
    mine = update(Conversation).where(
        Conversation.id == lease.conversation_id, Conversation.lease_token == lease.token
    )
    db.session.execute(mine.values(**values).execution_options(synchronize_session=False))


def end_unfinished(lease: Lease) -> bool:
    """End the lease of a turn that is still running, which therefore changes nothing any more;
    whether it was.

    The turn is due at once, and this attempt is not counted.
    """
    values: dict[str, Any] = {
        "lease_expires_at": None,
        "turn_due_at": func.clock_timestamp(),
        "turn_attempts": func.greatest(Conversation.turn_attempts - 1, 0),
    }
    mine = update(Conversation).where(
        Conversation.id == lease.conversation_id, Conversation.lease_token == lease.token
    )
    running = (
        mine.where(Conversation.lease_expires_at.is_not(None))
        .values(**values)
        .returning(Conversation.id)
    )
    ended = db.session.execute(running.execution_options(synchronize_session=False))
    return ended.first() is not None


def revoke(conversation: Conversation) -> None:
    """Let a turn that runs now not commit: its messages are read by another, at once."""
    conversation.lease_token += 1
    conversation.lease_expires_at = None
    if conversation.turn_due_at is not None:
        conversation.turn_due_at = DB_NOW
