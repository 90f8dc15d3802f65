"""Carrying out what the orchestrator decided about a conversation, whoever asked: a turn, an agent or the watchdog."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog

from gatte.conversation import course as courses
from gatte.conversation.course import Course
from gatte.conversation.effects import EraseData, EraseMessage
from gatte.conversation.replies import Reply, with_ticket_number
from gatte.conversation.snapshot import Step
from gatte.conversation.states import Event, State
from gatte.database import CLOCK, Trip
from gatte.delivery import outbox, sending
from gatte.delivery.outbox import Answer
from gatte.delivery.sending import Sending
from gatte.desk import effects, snapshots, watch
from gatte.models import Author, Conversation, Turn, TurnOutcome
from gatte.models.columns import new_id
from gatte.observability import metrics, tracing

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Counted:
    """An event to be counted, with where the conversation was."""

    event: Event
    flow: str | None
    asking: str | None


@dataclass
class Record:
    """A turn to be stored, with what else is written in the same trip; `sending` is its first answer when this process has it in hand.

    Who commits it calls `count` afterwards.
    """

    outcome: TurnOutcome = TurnOutcome.ANSWERED
    attempt: int = 1
    error: str | None = None
    times: dict[str, float] = field(default_factory=dict)
    trace: dict[str, Any] = field(default_factory=dict)
    hand_over: bool = False
    sending: Sending | None = None
    happened: list[Counted] = field(default_factory=list)
    id: UUID = field(default_factory=new_id)
    trip: Trip = field(default_factory=Trip)


def carry_out(conversation: Conversation, course: Course, record: Record | None = None) -> Record:
    """Store the new state, its transitions, the effects and the answers of a decision; the caller has locked the conversation.

    What came of it is kept as a turn, with the whole course, so that it can be shown and replayed; a caller who has begun one gives it.
    """
    record = record or Record(attempt=conversation.turn_attempts + 1)
    write(conversation, course, record)
    record.trip.send()
    return record


def write(conversation: Conversation, course: Course, record: Record) -> None:
    """What `carry_out` does, but for the trip of the record, which the caller sends.

    With `hand_over` the record says whether the first answer may be claimed at once.
    """
    decision = course.decision
    before = conversation.flow, conversation.asking
    snapshots.keep(conversation, decision.snapshot)
    _record_steps(conversation, decision.steps, record)
    record.happened += [Counted(step.event, *before) for step in decision.steps]
    numbers = [effects.do(conversation, effect) for effect in decision.effects]
    ticket = next((number for number in numbers if number is not None), None)
    for reply in decision.replies:
        _answer(conversation, with_ticket_number(reply, ticket), record)
    record.trace |= _kept(course)
    _follow_state(conversation)
    watch.set_alarm(conversation, decision.snapshot)
    _add_turn(conversation, record)


def store(conversation: Conversation, record: Record) -> None:
    """Store a turn with what its trip takes along, and what was changed in its conversation."""
    _add_turn(conversation, record)
    record.trip.send()


def _add_turn(conversation: Conversation, record: Record) -> None:
    record.trip.insert(
        "turn",
        {
            "id": record.id,
            "data_key_id": conversation.data_key_id,
            "conversation_id": conversation.id,
            "outcome": record.outcome,
            "attempt": record.attempt,
            "lease_token": conversation.lease_token,
            "trace_sealed": Turn.trace.sealed(record.id, conversation.data_key_id, record.trace),
            "error": record.error,
            "request_id": tracing.current_request_id(),
            "times": record.times,
        },
    )
    record.trip.update(conversation)


def _answer(conversation: Conversation, reply: Reply, record: Record) -> None:
    in_hand, answer = record.hand_over and record.sending is None, Answer(reply, Author.BOT, record.id)
    outbox.add(record.trip, conversation, answer, in_hand=in_hand)
    if in_hand:
        record.sending = sending.in_hand(conversation, answer.id, reply)


def _kept(course: Course) -> dict[str, Any]:
    """What a trace keeps of a course; nothing of what was said when some of it must be forgotten."""
    if any(isinstance(effect, EraseMessage | EraseData) for effect in course.decision.effects):
        return {"redacted": True}
    return {"course": courses.to_json(course)}


def _record_steps(conversation: Conversation, steps: Sequence[Step], record: Record) -> None:
    """Keep and log each transition with how long the conversation had been in the state that it left: see `Transition`."""
    now = datetime.now(UTC)
    common = {
        "conversation_id": conversation.id,
        "turn_id": record.id,
        "correlation_id": conversation.correlation_id,
    }
    for step in steps:
        since = conversation.state_since or conversation.opened_at
        spent = max(0.0, (now - since).total_seconds() * 1000)  # hosts' clocks may differ by a little
        step_names = {"source": step.source, "target": step.target, "event": step.event}
        cause = step.cause[:200]
        record.trip.insert("transition", {**common, **step_names, "cause": cause, "duration_ms": spent})
        names = {"source": step.source.value, "target": step.target.value, "event_name": step.event.value}
        log.info("transition", **names, cause=step.cause, duration_ms=round(spent, 1))
        if step.source is not step.target:
            conversation.state_since = now


def count(record: Record) -> None:
    """Let metrics show the errors and time-outs of a record: when it is committed, for what is rolled back did not happen."""
    for happened in record.happened:
        labels = {"flow": happened.flow or "none", "step": happened.asking or "none"}
        if happened.event is Event.FAILED:
            metrics.FLOW_ERRORS.labels(**labels).inc()
        elif happened.event is Event.TIMED_OUT:
            metrics.TIMEOUTS.labels(**labels).inc()


def _follow_state(conversation: Conversation) -> None:
    """Keep what the desk sees in step with the state: who waits, who serves, what is over."""
    if conversation.state is not State.WAITING_HUMAN:
        conversation.waiting_since = None
    elif conversation.waiting_since is None:
        conversation.waiting_since = CLOCK
    if conversation.state is not State.WITH_HUMAN:
        conversation.assignee_id = None
    if conversation.state is State.CLOSED:
        conversation.closed_at = CLOCK
    conversation.last_activity_at = CLOCK
