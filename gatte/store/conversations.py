"""The tables `conversation` and `transition`; the lease of a conversation is in `leases`.

A fragment of SQL names its columns without their table, so that it fits any alias.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    and_,
    func,
    or_,
    select,
    text,
    tuple_,
    union,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, joinedload

from gatte.conversation.escalation_rules import PRIORITY
from gatte.conversation.snapshot import Owner
from gatte.conversation.states import State
from gatte.extensions import db
from gatte.infra.database.clock import DB_NOW
from gatte.infra.database.statement_batch import Row, StatementBatch, fetch_rows
from gatte.models import (
    Contact,
    ContactIdentity,
    Conversation,
    IdentityKind,
    Ticket,
    Transition,
)
from gatte.models.columns import new_uuid7
from gatte.models.message import TURN_AUTHORS
from gatte.store.facts import VERSION_COLUMN
from gatte.store.memories import MEMORIES_COLUMN

SERVICE_WINDOW = timedelta(hours=24)
"""How long after a customer's last message Meta delivers free text to them."""
SERVICE_WINDOW_OPEN = (
    "clock_timestamp() < last_inbound_at"
    f" + interval '{SERVICE_WINDOW // timedelta(seconds=1)} seconds'"
)
LIVE = "closed_at IS NULL"
# the words of an index each, and the state
WAITING = f"state = '{State.WAITING_HUMAN}' AND waiting_since IS NOT NULL AND {LIVE}"
WITH_HUMAN = f"state = '{State.WITH_HUMAN}' AND owner = '{Owner.HUMAN}' AND {LIVE}"
# A volatile function is no condition of an index: with clock_timestamp() each look of the
# dispatcher would read every open conversation.
INACTIVITY_DUE = "inactivity_due_at <= statement_timestamp()"
WOKEN = "wake_at <= statement_timestamp()"
REARM_SQL = f"""
    UPDATE conversation c SET wake_at = inactivity_due_at
    FROM (
        SELECT id FROM conversation
        WHERE {WOKEN} AND ({INACTIVITY_DUE}) IS NOT TRUE
        ORDER BY wake_at
        LIMIT %s
        FOR UPDATE SKIP LOCKED
    ) woken
    WHERE c.id = woken.id
"""  # noqa: S608 - our own words only
_TURN_AUTHORS = ", ".join(f"'{author}'" for author in TURN_AUTHORS)
UNREAD = f"skip_reason IS NULL AND author IN ({_TURN_AUTHORS}) AND turn_id IS NULL"
"""Of the table `message`: no turn has read it, and one shall."""
HAS_UNREAD = f"id IN (SELECT conversation_id FROM message WHERE {UNREAD})"  # noqa: S608 - our own words only
# A turn is due only where a message is unread, and those have an index: `turn_due_at`, which each
# turn changes three times, needs none.
TURN_DUE = (
    f"{HAS_UNREAD} AND turn_due_at <= clock_timestamp()"
    " AND (lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())"
)

