"""The table `message`: the history of conversations.

A message of a customer (or one of the phone) is unread until a turn has read it, unless it was set
aside: see `conversations.UNREAD`.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Select, func, select, text, true, update
from sqlalchemy.orm import aliased, joinedload

from gatte.conversation.nlu import IntentPrediction, MessageKind
from gatte.extensions import db
from gatte.infra.database.statement_batch import (
    DB_NOW_SQL,
    Row,
    SqlExpression,
    StatementBatch,
    commit_and_fetch,
    fetch_rows,
)
from gatte.models import Author, Conversation, Direction, Message, SkipReason
from gatte.models.message import TURN_AUTHORS
from gatte.store import media_files
from gatte.store.conversations import UNREAD
from gatte.store.knowledge import VERSION_COLUMNS

DOUBTFUL_KEY = "doubtful_words"
"""In the payload of a voice message: the words that were not heard for sure."""
TRANSCRIBED_KEY = "transcribed"
"""In it, once a person has corrected the transcript: what the model had heard."""
TURN_MESSAGES_SQL = f"""
    (
        SELECT TRUE AS unread, id, sequence, kind, author, data_key_id,
            body_sealed, raw_payload_sealed, wamid_sealed, {VERSION_COLUMNS}
        FROM message
        WHERE conversation_id = %(id)s AND {UNREAD}
        ORDER BY sent_at, sequence
    )
    UNION ALL
    (
        SELECT FALSE, id, sequence, kind, author, data_key_id,
            body_sealed, NULL, NULL, NULL, NULL, NULL
        FROM message
        WHERE conversation_id = %(id)s AND turn_id IS NOT NULL
        ORDER BY sequence DESC
        LIMIT %(history)s
    )
"""  # noqa: S608 - our own words only
MARK_READ_SQL = "UPDATE message SET turn_id = %s WHERE id = %s"
MARK_UNDERSTOOD_SQL = """
    UPDATE message SET
        turn_id = %s, intent = %s, confidence = %s, intent_source = %s, model = %s,
        prompt_version = %s
    WHERE id = %s
"""
ANSWERED_REPEATS_SQL = """
    SELECT m.id, m.data_key_id, m.body_sealed, m.turn_id
    FROM message m
    WHERE m.conversation_id = %(conversation)s
        AND m.author = 'customer'
        AND m.received_at > %(since)s
        AND EXISTS (
            SELECT FROM message a
            JOIN outbox o ON o.id = a.id
            WHERE a.conversation_id = m.conversation_id
                AND a.turn_id = m.turn_id
                AND o.accepted_at <= %(until)s)
    ORDER BY m.sequence DESC
    LIMIT 200
"""


@dataclass(frozen=True)
class NewMessage:
    """A message to be added to the history; `is_erased` when what it said is forgotten already."""

    id: UUID
    data_key_id: UUID | None
    contact_id: UUID
    conversation_id: UUID
    author: Author
    kind: str
    body: str | None
    raw_payload: dict[str, Any] | None = None
    wamid: str | None = None
    wamid_hash: bytes | None = None
    user_id: int | None = None
    turn_id: UUID | None = None
    sent_at: datetime | SqlExpression = DB_NOW_SQL
    received_at: datetime | SqlExpression = DB_NOW_SQL
    skip_reason: SkipReason | None = None
    is_erased: bool = False


class HistoryRow(NamedTuple):
    """A message of the history, decrypted; `raw_payload` is what Meta sent, empty where it was not
    asked for.
    """

    id: UUID
    sequence: int
    kind: str
    author: str
    text: str
    raw_payload: dict[str, Any]
    wamid: str | None


@dataclass(frozen=True)
class TurnMessages:
    """What a turn reads: the unread messages in Meta's order, then that of arrival, and the last of
    those before them, the oldest first.

    The number of the knowledge base, the day and the model of its vectors belong to the same
    moment; None when nothing is unread.
    """

    unread: list[HistoryRow]
    history: list[HistoryRow]
    knowledge_number: int | None
    today: date | None
    vector_model: str | None


class AnsweredMessage(NamedTuple):
    """What a customer said and a turn answered."""

    turn_id: UUID
    text: str


def insert(batch: StatementBatch, message: NewMessage) -> None:
    """Add a message to the history with the statements of a batch."""
    is_from_customer = message.author is Author.CUSTOMER
    key = message.data_key_id
    batch.insert(
        "message",
        {
            "id": message.id,
            "data_key_id": key,
            "contact_id": message.contact_id,
            "conversation_id": message.conversation_id,
            "direction": Direction.IN if is_from_customer else Direction.OUT,
            "author": message.author,
            "user_id": message.user_id,
            "kind": message.kind,
            "body_sealed": Message.body.encrypt(message.id, key, message.body),
            "raw_payload_sealed": Message.raw_payload.encrypt(message.id, key, message.raw_payload),
            "wamid_sealed": Message.wamid.encrypt(message.id, key, message.wamid),
            "wamid_hash": message.wamid_hash,
            "turn_id": message.turn_id,
            "sent_at": message.sent_at,
            "received_at": message.received_at,
            "skip_reason": message.skip_reason,
            "erased_at": DB_NOW_SQL if message.is_erased else None,
        },
    )


def find_message(message_id: UUID) -> Message | None:
    """The message of this id, as the session knows it."""
    return db.session.get(Message, message_id)


def find_id_by_wamid(wamid_hash: bytes) -> UUID | None:
    """Our id of the message with this hash of Meta's id."""
    return db.session.scalar(select(Message.id).where(Message.wamid_hash == wamid_hash))


