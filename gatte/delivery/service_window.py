"""The 24 hours after a customer's last message, in which free text may be sent: what becomes of an
answer that comes too late.
"""

from datetime import datetime
from uuid import UUID

import structlog

from gatte import services
from gatte.conversation.replies import TemplateReply
from gatte.models import (
    Author,
    Conversation,
    DeliveryState,
    FailureCause,
    Outbox,
)
from gatte.observability import metrics
from gatte.observability.metric_labels import SendOutcome
from gatte.store import conversations, outbox, tickets
from gatte.store.conversations import SERVICE_WINDOW

log = structlog.get_logger(__name__)

WINDOW_CLOSED_CODE = 131047  # Meta's own word for it
FOLLOW_UP_SUBJECT = "Responder ao cliente: a janela de 24 horas fechou antes da resposta"


def is_closed(conversation: Conversation, now: datetime) -> bool:
    """Whether Meta would refuse free text to this customer."""
    last = conversation.last_inbound_at
    return last is None or now >= last + SERVICE_WINDOW


def is_template(row: Outbox) -> bool:
    """Whether an answer is a template, which may be sent at any time."""
    return (row.reply or {}).get("kind") == outbox.TEMPLATE


def handle_window_closed(row: Outbox, conversation: Conversation) -> None:
    """An answer that may not go as it is: the bot's becomes the template for this case if one is
    set, else a task for the desk.
    """
    template = _template_for(row, conversation)
    if template is not None:
        outbox.replace_reply(row, template)
        log.info("reply_replaced_by_template", outbox_id=str(row.id), template=template.name)
        return
    row.error_code = WINDOW_CLOSED_CODE
    row.error_details = FailureCause.WINDOW_CLOSED
    is_dropped = row.author is Author.BOT and not row.attempts
    outbox.give_up(row, DeliveryState.CANCELLED if is_dropped else DeliveryState.FAILED)
    if row.author is Author.BOT:
        unsaid = row.message.body or ""
        tickets.open_or_extend_follow_up(conversation, FOLLOW_UP_SUBJECT, unsaid)
    metrics.MESSAGES_SENT.labels(outcome=SendOutcome.WINDOW_CLOSED).inc()
    log.warning("reply_outside_service_window", outbox_id=str(row.id), state=row.state.value)


def handle_late_failure(outbox_id: UUID) -> None:
    """A failed status said that the window was closed: a template or a task takes the answer's
    place, unless the customer wrote since and is answered anew.
    """
    row = outbox.lock_reply(outbox_id)
    if row is None or row.state is not DeliveryState.FAILED or row.author is not Author.BOT:
        return
    conversation = conversations.get_fresh(row.conversation_id)
    if not _wrote_since(conversation, row):
        handle_window_closed(row, conversation)


def _wrote_since(conversation: Conversation, row: Outbox) -> bool:
    last = conversation.last_inbound_at
    return last is not None and last > (row.accepted_at or row.created_at)


def _template_for(row: Outbox, conversation: Conversation) -> TemplateReply | None:
    """The template to send in place of an answer; None when there is none, the customer opted out,
    or has just got one.
    """
    settings = services.settings()
    if (
        not settings.gatte_service_window_template
        or row.author is not Author.BOT
        or is_template(row)
        or row.reply is None
    ):
        return None
    if conversation.contact.opted_out_at is not None:
        return None
    # several answers cost one template
    if outbox.has_template_since(conversation.id, conversation.last_inbound_at):
        return None
    return TemplateReply(
        settings.gatte_service_window_template, settings.gatte_service_window_template_language
    )
