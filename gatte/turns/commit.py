"""The end of a turn: everything that it decided becomes visible at once, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import structlog

from gatte.decisions import apply
from gatte.decisions.apply import PendingTurn
from gatte.extensions import db
from gatte.intelligence.calls import CallRecord
from gatte.models import Conversation, TurnOutcome
from gatte.observability import metrics
from gatte.store import leases, messages, turns
from gatte.turns import llm_costs, open_questions
from gatte.turns.load import TurnInput
from gatte.turns.process import TurnResult

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class CommitState:
    """How a conversation stands when its turn has thought: `has_newer_messages` when the customer
    wrote more since.

    `send_inline`: nothing waits to be sent before this turn's first answer, and Meta would deliver
    it.
    """

    conversation: Conversation
    has_newer_messages: bool
    send_inline: bool


def lock_and_recheck(reading: TurnInput) -> CommitState:
    """Lock the conversation and see how it stands; LeaseLost when the lease is no longer ours."""
    known = [unread.id for unread in reading.unread]
    now = leases.relock_and_check(reading.lease, known)
    conversation = now.conversation
    contact = conversation.contact
    reachable = conversation.data_key_id is not None and bool(contact.phone or contact.bsuid)
    may_send = now.is_service_window_open and not now.has_unfinished_replies
    return CommitState(
        conversation,
        has_newer_messages=now.has_newer_messages,
        send_inline=may_send and reachable,
    )


def stage_turn(
    reading: TurnInput, thought: TurnResult, standing: CommitState, calls: Sequence[CallRecord] = ()
) -> PendingTurn:
    """Write what the turn decided into the batch of its record, and give the lease back; the caller
    executes the batch.

    `calls` are those that it made of models, also for answers that were computed again.
    """
    conversation = standing.conversation
    record = PendingTurn(
        outcome=TurnOutcome.ANSWERED if thought.history.decision.replies else TurnOutcome.NO_REPLY,
        attempt=conversation.turn_attempts,
        step_durations_ms=thought.step_durations_ms,
        trace=_trace(reading, thought),
        send_inline=standing.send_inline,
    )
    turns.insert_llm_calls(record.batch, llm_costs.rows_of(calls, conversation.id, record.id))
    _mark_read(conversation, reading, thought, record)
    open_questions.stage(conversation, reading, thought, record)
    leases.release_after_turn(conversation)
    apply.stage_decision(conversation, thought.history, record)
    db.session.expunge(conversation)  # all of it is in the batch: the session need not look for it
    return record


def _trace(reading: TurnInput, thought: TurnResult) -> dict[str, Any]:
    return {"messages": [str(unread.id) for unread in reading.unread], **thought.trace}


def _mark_read(
    conversation: Conversation, reading: TurnInput, thought: TurnResult, record: PendingTurn
) -> None:
    understood = {heard.message_id: heard.understanding for heard in thought.utterances}
    for unread in reading.unread:
        meaning = understood.get(str(unread.id))
        messages.mark_read(record.batch, unread.id, record.id, meaning)
        if meaning is None:
            continue
        conversation.last_intent = meaning.intent
        metrics.INTENTS.labels(intent=meaning.intent, source=meaning.source).inc()
        log.info(
            "intent_detected",
            intent=meaning.intent.value,
            confidence=round(meaning.confidence, 3),
            source=meaning.source.value,
        )