def commit_and_list_for_turn(conversation_id: UUID, history_length: int) -> TurnMessages:
    """Commit, and in the same round trip read what a turn of this conversation works on; nothing
    stays open.
    """
    rows = commit_and_fetch(TURN_MESSAGES_SQL, {"id": conversation_id, "history": history_length})
    unread = [row for row in rows if row.unread]
    history = sorted((row for row in rows if not row.unread), key=lambda row: row.sequence)
    return TurnMessages(
        unread=[_decrypted(row) for row in unread],
        history=[_decrypted(row) for row in history],
        knowledge_number=unread[0].edition if unread else None,
        today=unread[0].today if unread else None,
        vector_model=unread[0].vector_model if unread else None,
    )


def _decrypted(row: Row) -> HistoryRow:
    key = row.data_key_id
    return HistoryRow(
        id=row.id,
        sequence=row.sequence,
        kind=row.kind,
        author=row.author,
        text=Message.body.decrypt(row.id, key, row.body_sealed) or "",
        raw_payload=Message.raw_payload.decrypt(row.id, key, row.raw_payload_sealed) or {},
        wamid=Message.wamid.decrypt(row.id, key, row.wamid_sealed),
    )


def list_unread(conversation_id: UUID) -> list[Message]:
    """The messages that no turn has read, in Meta's order, then that of arrival."""
    in_order = _unread(conversation_id).order_by(Message.sent_at, Message.sequence)
    return list(db.session.scalars(in_order))


def has_unread(conversation_id: UUID) -> bool:
    """Whether a turn has something to read."""
    return bool(db.session.scalar(select(_unread(conversation_id).exists())))


def _unread(conversation_id: UUID) -> Select[Message]:
    return select(Message).where(Message.conversation_id == conversation_id, text(UNREAD))


def mark_read(
    batch: StatementBatch, message_id: UUID, turn_id: UUID, understood: IntentPrediction | None
) -> None:
    """Add to a batch that a turn has read a message, and what it understood, if anything."""
    if understood is None:
        batch.add(MARK_READ_SQL, turn_id, message_id)
        return
    batch.add(
        MARK_UNDERSTOOD_SQL,
        turn_id,
        understood.intent.value,
        understood.confidence,
        understood.source.value,
        understood.model,
        understood.prompt_version,
        message_id,
    )


def mark_unread(message_ids: Collection[UUID]) -> None:
    """Let a turn read these messages anew."""
    db.session.execute(update(Message).where(Message.id.in_(message_ids)).values(turn_id=None))


def list_answered(
    conversation_id: UUID, since: datetime, accepted_until: datetime
) -> Iterator[AnsweredMessage]:
    """What the customer said since then, the latest first, as far as Meta took an answer to it by
    `accepted_until`.
    """
    rows = fetch_rows(
        ANSWERED_REPEATS_SQL,
        {"conversation": conversation_id, "since": since, "until": accepted_until},
    )
    for row in rows:
        words = Message.body.decrypt(row.id, row.data_key_id, row.body_sealed)
        yield AnsweredMessage(row.turn_id, words or "")


