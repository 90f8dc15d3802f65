"""The end of a turn: everything that it decided becomes visible at once, or not at all."""

from typing import Any

import structlog
from flask import current_app
from sqlalchemy import func, select, update
from sqlalchemy.orm import aliased

from gatte.desk import decisions
from gatte.extensions import db
from gatte.models import ContactIdentity, Conversation, InboxMessage, Message, ModelCall, Turn, TurnOutcome
from gatte.observability import cost, metrics
from gatte.settings import Settings
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
    outcome = TurnOutcome.ANSWERED if thought.course.decision.replies else TurnOutcome.SILENT
    kept = {"times": thought.times, "trace": _trace(reading, thought), "attempt": conversation.turn_attempts}
    turn = decisions.begin_turn(conversation, outcome=outcome, **kept)
    _keep_calls(turn, thought)
    _mark_read(conversation, reading, thought, turn)
    decisions.carry_out(conversation, thought.course, turn)
    _finish(conversation)
    return turn


def _keep_calls(turn: Turn, thought: Thought) -> None:
    """Store and count what models were asked, with what it cost."""
    settings: Settings = current_app.extensions["gatte_settings"]
    table = cost.prices(settings.gatte_model_prices)
    for call in thought.calls:
        spent = cost.cost_brl(call.model, call.tokens_in, call.tokens_out, table, settings.gatte_brl_per_usd)
        db.session.add(
            ModelCall(
                conversation_id=turn.conversation_id,
                turn_id=turn.id,
                purpose=call.purpose,
                model=call.model,
                prompt_version=call.prompt_version,
                tokens_in=call.tokens_in,
                tokens_out=call.tokens_out,
                cost_brl=spent,
                latency_ms=call.latency_ms,
                outcome=call.outcome,
            )
        )
        metrics.LLM_TOKENS.labels(model=call.model, direction="input").inc(call.tokens_in)
        metrics.LLM_TOKENS.labels(model=call.model, direction="output").inc(call.tokens_out)
        metrics.LLM_COST_BRL.labels(model=call.model).inc(float(spent))
        names = {"purpose": call.purpose.value, "model": call.model, "outcome": call.outcome.value}
        log.info("model_called", **names, tokens_in=call.tokens_in, tokens_out=call.tokens_out, cost_brl=float(round(spent, 6)))


def _trace(reading: Reading, thought: Thought) -> dict[str, Any]:
    return {"messages": [str(unread.id) for unread in reading.unread], **thought.trace}


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
