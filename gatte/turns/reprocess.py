"""Turns that failed or became dead letters, run again because a person says so: their messages
become unread.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from gatte.store import conversations, messages, turns

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class RequeueResult:
    """What became of the failed turns of a conversation: how many of their messages are unread
    again; none when it is closed.
    """

    conversation_id: UUID
    messages: int
    closed: bool = False

    def __str__(self) -> str:
        return (
            "left: the conversation is closed"
            if self.closed
            else f"{self.messages} messages will be read again"
        )


def requeue(conversation_id: UUID, since: datetime | None = None) -> RequeueResult:
    """Let a turn be due that reads these messages anew; the caller commits. Twice is as good as
    once.
    """
    conversation = conversations.get_locked(conversation_id)
    if conversation.closed_at is not None:
        return RequeueResult(conversation_id, 0, closed=True)
    ids = turns.list_failed_messages(conversation_id, since)
    messages.mark_unread(ids)
    if ids and conversation.lease_expires_at is None:  # a turn that runs finds them when it ends
        conversations.make_turn_due(conversation)
    log.info("turn_requeued", conversation_id=str(conversation_id), messages=len(ids))
    return RequeueResult(conversation_id, len(ids))
