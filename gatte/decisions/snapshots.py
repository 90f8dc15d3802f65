"""A conversation as the orchestrator sees it, and the change of a conversation by what the
orchestrator decided.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from gatte import services
from gatte.conversation.snapshot import (
    CertificateFacts,
    ContactFacts,
    IdentityFacts,
    Snapshot,
    TicketFacts,
)
from gatte.data_rights import erasure_requests
from gatte.data_rights.identity_check import Proof
from gatte.decisions import availability, booking, handling_time, known_facts
from gatte.models import Certificate, Conversation, Ticket
from gatte.store import Row, certificates, conversations, memories, tickets

TICKETS_SHOWN = 5
OTHERS_TICKETS = 50
"""Of a contact that somebody proved to be: one of them is asked for by its number."""
REMINDED_LATELY = timedelta(days=5)
"""Whoever wants to renew so soon after a reminder means the certificate that it named."""


def load_snapshot(conversation: Conversation, facts: Row | None = None) -> Snapshot:
    """Everything that a decision about this conversation may depend on, now.

    A caller who has just fetched the `SNAPSHOT_COLUMNS` gives them as `facts`.
    """
    settings = services.settings()
    now = datetime.now(settings.time_zone)
    delay = erasure_requests.automatic_delay()
    if facts is None:
        facts = conversations.get_snapshot_columns(conversation.id)
    known_facts.refresh(facts.facts_version)
    hours = known_facts.business_hours(now.date())
    minutes_each = handling_time.minutes_per_customer()
    return Snapshot(
        state=conversation.state,
        now=now,
        owner=conversation.owner,
        flow=conversation.flow,
        requested_slot=conversation.requested_slot,
        slots=conversation.slots or {},
        suspended_flow=conversation.suspended_flow,
        fallback_count=conversation.fallback_count,
        invalid_slot_count=conversation.invalid_slot_count,
        consecutive_errors=conversation.consecutive_errors,
        flags=conversation.flags or {},
        company=known_facts.company_name(now.date()),
        contact=_contact_facts(conversation, returning=facts.returning),
        certificates=_certificates(conversation) if facts.has_certificates else (),
        tickets=_tickets(conversation) if facts.has_tickets else (),
        appointments=booking.own_appointments(facts.appointments or ()),
        calendar=booking.calendar(now, facts.booked_times),
        desk=availability.desk_facts(now, hours, tuple(facts.ahead), minutes_each),
        hours=hours,
        memory=memories.opened(facts.memories),
        erasure_hours=None if delay is None else delay // timedelta(hours=1),
    )


def save_snapshot(conversation: Conversation, snapshot: Snapshot) -> None:
    """Store what the orchestrator wants to remember; a change of owner makes answers of the former
    owner void.
    """
    if snapshot.owner is not conversation.owner:
        conversation.owner_version += 1
    conversation.state = snapshot.state
    conversation.owner = snapshot.owner
    conversation.flow = snapshot.flow
    conversation.requested_slot = snapshot.requested_slot
    conversation.suspended_flow = snapshot.suspended_flow
    conversation.fallback_count = snapshot.fallback_count
    conversation.invalid_slot_count = snapshot.invalid_slot_count
    conversation.consecutive_errors = snapshot.consecutive_errors
    conversation.slots = dict(snapshot.slots)
    conversation.flags = dict(snapshot.flags)


def _contact_facts(conversation: Conversation, *, returning: bool) -> ContactFacts:
    contact = conversation.contact
    return ContactFacts(
        name=contact.name,
        email=contact.email,
        document=contact.document,
        phone=contact.phone,
        opted_out=contact.opted_out_at is not None,
        returning=returning,
    )


def _certificates(conversation: Conversation) -> tuple[CertificateFacts, ...]:
    rows = certificates.list_current_of_contact(conversation.contact_id)
    return tuple(_certificate(row) for row in rows)


def _certificate(row: Certificate) -> CertificateFacts:
    lately = datetime.now(UTC) - REMINDED_LATELY
    return CertificateFacts(
        id=str(row.id),
        kind=row.kind,
        holder=row.holder or "",
        valid_until=row.valid_until,
        status=row.status.value,
        reminded=row.reminded_at is not None and row.reminded_at > lately,
    )


def _tickets(conversation: Conversation) -> tuple[TicketFacts, ...]:
    rows = tickets.list_recent(conversation.contact_id, TICKETS_SHOWN)
    return tuple(_ticket(row) for row in rows)


def _ticket(row: Ticket) -> TicketFacts:
    return TicketFacts(row.number, row.subject or "", row.state.value, row.kind.value)


def identity_facts(proof: Proof) -> IdentityFacts:
    """How an identity check stands, and what is registered to the contact that was proved."""
    if proof.contact_id is None:
        return IdentityFacts(proof.state)
    registered = certificates.list_current_of_contact(proof.contact_id)
    asked = tickets.list_recent(proof.contact_id, OTHERS_TICKETS)
    return IdentityFacts(
        proof.state,
        tuple(replace(_certificate(row), document=row.document or "") for row in registered),
        tuple(_ticket(row) for row in asked),
    )