MOST_BOOKED_TIMES = 500
"""So many booked times ahead are known to a turn; a later one is found full when it is booked."""
MOST_OWN_APPOINTMENTS = 5
NO_PRIORITY = 9  # behind every real priority
# The desk serves by priority, then by who has waited longest; who does not wait yet comes last of
# the same priority.
AHEAD_BY_PRIORITY = ", ".join(
    f"""count(*) FILTER (WHERE (coalesce(w.priority, {NO_PRIORITY}), w.waiting_since, w.id)
        < ({priority}, coalesce(conversation.waiting_since, 'infinity'), conversation.id))"""
    for priority in range(max(PRIORITY.values()) + 1)
)
SNAPSHOT_COLUMNS = f"""
    EXISTS (
        SELECT FROM conversation o
        WHERE o.contact_id = conversation.contact_id AND o.id <> conversation.id
    ) AS returning,
    EXISTS (SELECT FROM certificate WHERE contact_id = conversation.contact_id) AS has_certificates,
    EXISTS (SELECT FROM ticket WHERE contact_id = conversation.contact_id) AS has_tickets,
    (
        SELECT ARRAY[{AHEAD_BY_PRIORITY}]
        FROM conversation w
        WHERE {WAITING} AND w.id <> conversation.id
    ) AS ahead,
    ARRAY(
        SELECT a.starts_at
        FROM appointment a
        WHERE a.phone_number_id = conversation.phone_number_id
            AND a.state = 'booked'
            AND a.starts_at > %s
        ORDER BY a.starts_at
        LIMIT {MOST_BOOKED_TIMES}
    ) AS booked_times,
    (
        SELECT json_agg(
            json_build_object(
                'id', mine.id, 'number', mine.number, 'starts_at', mine.starts_at,
                'kind', mine.kind)
            ORDER BY mine.starts_at, mine.id)
        FROM (
            SELECT a.id, a.number, a.starts_at, a.kind
            FROM appointment a
            WHERE a.contact_id = conversation.contact_id
                AND a.phone_number_id = conversation.phone_number_id
                AND a.state = 'booked'
                AND a.starts_at > %s
            ORDER BY a.starts_at, a.id
            LIMIT {MOST_OWN_APPOINTMENTS}
        ) mine
    ) AS appointments,
    {MEMORIES_COLUMN},
    {VERSION_COLUMN}
"""  # noqa: S608 - our own words only
"""Columns that a snapshot is made of, beside the conversation's own; the time now stands in it
twice.
"""
SNAPSHOT_COLUMNS_SQL = f"SELECT {SNAPSHOT_COLUMNS} FROM conversation WHERE id = %s"  # noqa: S608 - our own words only
# A time ahead of ours must not hold the 24 h window open; of an echo there is none.
LAST_INBOUND = """greatest(last_inbound_at, (
            SELECT least(sent_at, clock_timestamp())
            FROM (VALUES (%s::timestamptz)) AS v (sent_at)
            WHERE sent_at IS NOT NULL))"""
RECORD_ARRIVAL_SQL = f"""
    UPDATE conversation SET
        last_activity_at = clock_timestamp(),
        last_inbound_at = {LAST_INBOUND},
        turn_due_at = CASE
            WHEN %s THEN coalesce(turn_due_at, clock_timestamp())
            ELSE turn_due_at END
    WHERE id = %s
"""  # noqa: S608 - our own words only


LIVE_COUNTS_SQL = text(f"""
    SELECT
        (SELECT count(*) FROM conversation WHERE {LIVE}) AS total,
        (SELECT count(*) FROM conversation WHERE {WAITING}) AS waiting,
        (SELECT count(*) FROM conversation WHERE {WITH_HUMAN}) AS with_human
""")  # noqa: S608 - our own words only


class NoSuchConversation(Exception):
    """There is no conversation with this id."""


@dataclass(frozen=True)
class Arrival:
    """Messages that came into a conversation: when the customer sent the last of them, None when a
    person of the company wrote all; and whether a turn shall read any.
    """

    last_sent_at: datetime | None
    makes_turn_due: bool


@dataclass(frozen=True)
class LiveCounts:
    """How many conversations are not closed, and of them wait for the desk or are with a person."""

    total: int
    waiting: int
    with_human: int


class ConversationGroup(StrEnum):
    """Which conversations a list shows; those in which a customer waits for the desk have a list of
    their own.
    """

    NOT_WAITING = "not_waiting"
    WITH_HUMAN = "with_human"
    WITH_BOT = "with_bot"
    CLOSED = "closed"


def find_conversation(conversation_id: UUID) -> Conversation | None:
    """The conversation of this id, as the session knows it."""
    return db.session.get(Conversation, conversation_id)


def get_conversation(conversation_id: UUID) -> Conversation:
    """The conversation of this id, as the session knows it; NoResultFound when there is none."""
    return db.session.get_one(Conversation, conversation_id)


def find_with_people(conversation_id: UUID) -> Conversation | None:
    """The conversation as it is now, with its contact and its agent."""
    found = _with_people().where(Conversation.id == conversation_id)
    return db.session.scalar(found.execution_options(populate_existing=True))


def find_open(contact_id: UUID, phone_number_id: str) -> Row | None:
    """Id, owner and correlation id of the open conversation of a contact over a number."""
    opened = select(Conversation.id, Conversation.owner, Conversation.correlation_id)
    return db.session.execute(
        opened.filter_by(contact_id=contact_id, phone_number_id=phone_number_id, closed_at=None)
    ).first()


def find_latest(contact_id: UUID, phone_number_id: str) -> Conversation | None:
    """The conversation of a contact over a number that was opened last, closed or not."""
    return db.session.scalar(
        select(Conversation)
        .filter_by(contact_id=contact_id, phone_number_id=phone_number_id)
        .order_by(Conversation.opened_at.desc(), Conversation.id.desc())
        .limit(1)
    )


