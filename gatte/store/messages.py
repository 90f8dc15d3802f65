"""The table `message`: what no turn has read yet, and the history as people see it."""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import Select, select, text, true, update
from sqlalchemy.orm import aliased, joinedload

from gatte.conversation.nlu import IntentPrediction
from gatte.extensions import db
from gatte.infra.database.statement_batch import Row, StatementBatch, commit_and_fetch
from gatte.models import Conversation, Message
from gatte.store.conversations import UNREAD
from gatte.store.knowledge import VERSION_COLUMNS

TURN_MESSAGES_SQL = f"""
    (
        SELECT TRUE AS unread, id, position, kind, author, data_key_id,
            body_sealed, original_sealed, wamid_sealed, {VERSION_COLUMNS}
        FROM message
        WHERE conversation_id = %(id)s AND {UNREAD}
        ORDER BY sent_at, position
    )
    UNION ALL
    (
        SELECT FALSE, id, position, kind, author, data_key_id,
            body_sealed, NULL, NULL, NULL, NULL
        FROM message
        WHERE conversation_id = %(id)s AND turn_id IS NOT NULL
        ORDER BY position DESC
        LIMIT %(history)s
    )
"""  # noqa: S608 - our own words only
MARK_READ_SQL = "UPDATE message SET turn_id = %s WHERE id = %s"
MARK_UNDERSTOOD_SQL = """
    UPDATE message SET
        turn_id = %s, intent = %s, confidence = %s, decider = %s, model = %s, prompt_version = %s
    WHERE id = %s
"""


def commit_and_list_for_turn(conversation_id: UUID, history_length: int) -> Sequence[Row]:
    """Commit, and what a turn reads, in one round trip: the messages that no turn has read, in
    Meta's order, with the version of the knowledge base; then so many of the history, the latest
    first. `unread` tells them apart.
    """
    return commit_and_fetch(TURN_MESSAGES_SQL, {"id": conversation_id, "history": history_length})


def list_unread(conversation_id: UUID) -> list[Message]:
    """The messages that no turn has read, in Meta's order, then that of arrival."""
    in_order = _unread(conversation_id).order_by(Message.sent_at, Message.position)
    return list(db.session.scalars(in_order))


def has_unread(conversation_id: UUID) -> bool:
    """Whether there are messages that no turn has read."""
    return bool(db.session.scalar(select(_unread(conversation_id).exists())))


def _unread(conversation_id: UUID) -> Select[Message]:
    return select(Message).where(Message.conversation_id == conversation_id, text(UNREAD))


def mark_read(
    batch: StatementBatch, message_id: UUID, turn_id: UUID, understood: IntentPrediction | None
) -> None:
    """Add to a batch that a turn has read a message, and what was understood of it."""
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


def mark_unread(message_ids: Sequence[UUID]) -> None:
    """Let the next turn read these messages anew."""
    db.session.execute(update(Message).where(Message.id.in_(message_ids)).values(turn_id=None))


def find_message(message_id: UUID) -> Message | None:
    """The message with this id."""
    return db.session.get(Message, message_id)


def get_message(message_id: UUID) -> Message:
    """The message with this id; NoResultFound when there is none."""
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
        query = query.where(Message.position < before)
    return _latest_in_order(query, limit)


def list_latest_of_contact(contact_id: UUID, limit: int) -> list[Message]:
    """The latest messages of a contact in their order, with their senders and replies' outbox
    rows.
    """
    return _latest_in_order(_with_outbox().where(Message.contact_id == contact_id), limit)


def _with_outbox() -> Select[Message]:
    return select(Message).options(joinedload(Message.outbox), joinedload(Message.user))


def _latest_in_order(query: Select[Message], limit: int) -> list[Message]:
    latest = query.order_by(Message.position.desc()).limit(limit)
    return list(reversed(db.session.scalars(latest).all()))


def find_last_of_each(conversation_ids: Sequence[UUID]) -> dict[UUID, Message]:
    """The last message of each conversation, by one short index look-up a conversation."""
    newest = (
        select(Message)
        .where(Message.conversation_id == Conversation.id)
        .order_by(Message.position.desc())
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
