"""Answers that failed or became dead letters, sent again because a person says so."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

import structlog
from sqlalchemy import func, select

from gatte.delivery import service_window
from gatte.extensions import db
from gatte.models import Author, Conversation, Outbox
from gatte.store import conversations, outbox

log = structlog.get_logger(__name__)


class ResendOutcome(StrEnum):
    """What becomes of an answer that a person wants to be sent again."""

    SENT_AGAIN = "will be sent again"
    OWNER_CHANGED = "left: the bot does not own the conversation any more"
    CONTACT_ERASED = "left: the contact was erased"
    WINDOW_CLOSED = "left: the customer's last message is older than 24 hours"


@dataclass(frozen=True)
class ResendResult:
    """One answer that was looked at."""

    outbox_id: UUID
    conversation_id: UUID
    verdict: ResendOutcome


def list_failed(conversation_id: UUID | None = None, since: datetime | None = None) -> list[UUID]:
    """The conversations with answers that failed or became dead letters (since then)."""
    return outbox.list_conversations_to_resend(conversation_id, since)


def resend(conversation_id: UUID, since: datetime | None = None) -> list[ResendResult]:
    """Put the stuck answers of a conversation back into the outbox, in their old order; the caller
    commits. Twice is as good as once.
    """
    conversation = conversations.find_locked_for_delivery(conversation_id)
    if conversation is None:
        return []
    now = db.session.scalars(select(func.clock_timestamp())).one()
    return [
        ResendResult(row.id, conversation_id, _again(row, conversation, now))
        for row in outbox.lock_resendable(conversation_id, since)
    ]


def _again(row: Outbox, conversation: Conversation, now: datetime) -> ResendOutcome:
    if row.data_key_id is None or row.reply is None:
        return ResendOutcome.CONTACT_ERASED
    if row.author is Author.BOT and row.owner_version != conversation.owner_version:
        return ResendOutcome.OWNER_CHANGED
    if service_window.is_closed(conversation, now) and not service_window.is_template(row):
        return ResendOutcome.WINDOW_CLOSED
    outbox.resend(row)
    log.info("reply_resent", outbox_id=str(row.id), conversation_id=str(conversation.id))
    return ResendOutcome.SENT_AGAIN