def get_locked(conversation_id: UUID) -> Conversation:
    """The conversation as it is now, locked until the transaction ends; NoSuchConversation when
    there is none.
    """
    conversation = _locked(select(Conversation).filter_by(id=conversation_id))
    if conversation is None:
        raise NoSuchConversation(str(conversation_id))
    return conversation


def find_locked_for_delivery(conversation_id: UUID) -> Conversation | None:
    """The conversation as it is now, locked against other senders and against a change of owner;
    messages may be added to it meanwhile.
    """
    found = select(Conversation).filter_by(id=conversation_id)
    locked = found.with_for_update(of=Conversation, key_share=True)
    return db.session.scalar(locked.execution_options(populate_existing=True))


def get_fresh(conversation_id: UUID) -> Conversation:
    """The conversation as it is now; NoResultFound when there is none."""
    return db.session.get_one(Conversation, conversation_id, populate_existing=True)


def find_locked_if_inactivity_due(conversation_id: UUID) -> Conversation | None:
    """The conversation as it is now, locked until the transaction ends; None unless its inactivity
    timer is due.
    """
    found = select(Conversation).where(Conversation.id == conversation_id, text(INACTIVITY_DUE))
    return _locked(found)


def _locked(found: Select[Conversation]) -> Conversation | None:
    locked = found.with_for_update(of=Conversation).execution_options(populate_existing=True)
    return db.session.scalar(locked)


def get_snapshot_columns(conversation_id: UUID) -> Row:
    """The `SNAPSHOT_COLUMNS` of a conversation, after what the session holds back is written."""
    db.session.flush()
    now = datetime.now(UTC)
    return fetch_rows(SNAPSHOT_COLUMNS_SQL, (now, now, conversation_id))[0]


def is_service_window_open(conversation: Conversation) -> bool:
    """Whether Meta would deliver free text to the customer now, by the database's clock."""
    last = conversation.last_inbound_at
    if last is None:
        return False
    return bool(db.session.scalar(select(func.clock_timestamp() < last + SERVICE_WINDOW)))


def insert_conversation(
    batch: StatementBatch,
    conversation_id: UUID,
    contact_id: UUID,
    data_key_id: UUID | None,
    *,
    phone_number_id: str,
    correlation_id: str,
) -> None:
    """Open a conversation, owned by the bot, with the statements of a batch."""
    batch.insert(
        "conversation",
        {
            "id": conversation_id,
            "data_key_id": data_key_id,
            "contact_id": contact_id,
            "phone_number_id": phone_number_id,
            "correlation_id": correlation_id,
            "state": State.START,
            "owner": Owner.BOT,
            "owner_version": 0,
            "fallback_count": 0,
            "invalid_slot_count": 0,
            "consecutive_errors": 0,
            "lease_token": 0,
            "turn_attempts": 0,
        },
    )


@dataclass(frozen=True)
class NoticeConversation:
    """A conversation as far as a notice needs it."""

    id: UUID
    contact_id: UUID
    data_key_id: UUID
    phone_number_id: str
    owner_version: int


def add_notice_conversation(
    batch: StatementBatch,
    contact_id: UUID,
    data_key_id: UUID,
    *,
    phone_number_id: str,
    correlation_id: str,
    at: datetime,
) -> NoticeConversation:
    """Add to a batch a conversation that holds notices to a contact with whom none is open: closed
    from its first moment on, by which it is told from others. An answer opens another.
    """
    fresh = NoticeConversation(new_uuid7(), contact_id, data_key_id, phone_number_id, 0)
    batch.insert(
        "conversation",
        {
            "id": fresh.id,
            "data_key_id": data_key_id,
            "contact_id": contact_id,
            "phone_number_id": phone_number_id,
            "correlation_id": correlation_id,
            "state": State.CLOSED,
            "owner": Owner.BOT,
            "owner_version": fresh.owner_version,
            "fallback_count": 0,
            "invalid_slot_count": 0,
            "consecutive_errors": 0,
            "lease_token": 0,
            "turn_attempts": 0,
            "opened_at": at,
            "closed_at": at,
            "wake_at": None,
        },
    )
    return fresh


