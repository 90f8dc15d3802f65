"""What agents do with a conversation: take it, pass it on, answer, hand it back, close it, reset
it, or send it to the desk by force.

Each locks the row, asks the orchestrator, and voids a turn that may be running (its fencing token
is not the newest any more).
"""

from uuid import UUID

import structlog

from gatte.conversation import decision_history
from gatte.conversation.external_events import HUMAN_STATES
from gatte.conversation.replies import TextReply
from gatte.conversation.snapshot import ExternalEvent, Owner
from gatte.conversation.states import Event
from gatte.decisions import apply
from gatte.decisions.snapshots import load_snapshot
from gatte.models import Author, Conversation, Message
from gatte.store import audit, conversations, leases, messages, outbox
from gatte.store.conversations import is_service_window_open

log = structlog.get_logger(__name__)


class AlreadyTaken(Exception):
    """Another agent has the conversation."""


class NotYours(Exception):
    """Only the agent who has the conversation may do this."""


class ConversationClosed(Exception):
    """The conversation is over: the customer's next message begins another."""


class CustomerJustWrote(Exception):
    """The customer wrote something that nobody has read yet."""


class WindowClosed(Exception):
    """The 24 hours after the customer's last message are over: only an approved template may be
    sent.
    """


def take(conversation_id: UUID, user_id: int) -> Conversation:
    """Give the conversation to an agent; the slower of two agents gets AlreadyTaken."""
    conversation = _lock_open(conversation_id)
    if conversation.owner is Owner.HUMAN and conversation.assignee_id not in (None, user_id):
        raise AlreadyTaken
    conversation.assignee_id = user_id  # first, so that the event of the change names the agent
    if conversation.owner is not Owner.HUMAN:
        _apply_agent_event(conversation, Event.AGENT_TOOK, user_id)
    return conversation


def reassign(conversation_id: UUID, expected_id: int, new_id: int, user_id: int) -> Conversation:
    """Give a conversation from one agent to another; AlreadyTaken when the one who has it is not
    the one expected.
    """
    conversation = _lock_open(conversation_id)
    if conversation.owner is not Owner.HUMAN or conversation.assignee_id != expected_id:
        raise AlreadyTaken
    if new_id == expected_id:
        return conversation
    conversation.assignee_id = new_id
    action = "taken_over" if new_id == user_id else "reassigned"
    audit.record(
        user_id, action, f"conversation:{conversation.id}", {"from": expected_id, "to": new_id}
    )
    log.info("agent_action", action=action, user_id=user_id, conversation_id=str(conversation.id))
    return conversation


def reply(
    conversation_id: UUID, user_id: int, text: str, message_id: UUID | None = None
) -> Message:
    """Answer the customer as an agent; NotYours unless the agent has the conversation, WindowClosed
    when only a template may go.

    A panel that lost the response to its request sends it again with the same `message_id`: the
    answer is written once.
    """
    conversation = conversations.get_locked(conversation_id)
    written = messages.find_message(message_id) if message_id is not None else None
    if written is not None and _is_same_reply(written, conversation, user_id, text):
        return written
    if conversation.owner is not Owner.HUMAN or conversation.assignee_id != user_id:
        raise NotYours
    if not is_service_window_open(conversation):
        raise WindowClosed
    history = decision_history.start(load_snapshot(conversation))
    apply.apply_decision(conversation, history.apply(ExternalEvent(Event.AGENT_REPLIED)))
    fresh_id = message_id if written is None else None
    answer_id = outbox.enqueue(
        conversation, TextReply(text), Author.AGENT, user_id=user_id, message_id=fresh_id
    )
    return messages.get_message(answer_id)


def _is_same_reply(written: Message, conversation: Conversation, user_id: int, text: str) -> bool:
    return (
        written.conversation_id == conversation.id
        and written.user_id == user_id
        and written.body == text
    )


def hand_back(conversation_id: UUID, user_id: int) -> Conversation:
    """Give the conversation back to the bot; NotYours unless the agent has it."""
    conversation = conversations.get_locked(conversation_id)
    if conversation.owner is not Owner.HUMAN or conversation.assignee_id not in (None, user_id):
        raise NotYours
    return _apply_agent_event(conversation, Event.HANDED_BACK, user_id)


def close(conversation_id: UUID, user_id: int, *, any_state: bool = False) -> Conversation:
    """End the conversation; NotYours unless the agent has it, or may close any.

    Whoever talked to a person hears that it is over, while free text may be sent. CustomerJustWrote
    rather than leave a message unread.
    """
    conversation = _lock_open(conversation_id)
    if not any_state and (
        conversation.owner is not Owner.HUMAN or conversation.assignee_id != user_id
    ):
        raise NotYours
    if conversation.turn_due_at is not None:
        raise CustomerJustWrote
    told = conversation.state in HUMAN_STATES and is_service_window_open(conversation)
    return _apply_agent_event(
        conversation, Event.AGENT_CLOSED if told else Event.CLOSED, user_id, Event.AGENT_CLOSED
    )


def force_reset(conversation_id: UUID, user_id: int) -> Conversation:
    """Start the conversation afresh, whatever runs now."""
    conversation = _apply_agent_event(_lock_open(conversation_id), Event.FORCED_RESET, user_id)
    conversation.escalation_reason = conversation.priority = conversation.summary = None
    return conversation


def force_escalation(conversation_id: UUID, user_id: int) -> Conversation:
    """Put the conversation into the queue of the desk; InvalidTransition when it is with a human
    already.
    """
    return _apply_agent_event(_lock_open(conversation_id), Event.FORCED_ESCALATION, user_id)


def _lock_open(conversation_id: UUID) -> Conversation:
    conversation = conversations.get_locked(conversation_id)
    if conversation.closed_at is not None:
        raise ConversationClosed
    return conversation


def _apply_agent_event(
    conversation: Conversation, event: Event, user_id: int, action: Event | None = None
) -> Conversation:
    happened = decision_history.start(load_snapshot(conversation)).apply(ExternalEvent(event))
    if happened.decision.snapshot.owner is conversation.owner:
        conversation.owner_version += 1  # what the bot has in the outbox was decided before this
    leases.revoke(conversation)
    apply.apply_decision(conversation, happened)
    done = (action or event).value
    audit.record(user_id, done, f"conversation:{conversation.id}")
    log.info("agent_action", action=done, user_id=user_id, conversation_id=str(conversation.id))
    return conversation