def save_transcript(message_id: UUID, words: str, doubtful: Sequence[str] = ()) -> None:
    """Store the words of a voice message as its own, with those that are doubtful, unless it was
    erased.
    """
    message = find_message(message_id)
    if message is None or message.erased_at is not None:
        return
    message.body = words
    if doubtful:
        message.raw_payload = {**(message.raw_payload or {}), DOUBTFUL_KEY: list(doubtful)}


def correct_transcript(message: Message, words: str) -> None:
    """Let a person's words stand for a voice message; those of the model are kept beside them,
    sealed, and nothing is doubtful any more.
    """
    facts = dict(message.raw_payload or {})
    facts.pop(DOUBTFUL_KEY, None)
    facts.setdefault(TRANSCRIBED_KEY, message.body or "")
    message.raw_payload = facts
    message.body = words


def find_bubble_before_turn(conversation_id: UUID, turn_id: UUID) -> str:
    """What the company had said last before a turn; "" for nothing, or when it was erased."""
    said = _before_turn(conversation_id, turn_id).where(Message.author != Author.CUSTOMER)
    last = db.session.scalar(said.limit(1))
    return (last.body or "") if last is not None else ""


def list_before_turn(conversation_id: UUID, turn_id: UUID, limit: int) -> list[Message]:
    """The last messages before those that a turn read, the oldest first."""
    found = db.session.scalars(_before_turn(conversation_id, turn_id).limit(limit))
    return list(reversed(found.all()))


def _before_turn(conversation_id: UUID, turn_id: UUID) -> Select[Message]:
    """What earlier turns read or said, the latest first."""
    here = Message.conversation_id == conversation_id
    read = select(func.min(Message.sequence)).where(
        here, Message.turn_id == turn_id, Message.author.in_(TURN_AUTHORS)
    )
    before = Message.turn_id.is_not(None), Message.sequence < read.scalar_subquery()
    return select(Message).where(here, *before).order_by(Message.sequence.desc())


def list_edits(message: Message) -> list[Message]:
    """The later versions of a message, in their order."""
    edits = db.session.scalars(
        select(Message)
        .filter_by(contact_id=message.contact_id, kind=MessageKind.EDIT.value)
        .order_by(Message.sequence)
    )
    return [edit for edit in edits if (edit.raw_payload or {}).get("target") == str(message.id)]


def erase(message: Message) -> None:
    """Forget what a message said, and the file that it brought; that there was one stays known."""
    media_files.delete_of_message(message.id)
    message.body = None
    message.raw_payload = None
    message.erased_at = func.now()


def get_message(message_id: UUID) -> Message:
    """The message of this id, as the session knows it; NoResultFound when there is none."""
    return db.session.get_one(Message, message_id)


def find_of_contact(message_id: UUID, contact_id: UUID) -> Message | None:
    """The message with this id, if it is one of this contact."""
    return db.session.scalar(select(Message).filter_by(id=message_id, contact_id=contact_id))


def list_latest(conversation_id: UUID, before: int | None, limit: int) -> list[Message]:
    """The latest messages of a conversation in their order, with their senders and replies'
    outbox rows; those before a position when one is given.
    """
    query = _with_outbox().where(Message.conversation_id == conversation_id)
    if before is not None:
        query = query.where(Message.sequence < before)
    return _latest_in_order(query, limit)


def list_latest_of_contact(contact_id: UUID, limit: int) -> list[Message]:
    """The latest messages of a contact in their order, with their senders and replies' outbox
    rows.
    """
    return _latest_in_order(_with_outbox().where(Message.contact_id == contact_id), limit)


def _with_outbox() -> Select[Message]:
    return select(Message).options(joinedload(Message.outbox), joinedload(Message.user))


def _latest_in_order(query: Select[Message], limit: int) -> list[Message]:
    latest = query.order_by(Message.sequence.desc()).limit(limit)
    return list(reversed(db.session.scalars(latest).all()))


def find_last_of_each(conversation_ids: Sequence[UUID]) -> dict[UUID, Message]:
    """The last message of each conversation, by one short index look-up a conversation."""
    newest = (
        select(Message)
        .where(Message.conversation_id == Conversation.id)
        .order_by(Message.sequence.desc())
        .limit(1)
    )
    last = aliased(Message, newest.correlate(Conversation).lateral("newest"))
    query = (
        select(last)
        .select_from(Conversation)
        .join(last, true())
        .where(Conversation.id.in_(conversation_ids))
    )
    return {message.conversation_id: message for message in db.session.scalars(query)}
