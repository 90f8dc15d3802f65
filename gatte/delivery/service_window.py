"""The 24 hours after a customer's last message, in which free text may be sent: what becomes of an
answer that comes too late.
"""

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from flask import current_app
from sqlalchemy import func, select

from gatte.conversation.replies import TemplateReply, kind_of, text_of, to_json
from gatte.delivery.failure_reasons import FailureCause
from gatte.extensions import db
from gatte.models import (
    Author,
    Conversation,
    DeliveryState,
    Direction,
    Message,
    Outbox,
    Ticket,
    TicketKind,
    TicketState,
)
from gatte.observability import metrics
from gatte.observability.metric_labels import SendOutcome
from gatte.settings import Settings

log = structlog.get_logger(__name__)

SERVICE_WINDOW = timedelta(hours=24)
WINDOW_CLOSED_CODE = 131047  # Meta's own word for it
TEMPLATE = "template"
FOLLOW_UP_SUBJECT = "Responder ao cliente: a janela de 24 horas fechou antes da resposta"
NOT_SENT = (DeliveryState.FAILED, DeliveryState.PARKED, DeliveryState.CANCELLED)


def is_closed(conversation: Conversation, now: datetime) -> bool:
    """Whether Meta would refuse free text to this customer."""
    last = conversation.last_inbound_at
    return last is None or now >= last + SERVICE_WINDOW


def is_template(row: Outbox) -> bool:
    """Whether an answer is a template, which may be sent at any time."""
    return (row.reply or {}).get("kind") == TEMPLATE


def handle_window_closed(row: Outbox, conversation: Conversation) -> None:
    """An answer that may not go as it is: the bot's becomes the template for this case if one is
    set, else a task for the desk.
    """
    template = _template_for(row, conversation)
    if template is not None:
        _replace_by_template(row, template)
        return
    row.error_code = WINDOW_CLOSED_CODE
    row.error_details = FailureCause.WINDOW_CLOSED
    is_dropped = row.author is Author.BOT and not row.attempts
    row.state = DeliveryState.CANCELLED if is_dropped else DeliveryState.FAILED
    row.failed_at = func.clock_timestamp()
    if row.author is Author.BOT:
        _open_follow_up_ticket(row, conversation)
    metrics.MESSAGES_SENT.labels(outcome=SendOutcome.WINDOW_CLOSED).inc()
    log.warning("answer_too_late", outbox_id=str(row.id), state=row.state.value)


def handle_late_failure(outbox_id: UUID) -> None:
    """A failed status said that the window was closed: a template or a task takes the answer's
    place, unless the customer wrote since and is answered anew.
    """
    row = db.session.scalar(
        select(Outbox)
        .filter_by(id=outbox_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if row is None or row.state is not DeliveryState.FAILED or row.author is not Author.BOT:
        return
    conversation = db.session.get_one(Conversation, row.conversation_id, populate_existing=True)
    if not _wrote_since(conversation, row):
        handle_window_closed(row, conversation)


def _wrote_since(conversation: Conversation, row: Outbox) -> bool:
    last = conversation.last_inbound_at
    return last is not None and last > (row.accepted_at or row.created_at)


def _template_for(row: Outbox, conversation: Conversation) -> TemplateReply | None:
    """The template to send in place of an answer; None when there is none, the customer opted out,
    or has just got one.
    """
    settings: Settings = current_app.extensions["gatte_settings"]
    if (
        not settings.gatte_window_template
        or row.author is not Author.BOT
        or is_template(row)
        or row.reply is None
    ):
        return None
    if conversation.contact.opted_out_at is not None or _has_recent_template(conversation):
        return None
    return TemplateReply(settings.gatte_window_template, settings.gatte_window_template_language)


def _has_recent_template(conversation: Conversation) -> bool:
    """Whether a template is on its way, or arrived, since the customer last wrote: several answers
    cost one template.
    """
    sent = select(Message.id).join(Outbox, Outbox.id == Message.id)
    mine = sent.where(
        Message.conversation_id == conversation.id,
        Message.direction == Direction.OUT,
        Message.kind == TEMPLATE,
    )
    if conversation.last_inbound_at is not None:
        mine = mine.where(Message.sent_at >= conversation.last_inbound_at)
    return bool(db.session.scalar(select(mine.where(Outbox.state.not_in(NOT_SENT)).exists())))


def _replace_by_template(row: Outbox, template: TemplateReply) -> None:
    row.reply = to_json(template)
    # the history shows what the customer got
    row.message.kind = kind_of(template)
    row.message.body = text_of(template)
    row.state = DeliveryState.PENDING
    row.due_at = func.clock_timestamp()
    row.error_code = row.error_details = row.failed_at = None
    log.info("answer_became_template", outbox_id=str(row.id), template=template.name)


def _open_follow_up_ticket(row: Outbox, conversation: Conversation) -> None:
    """One task a conversation, however many answers came too late."""
    unsaid = row.message.body or ""
    opened = select(Ticket).filter_by(
        conversation_id=conversation.id, kind=TicketKind.FOLLOW_UP, state=TicketState.OPEN
    )
    task = db.session.scalar(opened.order_by(Ticket.created_at.desc()).limit(1))
    if task is not None and task.subject == FOLLOW_UP_SUBJECT:
        task.description = f"{task.description}\n\n{unsaid}"
        task.updated_at = func.now()
        return
    ids = {
        "data_key_id": conversation.data_key_id,
        "contact_id": conversation.contact_id,
        "conversation_id": conversation.id,
    }
    db.session.add(
        Ticket(**ids, kind=TicketKind.FOLLOW_UP, subject=FOLLOW_UP_SUBJECT, description=unsaid)
    )
