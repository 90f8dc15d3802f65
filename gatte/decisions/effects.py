"""What a decision asks to be done, each as a change of the tables; they commit with the answer or
not at all.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog

from gatte.conversation import effects
from gatte.conversation.effects import Effect
from gatte.conversation.memory_kinds import MemoryKind
from gatte.data_rights import erasure_requests, identity_check
from gatte.decisions import booking
from gatte.intake import contact_identity
from gatte.models import ConsentSource, Conversation, IdentityKind, TicketKind
from gatte.observability import metrics
from gatte.store import (
    audit,
    contacts,
    conversations,
    leads,
    memories,
    messages,
    tickets,
    turns,
    unanswered,
)

log = structlog.get_logger(__name__)

# the parts of a turn's trace in which words of a customer may stand
PERSONAL_TRACE_KEYS = {"history", "course", "stack"}  # the second before schema 0011
DATA_REQUEST_TERM = timedelta(days=15)  # LGPD art. 19, II: the complete statement


def apply_effect(conversation: Conversation, effect: Effect) -> int | None:
    """Carry out one effect; the number of the ticket that it opened, where the customer is told
    one.
    """
    return EFFECT_HANDLERS[type(effect)](conversation, effect)


def _escalate(conversation: Conversation, effect: effects.QueueForHuman) -> None:
    conversation.escalation_reason = effect.reason
    conversation.priority = effect.priority
    conversation.summary = f"{effect.summary}\n{effect.activity_log}".strip()
    conversations.start_waiting(conversation)
    metrics.ESCALATIONS.labels(reason=effect.reason).inc()
    log.info("escalated", reason=effect.reason.value, priority=effect.priority)


def _capture_lead(conversation: Conversation, effect: effects.CaptureLead) -> None:
    details = {
        "product": effect.product,
        "name": effect.name,
        "company": effect.company,
        "document": effect.document,
        "email": effect.email,
    }
    if effect.renewal_of is not None:
        waiting = leads.find_active_renewal(conversation.contact_id, effect.renewal_of)
        if waiting is not None:
            leads.complete_renewal(waiting, conversation, details)
            return
    leads.add_lead(conversation, renewal_of=effect.renewal_of, **details)


def _open_ticket(conversation: Conversation, effect: effects.OpenTicket) -> None:
    tickets.open_ticket(
        conversation,
        TicketKind.REQUEST,
        effect.subject,
        effect.description,
        urgency=effect.urgency,
        attachments=list(effect.message_ids),
    )


def _data_request(
    conversation: Conversation, subject: str, erased_in: timedelta | None = None
) -> int:
    """A ticket before others, by whose number the customer may ask for the answer that the law
    grants; with `erased_in` the contact is erased so long after now.
    """
    number = tickets.next_number()
    tickets.open_ticket(
        conversation,
        TicketKind.DATA_REQUEST,
        subject,
        subject,
        number=number,
        urgency=effects.Urgency.HIGH,
        due_in=DATA_REQUEST_TERM,
        erased_in=erased_in,
    )
    return number


def _export_data(conversation: Conversation, _: effects.ExportData) -> int:
    return _data_request(conversation, "Cópia dos dados pessoais (LGPD, art. 18)")


def _erase_data(conversation: Conversation, _: effects.EraseData) -> int:
    delay = erasure_requests.automatic_delay()
    return _data_request(conversation, "Eliminação dos dados pessoais (LGPD, art. 18)", delay)


def _forget_memory(conversation: Conversation, effect: effects.ForgetMemory) -> None:
    """Forget one thing of the contact, with the registered e-mail where it is that."""
    contact = conversation.contact
    kind = MemoryKind(effect.kind)
    memories.forget_kind(contact.id, kind)
    if kind is MemoryKind.EMAIL:
        contact.email = None
    audit.record_of_bot("memory.forget", f"contact:{contact.id}", {"kind": kind.value})


def _correct_data(conversation: Conversation, effect: effects.CorrectData) -> None:
    contact = conversation.contact
    if effect.field not in {"name", "email", "document"}:
        raise ValueError(f"no such registered value: {effect.field}")
    setattr(contact, effect.field, effect.value)
    audit.record_of_bot("data_corrected", f"contact:{contact.id}", {"field": effect.field})
    if effect.field == "document":
        register_document(conversation, effect.value)


def register_document(conversation: Conversation, document: str) -> None:
    """Let the contact be found by this CPF or CNPJ (digits and letters only), unless it is another
    contact's.
    """
    number = conversation.phone_number_id
    hashed = contact_identity.hash_of(IdentityKind.DOCUMENT, document, number)
    if contacts.find_identity(IdentityKind.DOCUMENT, hashed) is None:
        contacts.add_identity(conversation.contact_id, IdentityKind.DOCUMENT, hashed)


def _opt_out(conversation: Conversation, _: effects.StopNotices) -> None:
    contacts.opt_out(conversation.contact, ConsentSource.CUSTOMER)


def _opt_in(conversation: Conversation, _: effects.ResumeNotices) -> None:
    contacts.opt_in(conversation.contact, ConsentSource.CUSTOMER)


def _erase_message(conversation: Conversation, effect: effects.EraseMessage) -> None:
    """Forget what a message of this contact said, with its later versions and what turns kept of
    them.
    """
    row = messages.find_message(UUID(effect.message_id))
    if row is None or row.contact_id != conversation.contact_id:
        return
    for one in [row, *messages.list_edits(row)]:
        messages.erase(one)
        memories.forget_told_in(one.id)
        unanswered.delete_told_in(one.id)
        if one.turn_id is not None:  # the turn that is under way sees to its own trace
            turns.redact_trace(one.turn_id, PERSONAL_TRACE_KEYS)
    log.info("message_erased", message_id=str(row.id), why=effect.reason)


def _attach_media(conversation: Conversation, effect: effects.AttachMedia) -> None:
    """Keep media with the contact's newest open ticket, whichever conversation it came from."""
    ticket = tickets.find_newest_active(conversation.contact_id)
    if ticket is not None:
        ticket.attachments = [*ticket.attachments, *effect.message_ids]


EFFECT_HANDLERS: dict[type[Effect], Callable[[Conversation, Any], int | None]] = {
    effects.QueueForHuman: _escalate,
    effects.CaptureLead: _capture_lead,
    effects.OpenTicket: _open_ticket,
    effects.BookAppointment: booking.book,
    effects.MoveAppointment: booking.move,
    effects.CancelAppointment: booking.cancel,
    effects.SendIdentityCode: identity_check.begin,
    effects.ExportData: _export_data,
    effects.EraseData: _erase_data,
    effects.CorrectData: _correct_data,
    effects.ForgetMemory: _forget_memory,
    effects.StopNotices: _opt_out,
    effects.ResumeNotices: _opt_in,
    effects.EraseMessage: _erase_message,
    effects.AttachMedia: _attach_media,
}
