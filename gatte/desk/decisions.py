"""Carrying out what the orchestrator decided about a conversation, whoever asked: a turn, an agent or the watchdog."""

from typing import Any

import structlog
from sqlalchemy import func

from gatte.conversation import course as courses
from gatte.conversation.course import Course
from gatte.conversation.effects import EraseData, EraseMessage
from gatte.conversation.snapshot import Step
from gatte.conversation.states import Event, State
from gatte.delivery import outbox
from gatte.desk import effects, snapshots, watch
from gatte.extensions import db
from gatte.models import Author, Conversation, Transition, Turn, TurnOutcome
from gatte.observability import metrics, tracing

log = structlog.get_logger(__name__)


def carry_out(conversation: Conversation, course: Course, turn: Turn | None = None) -> Turn:
    """Store the new state, its transitions, the effects and the answers of a decision; the caller has locked the conversation.

    What came of it is kept as a turn, with the whole course, so that it can be shown and replayed; a caller who already has one gives it.
    """
    turn = turn or begin_turn(conversation)
    decision = course.decision
    before = conversation.flow, conversation.asking
    snapshots.keep(conversation, decision.snapshot)
    for step in decision.steps:
        _record(conversation, step, turn)
        _count(step.event, *before)
    for effect in decision.effects:
        effects.do(conversation, effect)
    for reply in decision.replies:
        outbox.write(conversation, reply, Author.BOT, turn_id=turn.id)
    turn.trace = (turn.trace or {}) | _kept(course)
    _follow_state(conversation)
    watch.set_alarm(conversation, decision.snapshot)
    return turn


def begin_turn(conversation: Conversation, **values: Any) -> Turn:  # noqa: ANN401 - columns of the turn
    """A turn of this conversation, stored so that messages and transitions may refer to it."""
    defaults = {"outcome": TurnOutcome.ANSWERED, "attempt": conversation.turn_attempts + 1, "lease_token": conversation.lease_token}
    ids = {"data_key_id": conversation.data_key_id, "conversation_id": conversation.id, "request_id": tracing.current_request_id()}
    turn = Turn(**{**ids, **defaults, "times": {}, **values})
    db.session.add(turn)
    db.session.flush()  # what the turn did refers to it
    return turn


def _kept(course: Course) -> dict[str, Any]:
    """What a trace keeps of a course; nothing of what was said when some of it must be forgotten."""
    if any(isinstance(effect, EraseMessage | EraseData) for effect in course.decision.effects):
        return {"redacted": True}
    return {"course": courses.to_json(course)}


def _record(conversation: Conversation, step: Step, turn: Turn) -> None:
    spent = sum((turn.times or {}).values())
    db.session.add(
        Transition(
            conversation_id=conversation.id,
            turn_id=turn.id,
            source=step.source,
            target=step.target,
            event=step.event,
            cause=step.cause[:200],
            duration_ms=spent,
            correlation_id=conversation.correlation_id,
        )
    )
    names = {"source": step.source.value, "target": step.target.value, "event_name": step.event.value, "cause": step.cause}
    log.info("transition", **names, duration_ms=round(spent, 1))


def _count(event: Event, flow: str | None, asking: str | None) -> None:
    if event is Event.FAILED:
        metrics.FLOW_ERRORS.labels(flow=flow or "none", step=asking or "none").inc()
    elif event is Event.TIMED_OUT:
        metrics.TIMEOUTS.labels(flow=flow or "none", step=asking or "none").inc()


def _follow_state(conversation: Conversation) -> None:
    """Keep what the desk sees in step with the state: who waits, who serves, what is over."""
    if conversation.state is State.WAITING_HUMAN:
        conversation.waiting_since = conversation.waiting_since or func.clock_timestamp()
    else:
        conversation.waiting_since = None
    if conversation.state is not State.WITH_HUMAN:
        conversation.assignee_id = None
    if conversation.state is State.CLOSED:
        conversation.closed_at = func.clock_timestamp()
    conversation.last_activity_at = func.clock_timestamp()