def update_conversation(batch: StatementBatch, conversation: Conversation) -> None:
    """Add what was changed in a conversation to a batch; the session then need not write it."""
    batch.update(conversation)


def insert_transition(batch: StatementBatch, values: Mapping[str, Any]) -> None:
    """Add a transition, by column, to a batch."""
    batch.insert("transition", values)


def record_arrival(batch: StatementBatch, conversation_id: UUID, arrival: Arrival) -> None:
    """Add to a batch that messages came in."""
    batch.add(RECORD_ARRIVAL_SQL, arrival.last_sent_at, arrival.makes_turn_due, conversation_id)


def claim_limit_notice(conversation_id: UUID, window_seconds: int) -> bool:
    """Whether the customer was not told of the rate limit in this window; from now on it was."""
    over = Conversation.rate_limit_notified_at <= func.clock_timestamp() - _interval(window_seconds)
    telling = update(Conversation).where(
        Conversation.id == conversation_id, or_(Conversation.rate_limit_notified_at.is_(None), over)
    )
    told = telling.values(rate_limit_notified_at=func.clock_timestamp()).returning(Conversation.id)
    return db.session.scalar(told.execution_options(synchronize_session=False)) is not None


def make_turn_due(conversation: Conversation) -> None:
    """Let a turn of this conversation be due now, with all its attempts before it."""
    conversation.turn_due_at = DB_NOW
    conversation.turn_attempts = 0


def set_inactivity_timer(conversation: Conversation, seconds: float | None) -> None:
    """Let the inactivity timer be due in so many seconds; never with None."""
    conversation.inactivity_due_at = None if seconds is None else _in_seconds(seconds)


def rearm_timers(connection: Connection, limit: int) -> None:
    """Let conversations that woke before their inactivity timer is due wake when it is; so many at
    a time. The caller commits.
    """
    connection.exec_driver_sql(REARM_SQL, (limit,))


def start_waiting(conversation: Conversation) -> None:
    """Let the customer wait for the desk from now on, unless they wait already."""
    if conversation.waiting_since is None:
        conversation.waiting_since = DB_NOW


def sync_queue_columns(conversation: Conversation) -> None:
    """Keep what the desk sees in step with the state: who waits, who serves, what is over."""
    if conversation.state is State.WAITING_HUMAN:
        start_waiting(conversation)
    else:
        conversation.waiting_since = None
    if conversation.state is not State.WITH_HUMAN:
        conversation.assignee_id = None
    if conversation.state is State.CLOSED:
        conversation.closed_at = DB_NOW
    conversation.last_activity_at = DB_NOW


def list_latest_ids(since: datetime | None, limit: int) -> list[UUID]:
    """The conversations in which something happened last (since then, if given), the latest
    first.
    """
    found = select(Conversation.id)
    if since is not None:
        found = found.where(Conversation.last_activity_at >= since)
    latest = found.order_by(Conversation.last_activity_at.desc(), Conversation.id.desc())
    return list(db.session.scalars(latest.limit(limit)))


def list_transitions(conversation_id: UUID, limit: int) -> list[Transition]:
    """The transitions of a conversation, the latest first."""
    query = select(Transition).where(Transition.conversation_id == conversation_id)
    return list(db.session.scalars(query.order_by(Transition.id.desc()).limit(limit)))


def count_live() -> LiveCounts:
    """How many conversations are not closed."""
    row = db.session.execute(LIVE_COUNTS_SQL).one()
    return LiveCounts(row.total, row.waiting, row.with_human)


def list_waiting(after: tuple[int, datetime, UUID] | None, limit: int) -> Sequence[Conversation]:
    """Who waits for an agent, most urgent and longest first; those behind the priority, time and id
    of `after`.
    """
    priority = func.coalesce(Conversation.priority, NO_PRIORITY)
    key = (priority, Conversation.waiting_since, Conversation.id)
    query = _with_people().where(text(WAITING), Conversation.waiting_since.is_not(None))
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return db.session.scalars(query.order_by(*key).limit(limit)).all()


def list_group(
    group: ConversationGroup, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Conversation]:
    """Conversations of a group, the latest first by their last activity (those that are closed by
    the time when they were); those behind the time and id of `after`.
    """
    belongs = _belongs(group)
    if group is ConversationGroup.CLOSED:
        return _list_latest(belongs, Conversation.closed_at, after, limit)
    minute = Conversation.active_minute  # in an index; only within a minute there is to sort
    if after is not None:
        belongs = and_(belongs, minute <= after[0])
    return _list_latest(belongs, Conversation.last_activity_at, after, limit, minute.desc())


