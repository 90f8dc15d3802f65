"""The inactivity timer of one conversation; exact on any number of hosts, since the time is checked
and set anew under the row's lock.
"""

from uuid import UUID

import structlog

from gatte.conversation import decision_history
from gatte.conversation.snapshot import ExternalEvent
from gatte.decisions import apply, inactivity_timer
from gatte.decisions.apply import PendingTurn
from gatte.decisions.snapshots import load_snapshot
from gatte.observability import tracing
from gatte.store import conversations, messages

log = structlog.get_logger(__name__)


def fire(conversation_id: UUID) -> PendingTurn | None:
    """Do what is due by the clock, and tell what that was.

    None when the alarm is not due any more: somebody spoke, or another worker was faster.
    """
    conversation = conversations.find_locked_if_inactivity_due(conversation_id)
    if conversation is None:
        return None
    if conversation.turn_due_at is not None or messages.has_unread(conversation_id):
        conversation.inactivity_due_at = None  # a turn is coming, and sets the timer anew
        return None
    with tracing.bound(correlation_id=conversation.correlation_id):
        snapshot = load_snapshot(conversation)
        deadline = inactivity_timer.timer_due_next(snapshot)
        if deadline is None:
            conversation.inactivity_due_at = None
            return None
        record = apply.apply_decision(
            conversation, decision_history.start(snapshot).apply(ExternalEvent(deadline.event))
        )
        log.info(
            "inactivity_timer_fired",
            event_name=deadline.event.value,
            conversation_id=str(conversation_id),
        )
    return record
