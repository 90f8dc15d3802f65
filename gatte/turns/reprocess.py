"""Turns that failed or were parked, taken again because a person says so: their messages become
unread.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Select, and_, func, select

from gatte.extensions import db
from gatte.models import Conversation, Message, Turn, TurnOutcome
from gatte.models.message import TURN_AUTHORS
from gatte.store import messages

log = structlog.get_logger(__name__)

FAILED_OUTCOMES = (TurnOutcome.FAILED, TurnOutcome.PARKED)


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


def list_failed(conversation_id: UUID | None = None, since: datetime | None = None) -> list[UUID]:
    """The conversations with messages that only a failed or parked turn has read (since then)."""
    return list(
        db.session.scalars(_stuck(conversation_id, since, Message.conversation_id).distinct())
    )


def requeue(conversation_id: UUID, since: datetime | None = None) -> RequeueResult:
    """Let a turn be due that reads these messages anew; the caller commits. Twice is as good as
    once.
    """
    locked = select(Conversation).filter_by(id=conversation_id).with_for_update(of=Conversation)
    conversation = db.session.scalars(locked.execution_options(populate_existing=True)).one()
    if conversation.closed_at is not None:
        return RequeueResult(conversation_id, 0, closed=True)
    ids = list(db.session.scalars(_stuck(conversation_id, since, Message.id)))
    messages.mark_unread(ids)
    if ids and conversation.leased_until is None:  # a turn that runs finds them when it ends
        conversation.turn_due_at = func.clock_timestamp()
        conversation.turn_attempts = 0
    log.info("turn_taken_again", conversation_id=str(conversation_id), messages=len(ids))
    return RequeueResult(conversation_id, len(ids))


def _stuck(conversation_id: UUID | None, since: datetime | None, column: Any) -> Select[Any]:  # noqa: ANN401 - a column
    same = and_(Message.conversation_id == Turn.conversation_id, Message.turn_id == Turn.id)
    found = select(column).select_from(Turn).join(Message, same)
    found = found.where(
        Turn.outcome.in_(FAILED_OUTCOMES),
        Message.author.in_(TURN_AUTHORS),
        Message.erased_at.is_(None),
    )
    if conversation_id is not None:
        found = found.where(Turn.conversation_id == conversation_id)
    return found if since is None else found.where(Turn.at >= since)
