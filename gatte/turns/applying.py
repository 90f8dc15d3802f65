"""The end of a turn: everything that it decided becomes visible at once, or not at all."""

from typing import Any

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from gatte.conversation.compose import merge
from gatte.conversation.replies import to_json
from gatte.conversation.snapshot import Decision
from gatte.desk import decisions
from gatte.extensions import db
from gatte.models import ContactIdentity, Conversation, InboxMessage, Message, ModelCall, Turn, TurnOutcome
from gatte.models.columns import new_id
from gatte.observability import metrics
from gatte.turns import leases
from gatte.turns.reading import Reading, list_unread, unread_of
from gatte.turns.thinking import Thought

log = structlog.get_logger(__name__)


def superseded(reading: Reading) -> bool:
    """Whether the customer wrote more since the messages of this turn were read."""
    known = {unread.id for unread in reading.unread}
    if any(row.id not in known for row in list_unread(reading.lease.conversation_id)):
        return True
    return bool(db.session.scalar(select(_unfiled(reading).exists())))


def _unfiled(reading: Reading) -> Any:  # noqa: ANN401 - an SQL expression
    identity, conversation = aliased(ContactIdentity), aliased(Conversation)
    return (
        select(InboxMessage.id)
        .join(identity, identity.hash == InboxMessage.sender_hash)
        .join(conversation, conversation.contact_id == identity.contact_id)
        .where(
            conversation.id == reading.lease.conversation_id,
            InboxMessage.phone_number_id == reading.phone_number_id,
            InboxMessage.filed_at.is_(None),
        )
    )


def apply(reading: Reading, thought: Thought) -> Turn:
    """Store what the turn decided and give the lease back; LeaseLost when it is no longer ours."""
    conversation = leases.lock(reading.lease)
    turn = _turn(conversation, reading, thought, TurnOutcome.ANSWERED if thought.decision.replies else TurnOutcome.SILENT)
    db.session.flush()
    _mark_read(conversation, reading, thought, turn)
    decision = Decision(
        thought.decision.snapshot,
        thought.decision.steps,
        merge(thought.decision.replies),
        thought.decision.effects,
        thought.decision.question,
    )
    decisions.carry_out(conversation, decision, turn_id=turn.id, duration_ms=sum(thought.times.values()))
    _finish(conversation)
    return turn


def _turn(conversation: Conversation, reading: Reading, thought: Thought, outcome: TurnOutcome) -> Turn:
    turn = Turn(
        id=new_id(),
        data_key_id=conversation.data_key_id,
        conversation_id=conversation.id,
        outcome=outcome,
        attempt=conversation.turn_attempts + 1,
        lease_token=reading.lease.token,
        request_id=reading.request_id,
        times=thought.times,
        trace=_trace(reading, thought),
    )
    db.session.add(turn)
    for call in thought.calls:
        db.session.add(
            ModelCall(
                conversation_id=conversation.id,
                turn_id=turn.id,
                purpose=call.purpose,
                model=call.model,
                prompt_version=call.prompt_version,
                tokens_in=call.tokens_in,
                tokens_out=call.tokens_out,
                latency_ms=call.latency_ms,
                outcome=call.outcome,
            )
        )
    return turn


def _trace(reading: Reading, thought: Thought) -> dict[str, Any]:
    return {
        "messages": [str(unread.id) for unread in reading.unread],
        "state": reading.snapshot.state.value,
        "replies": [to_json(reply) for reply in thought.decision.replies],
        "steps": [[step.source, step.event, step.target, step.cause] for step in thought.decision.steps],
        **thought.trace,
    }


def _mark_read(conversation: Conversation, reading: Reading, thought: Thought, turn: Turn) -> None:
    understood = {heard.message_id: heard.understanding for heard in thought.heard}
    for unread in reading.unread:
        meaning = understood.get(str(unread.id))
        values: dict[str, Any] = {"turn_id": turn.id}
        if meaning is not None:
            values |= {
                "intent": meaning.intent,
                "confidence": meaning.confidence,
                "decider": meaning.decider,
                "model": meaning.model,
                "prompt_version": meaning.prompt_version,
            }
            conversation.last_intent = meaning.intent
            metrics.INTENTS.labels(intent=meaning.intent.value, decider=meaning.decider.value).inc()
            log.info("intent_detected", intent=meaning.intent.value, confidence=round(meaning.confidence, 3), decider=meaning.decider.value)
        db.session.execute(update(Message).where(Message.id == unread.id).values(**values))


def _finish(conversation: Conversation) -> None:
    """Give the lease back; should more have come in the meantime, the next turn is due at once."""
    leases.release(conversation)
    conversation.turn_attempts = 0
    db.session.flush()
    more = db.session.scalar(select(unread_of(conversation.id).exists()))
    conversation.turn_due_at = func.clock_timestamp() if more else None
