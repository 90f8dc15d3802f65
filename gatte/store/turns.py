"""The tables `turn` and `llm_call`: what a turn came to, and what its calls to models cost."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, insert, select

from gatte.extensions import db
from gatte.infra.database.statement_batch import StatementBatch
from gatte.models import Conversation, LlmCall, Message, Turn, TurnOutcome
from gatte.models.message import TURN_AUTHORS

FAILED_OUTCOMES = (TurnOutcome.FAILED, TurnOutcome.DEAD_LETTER)
# A dead letter `t` in an open conversation in which no turn has followed.
UNANSWERED_DEAD_LETTER = f"""
    t.outcome = '{TurnOutcome.DEAD_LETTER}'
    AND EXISTS (SELECT FROM conversation c WHERE c.id = t.conversation_id AND c.closed_at IS NULL)
    AND NOT EXISTS (
        SELECT
        FROM turn l
        WHERE l.conversation_id = t.conversation_id AND l.created_at > t.created_at)
"""  # noqa: S608 - our own words only


def insert_turn(
    batch: StatementBatch,
    conversation: Conversation,
    turn_id: UUID,
    trace: dict[str, Any],
    **columns: Any,  # noqa: ANN401 - columns by name
) -> None:
    """Add a turn of a conversation to a batch."""
    batch.insert(
        "turn",
        {
            "id": turn_id,
            "data_key_id": conversation.data_key_id,
            "conversation_id": conversation.id,
            "lease_token": conversation.lease_token,
            "trace_sealed": Turn.trace.encrypt(turn_id, conversation.data_key_id, trace),
            **columns,
        },
    )


def insert_llm_calls(batch: StatementBatch, calls: Sequence[Mapping[str, Any]]) -> None:
    """Add calls to models, by column, to a batch."""
    batch.insert("llm_call", *calls)


def store_llm_calls(calls: Sequence[dict[str, Any]], conversation_id: UUID | None) -> None:
    """Store calls to models, by column; of no conversation when theirs was erased meanwhile, or
    there was none.
    """
    locked = select(Conversation.id).filter_by(id=conversation_id).with_for_update(key_share=True)
    found = db.session.scalar(locked)
    db.session.execute(insert(LlmCall), [{**call, "conversation_id": found} for call in calls])


def list_of_conversation(conversation_id: UUID) -> list[Turn]:
    """All turns of a conversation, the first one first."""
    in_order = select(Turn).filter_by(conversation_id=conversation_id).order_by(Turn.id)
    return list(db.session.scalars(in_order))


def find_turn(turn_id: UUID) -> Turn | None:
    """The turn of this id, as the session knows it."""
    return db.session.get(Turn, turn_id)


def list_llm_calls(conversation_id: UUID, turn_id: UUID) -> list[LlmCall]:
    """The calls to models that a turn made, in their order."""
    mine = select(LlmCall).filter_by(conversation_id=conversation_id, turn_id=turn_id)
    return list(db.session.scalars(mine.order_by(LlmCall.id)))


def list_failed_conversations(
    conversation_id: UUID | None = None, since: datetime | None = None
) -> list[UUID]:
    """The conversations with messages that only a failed or dead-lettered turn has read."""
    found = _failed(conversation_id, since, Message.conversation_id).distinct()
    return list(db.session.scalars(found.order_by(Message.conversation_id)))


def list_failed_messages(conversation_id: UUID, since: datetime | None = None) -> list[UUID]:
    """The messages of a conversation that only a failed or dead-lettered turn has read (since
    then).
    """
    found = _failed(conversation_id, since, Message.id)
    return list(db.session.scalars(found.order_by(Message.sequence)))


def _failed(conversation_id: UUID | None, since: datetime | None, column: Any) -> Select[Any]:  # noqa: ANN401 - a column
    same = and_(Message.conversation_id == Turn.conversation_id, Message.turn_id == Turn.id)
    found = select(column).select_from(Turn).join(Message, same)
    found = found.where(
        Turn.outcome.in_(FAILED_OUTCOMES),
        Message.author.in_(TURN_AUTHORS),
        Message.erased_at.is_(None),
    )
    if conversation_id is not None:
        found = found.where(Turn.conversation_id == conversation_id)
    return found if since is None else found.where(Turn.created_at >= since)


def redact_trace(turn_id: UUID, personal_keys: Collection[str]) -> None:
    """Drop these keys from the trace of a turn, which says from now on that it was redacted;
    nothing when there is no such turn, or it has no trace.
    """
    turn = db.session.get(Turn, turn_id)
    if turn is None or turn.trace is None:
        return
    impersonal = {name: value for name, value in turn.trace.items() if name not in personal_keys}
    turn.trace = {**impersonal, "redacted": True}
