"""What a decision asks to be done, each as a change of the tables; they commit with the answer or not at all."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import func, select

from gatte.conversation import effects
from gatte.conversation.effects import Effect
from gatte.extensions import db
from gatte.models import Conversation, IdentityKind, Lead, Message, Ticket, TicketKind, keyring
from gatte.models.contact import ContactIdentity
from gatte.observability import metrics

log = structlog.get_logger(__name__)

DATA_REQUEST_TERM = timedelta(days=15)  # LGPD art. 19, II: the complete statement


def do(conversation: Conversation, effect: Effect) -> None:
    """Carry out one effect."""
    DOERS[type(effect)](conversation, effect)


def _escalate(conversation: Conversation, effect: effects.Escalate) -> None:
    conversation.escalation_reason = effect.reason
    conversation.priority = effect.priority
    conversation.summary = f"{effect.summary}\n{effect.tried}".strip()
    conversation.waiting_since = conversation.waiting_since or func.clock_timestamp()
    metrics.ESCALATIONS.labels(reason=effect.reason.value).inc()
    log.info("escalated", reason=effect.reason.value, priority=effect.priority)


def _capture_lead(conversation: Conversation, effect: effects.CaptureLead) -> None:
    db.session.add(
        Lead(
            data_key_id=conversation.data_key_id,
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            product=effect.product,
            renewal_of=effect.renewal_of,
            name=effect.name,
            company=effect.company,
            document=effect.document,
            email=effect.email,
        )
    )


def _ticket(conversation: Conversation, kind: TicketKind, subject: str, description: str, **more: Any) -> None:  # noqa: ANN401 - columns
    db.session.add(
        Ticket(
            data_key_id=conversation.data_key_id,
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            kind=kind,
            subject=subject,
            description=description,
            **more,
        )
    )


def _open_ticket(conversation: Conversation, effect: effects.OpenTicket) -> None:
    _ticket(
        conversation, TicketKind.REQUEST, effect.subject, effect.description, urgency=effect.urgency, attachments=list(effect.message_ids)
    )


def _book_visit(conversation: Conversation, effect: effects.BookVisit) -> None:
    subject = f"Agendar atendimento: {effect.day:%d/%m/%Y}, {effect.period}"
    _ticket(conversation, TicketKind.VISIT, subject, effect.topic or subject)


def _data_request(conversation: Conversation, subject: str) -> None:
    _ticket(conversation, TicketKind.DATA_REQUEST, subject, subject, due_at=func.now() + DATA_REQUEST_TERM)


def _export_data(conversation: Conversation, _: effects.ExportData) -> None:
    _data_request(conversation, "Cópia dos dados pessoais (LGPD, art. 18)")


def _erase_data(conversation: Conversation, _: effects.EraseData) -> None:
    _data_request(conversation, "Eliminação dos dados pessoais (LGPD, art. 18)")


def _correct_data(conversation: Conversation, effect: effects.CorrectData) -> None:
    contact = conversation.contact
    if effect.field not in {"name", "email", "document"}:
        raise ValueError(f"no such registered value: {effect.field}")
    setattr(contact, effect.field, effect.value)
    if effect.field == "document":
        register_document(conversation, effect.value)


def register_document(conversation: Conversation, document: str) -> None:
    """Let the contact be found by this CPF or CNPJ (digits and letters only), unless it is another contact's."""
    hashed = keyring().lookup_hash(IdentityKind.DOCUMENT, document)
    known = db.session.scalar(select(ContactIdentity).filter_by(kind=IdentityKind.DOCUMENT, hash=hashed))
    if known is None:
        db.session.add(ContactIdentity(contact_id=conversation.contact_id, kind=IdentityKind.DOCUMENT, hash=hashed))


def _opt_out(conversation: Conversation, _: effects.OptOut) -> None:
    conversation.contact.opted_out_at = func.now()


def _opt_in(conversation: Conversation, _: effects.OptIn) -> None:
    conversation.contact.opted_out_at = None


def _erase_message(conversation: Conversation, effect: effects.EraseMessage) -> None:
    """Forget one message, named by our id or, when the customer deleted it, by Meta's."""
    mine = select(Message).where(Message.conversation_id == conversation.id)
    hashed = keyring().lookup_hash("wamid", effect.message_id)
    row = db.session.scalar(mine.where(Message.wamid_hash == hashed)) if effect.message_id.startswith("wamid.") else None
    row = row or next((one for one in db.session.scalars(mine) if str(one.id) == effect.message_id), None)
    if row is not None:
        row.body, row.original, row.erased_at = None, None, func.now()
        log.info("message_erased", message_id=str(row.id), why=effect.why)


def _attach_media(conversation: Conversation, effect: effects.AttachMedia) -> None:
    newest = select(Ticket).filter_by(conversation_id=conversation.id).order_by(Ticket.created_at.desc()).limit(1)
    ticket = db.session.scalar(newest)
    if ticket is not None:
        ticket.attachments = [*ticket.attachments, *effect.message_ids]


DOERS: dict[type[Effect], Callable[[Conversation, Any], None]] = {
    effects.Escalate: _escalate,
    effects.CaptureLead: _capture_lead,
    effects.OpenTicket: _open_ticket,
    effects.BookVisit: _book_visit,
    effects.ExportData: _export_data,
    effects.EraseData: _erase_data,
    effects.CorrectData: _correct_data,
    effects.OptOut: _opt_out,
    effects.OptIn: _opt_in,
    effects.EraseMessage: _erase_message,
    effects.AttachMedia: _attach_media,
}
