"""The tables `inbox_message` and `webhook_event`: what the webhook brought, sealed, until it is
processed.

A message of the inbox is unprocessed until `processed_at` is set. Processed, it is empty and stays,
so that it is known when Meta delivers it again. As a dead letter it has `processed_at` and still
its payload: it could not be processed, and waits for people.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import and_, func, select, text, update
from sqlalchemy.dialects.postgresql import insert

from gatte.extensions import db
from gatte.infra.database.statement_batch import StatementBatch, fetch_rows
from gatte.models import InboxMessage, WebhookEvent
from gatte.store import status_events
from gatte.store.status_events import StatusRow

UNPROCESSED = "processed_at IS NULL"
IS_DEAD_LETTER = and_(InboxMessage.processed_at.is_not(None), InboxMessage.payload.is_not(None))
DELETED = "deleted"
"""The kind of a row that stands for a message whose deletion came before it."""
# Of all unprocessed messages `m` of one sender, grouped: when the sender paused, when the first has
# waited long enough, or at once: after a tap on a button, and in a conversation that a human owns.
# $1: the pause, $2: the longest wait, $3: how far to look ahead for a pause that is about to end
# (all in seconds).
DUE = """
    bool_or(m.skip_quiet_period)
    OR max(m.received_at) <= clock_timestamp() - make_interval(secs => $1 - $3)
    OR min(m.received_at) <= clock_timestamp() - make_interval(secs => $2 - $3)
    OR EXISTS (
        SELECT 1
        FROM contact_identity i
        JOIN conversation c ON c.contact_id = i.contact_id
        WHERE i.hash = m.sender_hash
            AND c.phone_number_id = m.phone_number_id
            AND c.closed_at IS NULL
            AND c.owner = 'human')
"""
SECONDS_UNTIL_DUE = """
    CASE
        WHEN bool_or(m.skip_quiet_period) THEN 0
        ELSE extract(epoch FROM least(
            max(m.received_at) + make_interval(secs => $1),
            min(m.received_at) + make_interval(secs => $2)) - clock_timestamp())::float8
    END
"""
INSERT_EVENTS_SQL = """
    INSERT INTO webhook_event (field, phone_number_id, payload)
    SELECT * FROM unnest(%s::text[], %s::text[], %s::bytea[]);
"""
INSERT_MESSAGES_SQL = """
    WITH stored AS (
        INSERT INTO inbox_message
            (phone_number_id, wamid_hash, sender_hash, kind,
            skip_quiet_period, payload, request_id, sent_at)
        SELECT * FROM unnest(
            %s::text[], %s::bytea[], %s::bytea[], %s::text[],
            %s::boolean[], %s::bytea[], %s::text[], %s::timestamptz[])
        ON CONFLICT (phone_number_id, wamid_hash) DO NOTHING
        RETURNING kind
    )
    SELECT kind, count(*) FROM stored GROUP BY kind;
"""
LOCK_UNPROCESSED_SQL = f"""
    SELECT id, wamid_hash, kind, payload, request_id, sent_at, received_at,
        attempts, coalesce(retry_at <= clock_timestamp(), TRUE) AS may_be_retried
    FROM inbox_message
    WHERE phone_number_id = %s AND sender_hash = %s AND {UNPROCESSED}
    ORDER BY sent_at, id
    FOR UPDATE
"""  # noqa: S608 - our own words only
UNPROCESSED_SENDERS_SQL = f"""
    SELECT DISTINCT m.phone_number_id, m.sender_hash
    FROM inbox_message m
    JOIN contact_identity i ON i.hash = m.sender_hash
    JOIN conversation c USING (contact_id, phone_number_id)
    WHERE c.id = %s AND m.{UNPROCESSED}
    ORDER BY m.sender_hash
"""  # noqa: S608 - our own words only
MARK_PROCESSED_SQL = f"""
    UPDATE inbox_message SET payload = NULL, processed_at = clock_timestamp()
    WHERE id = ANY(%s) AND {UNPROCESSED}
