"""Carrying out what the orchestrator decided about a conversation, whoever asked: a turn, an agent
or the inactivity timer.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from gatte.conversation import decision_history
from gatte.conversation.decision_history import DecisionHistory
from gatte.conversation.effects import EraseData, EraseMessage
from gatte.conversation.replies import Reply, with_ticket_number
from gatte.conversation.snapshot import TransitionStep
from gatte.conversation.states import Event, State
from gatte.decisions import effects, inactivity_timer, snapshots
from gatte.delivery import claims
from gatte.delivery.claims import ClaimedReply
from gatte.models import Author, Conversation, TurnOutcome
from gatte.models.columns import new_uuid7
from gatte.observability import metrics, tracing
from gatte.observability.metric_labels import NO_LABEL
from gatte.store import StatementBatch, conversations, outbox, turns
from gatte.store.outbox import OutgoingReply

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class CountedEvent:
    """An event to be counted, with where the conversation was."""

    event: Event
    flow: str | None
    requested_slot: str | None


@dataclass
class PendingTurn:
    """A turn to be stored, with the statements that are written in the same batch.

    `claimed` is its first answer when this process sends it itself. Whoever commits the turn calls
    `count` afterwards.
    """

    outcome: TurnOutcome = TurnOutcome.ANSWERED
    attempt: int = 1
    error: str | None = None
    step_durations_ms: dict[str, float] = field(default_factory=dict)
    trace: dict[str, Any] = field(default_factory=dict)
    send_inline: bool = False
    claimed: ClaimedReply | None = None
    counted_events: list[CountedEvent] = field(default_factory=list)
    id: UUID = field(default_factory=new_uuid7)
    batch: StatementBatch = field(default_factory=StatementBatch)


def apply_decision(
    conversation: Conversation, history: DecisionHistory, record: PendingTurn | None = None
) -> PendingTurn:
    """Store the new state, its transitions, the effects and the answers of a decision; the caller
    has locked the conversation.

    What came of it is kept as a turn, with the whole history, so that it can be shown and replayed;
    a caller who has begun one gives it.
    """
    record = record or PendingTurn(attempt=conversation.turn_attempts + 1)
    stage_decision(conversation, history, record)
    record.batch.execute()
    return record


def stage_decision(
    conversation: Conversation, history: DecisionHistory, record: PendingTurn
) -> None:
    """Put the new state, its transitions, the effects and the answers of a decision into the batch
    of the record, which the caller executes.

    `send_inline` of the record says whether the first answer may be claimed at once.
    """
    decision = history.decision
    flow = conversation.flow
    requested_slot = conversation.requested_slot
    snapshots.save_snapshot(conversation, decision.snapshot)
    _record_steps(conversation, decision.steps, record)
    record.counted_events += [
        CountedEvent(step.event, flow, requested_slot) for step in decision.steps
    ]
    numbers = [effects.apply_effect(conversation, effect) for effect in decision.effects]
    ticket = next((number for number in numbers if number is not None), None)
    for reply in decision.replies:
        _answer(conversation, with_ticket_number(reply, ticket), record)
    record.trace |= _trace_of(history)
    conversations.sync_queue_columns(conversation)
    inactivity_timer.schedule(conversation, decision.snapshot)
    _add_turn(conversation, record)


def insert_turn(conversation: Conversation, record: PendingTurn) -> None:
    """Store a turn with the statements of its batch, and what was changed in its conversation."""
    _add_turn(conversation, record)
    record.batch.execute()


def _add_turn(conversation: Conversation, record: PendingTurn) -> None:
    turns.insert_turn(
        record.batch,
        conversation,
        record.id,
        record.trace,
        outcome=record.outcome,
        attempt=record.attempt,
        error=record.error,
        request_id=tracing.current_request_id(),
        step_durations_ms=record.step_durations_ms,
    )
    conversations.update_conversation(record.batch, conversation)


def _answer(conversation: Conversation, reply: Reply, record: PendingTurn) -> None:
    in_hand = record.send_inline and record.claimed is None
    answer = OutgoingReply(reply, Author.BOT, record.id)
    outbox.stage(record.batch, conversation, answer, is_claimed=in_hand)
    if in_hand:
        record.claimed = claims.claim_inline(conversation, answer.id, reply)


def _trace_of(history: DecisionHistory) -> dict[str, Any]:
    """What a trace keeps of a history: nothing of what was said when some is to be erased."""
    if any(isinstance(effect, EraseMessage | EraseData) for effect in history.decision.effects):
        return {"redacted": True}
    return {"history": decision_history.to_json(history)}


def _record_steps(
    conversation: Conversation, steps: Sequence[TransitionStep], record: PendingTurn
) -> None:
    """Keep and log each transition with how long the conversation had been in the state that it
    left: see `Transition`.
    """
    now = datetime.now(UTC)
    common = {
        "conversation_id": conversation.id,
        "turn_id": record.id,
        "correlation_id": conversation.correlation_id,
    }
    for step in steps:
        since = conversation.state_since or conversation.opened_at
        elapsed_ms = (now - since).total_seconds() * 1000
        spent = max(0.0, elapsed_ms)  # hosts' clocks may differ by a little
        step_names = {"from_state": step.from_state, "to_state": step.to_state, "event": step.event}
        cause = step.cause[:200]
        conversations.insert_transition(
            record.batch, {**common, **step_names, "cause": cause, "duration_ms": spent}
        )
        names = {
            "from_state": step.from_state.value,
            "to_state": step.to_state.value,
            "event_name": step.event.value,
        }
        log.info("transition", **names, cause=step.cause, duration_ms=round(spent, 1))
        if (step.from_state, step.to_state) == (State.WAITING_HUMAN, State.WITH_HUMAN):
            metrics.HUMAN_WAIT_SECONDS.observe(spent / 1000)
        if step.from_state is not step.to_state:
            conversation.state_since = now


def count(record: PendingTurn) -> None:
    """Let metrics show the errors and time-outs of a record: when it is committed, for what is
    rolled back did not happen.
    """
    for happened in record.counted_events:
        labels = {"flow": happened.flow or NO_LABEL, "step": happened.requested_slot or NO_LABEL}
        if happened.event is Event.FAILED:
            metrics.FLOW_ERRORS.labels(**labels).inc()
        elif happened.event is Event.TIMED_OUT:
            metrics.TIMEOUTS.labels(**labels).inc()
