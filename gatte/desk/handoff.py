"""What agents do with a conversation: take it, answer, hand it back, reset it, or send it to the desk by force.

Each locks the row, asks the orchestrator, and voids a turn that may be running (its fencing token is not the newest any more).
"""

from uuid import UUID

import structlog
from sqlalchemy import func, select

from gatte.conversation import course
from gatte.conversation.replies import Text
from gatte.conversation.snapshot import Happened, Owner
from gatte.conversation.states import Event
from gatte.delivery import outbox
from gatte.desk import decisions
from gatte.desk.snapshots import snapshot_of
from gatte.extensions import db
from gatte.models import AuditEntry, Author, Conversation, Message

log = structlog.get_logger(__name__)

WINDOW_HOURS = 24  # Meta delivers free text only so long after the customer's last message


class NoSuchConversation(Exception):
    """There is no conversation with this id."""


class AlreadyTaken(Exception):
    """Another agent has the conversation."""


class NotYours(Exception):
    """Only the agent who has the conversation may do this."""


class WindowClosed(Exception):
    """The 24 hours after the customer's last message are over: only an approved template may be sent."""


def take(conversation_id: UUID, user_id: int) -> Conversation:
    """Give the conversation to an agent; the slower of two agents gets AlreadyTaken."""
    conversation = _lock(conversation_id)
    if conversation.owner is Owner.HUMAN and conversation.assignee_id not in (None, user_id):
        raise AlreadyTaken
    if conversation.owner is not Owner.HUMAN:
        _happen(conversation, Event.AGENT_TOOK, user_id)
    conversation.assignee_id = user_id
    return conversation


def reply(conversation_id: UUID, user_id: int, text: str, message_id: UUID | None = None) -> Message:
    """Answer the customer as an agent; NotYours unless the agent has the conversation, WindowClosed when only a template may go.

    A panel that lost the response to its request sends it again with the same `message_id`: the answer is written once.
    """
    conversation = _lock(conversation_id)
    if message_id is not None and (written := db.session.get(Message, message_id)) is not None:
        return written
    if conversation.owner is not Owner.HUMAN or conversation.assignee_id != user_id:
        raise NotYours
    if not window_open(conversation):
        raise WindowClosed
    decisions.carry_out(conversation, course.begin(snapshot_of(conversation)).then(Happened(Event.AGENT_REPLIED)))
    answer_id = outbox.write(conversation, Text(text), Author.AGENT, user_id=user_id, message_id=message_id)
    return db.session.get_one(Message, answer_id)


def hand_back(conversation_id: UUID, user_id: int) -> Conversation:
    """Give the conversation back to the bot; NotYours unless the agent has it."""
    conversation = _lock(conversation_id)
    if conversation.owner is not Owner.HUMAN or conversation.assignee_id not in (None, user_id):
        raise NotYours
    return _happen(conversation, Event.HANDED_BACK, user_id)


def force_reset(conversation_id: UUID, user_id: int) -> Conversation:
    """Start the conversation afresh, whatever runs now."""
    conversation = _happen(_lock(conversation_id), Event.FORCED_RESET, user_id)
    conversation.escalation_reason = conversation.priority = conversation.summary = None
    return conversation


def force_escalation(conversation_id: UUID, user_id: int) -> Conversation:
    """Put the conversation into the queue of the desk; InvalidTransition when it is with a human already."""
    return _happen(_lock(conversation_id), Event.FORCED_ESCALATION, user_id)


def window_open(conversation: Conversation) -> bool:
    """Whether Meta would deliver free text to the customer now."""
    last = conversation.last_inbound_at
    if last is None:
        return False
    return bool(db.session.scalar(select(func.clock_timestamp() < last + func.make_interval(0, 0, 0, 0, WINDOW_HOURS))))


def _lock(conversation_id: UUID) -> Conversation:
    found = select(Conversation).filter_by(id=conversation_id).with_for_update(of=Conversation)
    conversation: Conversation | None = db.session.scalar(found.execution_options(populate_existing=True))
    if conversation is None:
        raise NoSuchConversation
    return conversation


def _happen(conversation: Conversation, event: Event, user_id: int) -> Conversation:
    happened = course.begin(snapshot_of(conversation)).then(Happened(event))
    if happened.decision.snapshot.owner is conversation.owner:
        conversation.owner_version += 1  # what the bot has in the outbox was decided before this
    conversation.lease_token += 1  # a turn that runs now must not commit
    conversation.leased_until = None
    if conversation.turn_due_at is not None:
        conversation.turn_due_at = func.clock_timestamp()
    decisions.carry_out(conversation, happened)
    db.session.add(AuditEntry(user_id=user_id, action=event.value, subject=f"conversation:{conversation.id}"))
    log.info("desk_action", action=event.value, user_id=user_id, conversation_id=str(conversation.id))
    return conversation