"""  # noqa: S608 - our own words only
MARK_DEAD_LETTER_SQL = (
    "UPDATE inbox_message SET processed_at = clock_timestamp() WHERE id = ANY(%s)"
)
# Nothing but the oldest is tried, so the one at fault is known, and order is kept. While this waits
# for the row another process may process it: the last condition is looked at again then, the query
# within is not.
RECORD_FAILURE_SQL = text(f"""
    UPDATE inbox_message SET
        attempts = attempts + 1,
        retry_at = clock_timestamp() + make_interval(secs => least(60.0, 2.0 ^ attempts)),
        processed_at = CASE WHEN attempts + 1 >= :most AND NOT :transient THEN clock_timestamp() END
    WHERE id = (
            SELECT id FROM inbox_message
            WHERE phone_number_id = :number AND sender_hash = :sender AND {UNPROCESSED}
            ORDER BY sent_at, id
            LIMIT 1)
        AND {UNPROCESSED}
    RETURNING id, attempts, processed_at IS NOT NULL AS is_dead_letter
""")  # noqa: S608 - our own words only


class MessageRow(NamedTuple):
    """A message of a customer, or an echo of one that a person sent from the phone."""

    phone_number_id: str
    wamid_hash: bytes
    sender_hash: bytes
    kind: str
    skip_quiet_period: bool
    payload: bytes
    request_id: str | None
    sent_at: datetime


class EventRow(NamedTuple):
    """Anything else, sealed whole."""

    field: str
    phone_number_id: str | None
    payload: bytes


class UnprocessedRow(NamedTuple):
    """A message that waits to be processed, still sealed."""

    id: int
    wamid_hash: bytes
    kind: str
    payload: bytes | None
    request_id: str | None
    sent_at: datetime
    received_at: datetime
    attempts: int
    may_be_retried: bool


class InboxSender(NamedTuple):
    """Somebody whose messages to a number wait to be processed."""

    phone_number_id: str
    sender_hash: bytes


class FailedRow(NamedTuple):
    """A message that could not be processed, how often, and whether it became a dead letter
    therefore.
    """

    id: int
    attempts: int
    is_dead_letter: bool


@dataclass(frozen=True)
class DeadLetter:
    """A message that could not be processed and waits for people."""

    id: int
    phone_number_id: str
    dead_lettered_at: datetime
    attempts: int


class EventSummary(NamedTuple):
    """What is known of an event without opening it; its size in bytes."""

    id: int
    field: str
    received_at: datetime
    size: int


def insert_statement(
    messages: Iterable[MessageRow], statuses: Sequence[StatusRow], events: Sequence[EventRow]
) -> tuple[str, list[object]]:
    """One text of statements that stores all these rows, and its values: a list a column.

    Where there are messages its rows tell how many of each kind were not there before.
    """
    # sorted, so that two processes that store the same messages meet in the same order and cannot
    # deadlock
    in_order = sorted(messages, key=attrgetter("phone_number_id", "wamid_hash"))
    # messages last, since the driver gives the rows of the last statement alone
    kinds: list[tuple[str, Sequence[Sequence[object]]]] = [
        (status_events.INSERT_SQL, statuses),
        (INSERT_EVENTS_SQL, events),
        (INSERT_MESSAGES_SQL, in_order),
    ]
    statement = "".join(sql for sql, rows in kinds if rows)
    return statement, [list(column) for _, rows in kinds for column in zip(*rows, strict=True)]


def lock_unprocessed(
    batch: StatementBatch, phone_number_id: str, sender_hash: bytes
) -> list[UnprocessedRow]:
    """What a sender wrote to a number and nobody has processed, the oldest first, locked; asked
    behind what the batch holds already.
    """
    batch.add(LOCK_UNPROCESSED_SQL, phone_number_id, sender_hash)
    return [UnprocessedRow(*row) for row in batch.execute()]


def list_unprocessed(phone_number_id: str, sender_hash: bytes) -> list[InboxMessage]:
    """What a sender wrote to a number and nobody has processed, the oldest first."""
    waiting = select(InboxMessage).filter_by(
        phone_number_id=phone_number_id, sender_hash=sender_hash, processed_at=None
    )
    in_order = waiting.order_by(InboxMessage.sent_at, InboxMessage.id)
    return list(db.session.scalars(in_order))


def list_unprocessed_senders(conversation_id: UUID) -> list[InboxSender]:
    """Under which identities the contact of a conversation wrote what nobody has processed."""
    rows = fetch_rows(UNPROCESSED_SENDERS_SQL, (conversation_id,))
    return [InboxSender(row.phone_number_id, bytes(row.sender_hash)) for row in rows]


def mark_processed(batch: StatementBatch, ids: Sequence[int]) -> None:
    """Add to a batch that these messages are in the history: they are emptied, and stay."""
    batch.add(MARK_PROCESSED_SQL, ids)


def insert_tombstone(
    phone_number_id: str,
    wamid_hash: bytes,
    sender_hash: bytes,
    *,
    sent_at: datetime,
    processed_at: datetime,
) -> None:
    """Let a message be taken for one that was here already, unless it was."""
    tombstone = insert(InboxMessage).values(
        phone_number_id=phone_number_id,
        wamid_hash=wamid_hash,
        sender_hash=sender_hash,
        kind=DELETED,
        sent_at=sent_at,
        processed_at=processed_at,
    )
    db.session.execute(tombstone.on_conflict_do_nothing())


def mark_dead_letter(ids: Sequence[int]) -> None:
    """Leave messages to people, with their payload."""
    fetch_rows(MARK_DEAD_LETTER_SQL, (ids,))


def record_failure(
    phone_number_id: str, sender_hash: bytes, max_attempts: int, *, transient: bool
) -> FailedRow | None:
    """Commit that the oldest message of a sender could not be processed; None when another process
    has done it meanwhile.

    It is tried again after a pause that doubles, up to a minute, and a dead letter with the last
    attempt, unless the fault may pass by itself.
    """
    values = {
        "number": phone_number_id,
        "sender": sender_hash,
        "most": max_attempts,
        "transient": transient,
    }
    with db.engine.begin() as connection:
        row = connection.execute(RECORD_FAILURE_SQL, values).first()
    return None if row is None else FailedRow(*row)


def list_dead_letters(since: datetime | None = None) -> list[DeadLetter]:
    """The dead letters (since then), in the order of their arrival."""
    dead_letters = select(
        InboxMessage.id,
        InboxMessage.phone_number_id,
        InboxMessage.processed_at,
        InboxMessage.attempts,
    ).where(IS_DEAD_LETTER)
    if since is not None:
        dead_letters = dead_letters.where(InboxMessage.processed_at >= since)
    rows = db.session.execute(dead_letters.order_by(InboxMessage.id)).tuples()
    return [
        DeadLetter(row_id, number, dead_lettered_at, attempts)
        for row_id, number, dead_lettered_at, attempts in rows
        if dead_lettered_at
    ]


def requeue_dead_letters(since: datetime | None = None) -> int:
    """Let messages that became dead letters (since then) be processed anew; how many they are."""
    dead_letters = update(InboxMessage).where(IS_DEAD_LETTER)
    if since is not None:
        dead_letters = dead_letters.where(InboxMessage.processed_at >= since)
    again = dead_letters.values(processed_at=None, attempts=0, retry_at=None).returning(
        InboxMessage.id
    )
    return len(db.session.execute(again.execution_options(synchronize_session=False)).all())


def list_events(
    fields: Collection[str], since: datetime | None = None, after_id: int = 0
) -> list[EventSummary]:
    """Events of these fields (since then) with ids above `after_id`, in the order of their
    arrival.
    """
    size = func.octet_length(WebhookEvent.payload)
    found = select(WebhookEvent.id, WebhookEvent.field, WebhookEvent.received_at, size).where(
        WebhookEvent.field.in_(fields), WebhookEvent.id > after_id
    )
    if since is not None:
        found = found.where(WebhookEvent.received_at >= since)
    return [EventSummary(*row) for row in db.session.execute(found.order_by(WebhookEvent.id))]


def lock_event(event_id: int) -> WebhookEvent | None:
    """An event, locked until the transaction ends."""
    return db.session.get(WebhookEvent, event_id, with_for_update=True)


def delete_event(event: WebhookEvent) -> None:
    """Let an event be gone with the caller's commit."""
    db.session.delete(event)