def list_of_contacts(
    identity_hashes: Sequence[bytes],
    ticket_number: int | None,
    after: tuple[datetime, UUID] | None,
    limit: int,
) -> Sequence[Conversation]:
    """Conversations of contacts whose phone or document has one of these hashes, and the one in
    which the ticket of this number was opened; the latest activity first.
    """
    contacts = select(ContactIdentity.contact_id).where(
        ContactIdentity.kind.in_([IdentityKind.PHONE, IdentityKind.DOCUMENT]),
        ContactIdentity.hash.in_(identity_hashes),
    )
    ids: list[Select[Any]] = [select(Conversation.id).where(Conversation.contact_id.in_(contacts))]
    if ticket_number is not None:
        opened_in = select(Ticket.conversation_id).where(Ticket.conversation_id.is_not(None))
        ids.append(opened_in.where(Ticket.number == ticket_number))
    found = Conversation.id.in_(union(*ids))
    return _list_latest(found, Conversation.last_activity_at, after, limit)


def list_page(
    *,
    contact_id: UUID | None,
    state: State | None,
    open_only: bool,
    updated_since: datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Conversation]:
    """Conversations of a contact, in a state, not closed, or in which something happened since a
    time, where asked, the newest first (ids made later sort later); those behind `after`.
    """
    query = select(Conversation)
    if contact_id is not None:
        query = query.where(Conversation.contact_id == contact_id)
    if state is not None:
        query = query.where(Conversation.state == state)
    if open_only:
        query = query.where(Conversation.closed_at.is_(None))
    if updated_since is not None:
        # Each half has an index; nothing happens in a closed conversation any more.
        active = Conversation.last_activity_at >= updated_since
        live = and_(Conversation.closed_at.is_(None), active)
        query = query.where(or_(live, Conversation.closed_at >= updated_since))
    if after is not None:
        query = query.where(Conversation.id < after)
    return db.session.scalars(query.order_by(Conversation.id.desc()).limit(limit)).all()


def list_by_name(
    name_words: list[bytes], after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Conversation]:
    """Conversations of contacts whose names have all of these hashed words; the latest activity
    first.
    """
    contacts = select(Contact.id).where(Contact.name_words.contains(name_words))
    return _list_latest(
        Conversation.contact_id.in_(contacts), Conversation.last_activity_at, after, limit
    )


def _list_latest(
    belongs: ColumnElement[bool],
    age: InstrumentedAttribute[Any],
    after: tuple[datetime, UUID] | None,
    limit: int,
    *sorted_by: ColumnElement[Any],
) -> Sequence[Conversation]:
    query = _with_people().where(belongs)
    if after is not None:
        query = query.where(tuple_(age, Conversation.id) < tuple_(*after))
    latest = query.order_by(*sorted_by, age.desc(), Conversation.id.desc())
    return db.session.scalars(latest.limit(limit)).all()


def _belongs(group: ConversationGroup) -> ColumnElement[bool]:
    live = Conversation.closed_at.is_(None)
    if group is ConversationGroup.CLOSED:
        return Conversation.closed_at.is_not(None)
    if group is ConversationGroup.WITH_HUMAN:
        return and_(live, Conversation.owner == Owner.HUMAN, Conversation.state == State.WITH_HUMAN)
    if group is ConversationGroup.WITH_BOT:
        return and_(live, Conversation.state.not_in([State.WAITING_HUMAN, State.WITH_HUMAN]))
    nobody_waits = or_(
        Conversation.state != State.WAITING_HUMAN, Conversation.waiting_since.is_(None)
    )
    return and_(live, nobody_waits)


def _with_people() -> Select[Conversation]:
    return select(Conversation).options(
        joinedload(Conversation.contact), joinedload(Conversation.assignee)
    )


@lru_cache(maxsize=64)
def _in_seconds(seconds: float) -> Any:  # noqa: ANN401 - an expression; a batch keeps its SQL by object
    return func.clock_timestamp() + _interval(seconds)


def _interval(seconds: float) -> Any:  # noqa: ANN401 - an expression
    return func.make_interval(0, 0, 0, 0, 0, 0, seconds)
