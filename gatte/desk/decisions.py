"""Carrying out what the orchestrator decided about a conversation, whoever asked: a turn, an agent or the watchdog."""

from uuid import UUID

import structlog
from sqlalchemy import func

from gatte.conversation.snapshot import Decision
from gatte.conversation.states import Event, State
from gatte.delivery import outbox
from gatte.desk import effects, snapshots, watch
from gatte.extensions import db
from gatte.models import Author, Conversation, Transition
from gatte.observability import metrics

log = structlog.get_logger(__name__)


def carry_out(conversation: Conversation, decision: Decision, *, turn_id: UUID | None = None, duration_ms: float = 0.0) -> None:
    """Store the new state, its transitions, the effects and the answers of a decision; the caller has locked the conversation."""
    before = conversation.flow, conversation.asking
    snapshots.keep(conversation, decision.snapshot)
    for step in decision.steps:
        _record(conversation, step.source, step.target, step.event, step.cause, turn_id, duration_ms)
        _count(step.event, *before)
    for effect in decision.effects:
        effects.do(conversation, effect)
    for reply in decision.replies:
        outbox.write(conversation, reply, Author.BOT, turn_id=turn_id)
    _follow_state(conversation)
    watch.set_alarm(conversation, decision.snapshot)


def _record(  # noqa: PLR0913 - one argument a column
    conversation: Conversation, source: State, target: State, event: Event, cause: str, turn_id: UUID | None, duration_ms: float
) -> None:
    db.session.add(
        Transition(
            conversation_id=conversation.id,
            turn_id=turn_id,
            source=source,
            target=target,
            event=event,
            cause=cause[:200],
            duration_ms=duration_ms,
            correlation_id=conversation.correlation_id,
        )
    )
    log.info("transition", source=source.value, target=target.value, event_name=event.value, cause=cause, duration_ms=round(duration_ms, 1))


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
