"""A conversation as the orchestrator sees it, and the change of a conversation by what the
orchestrator decided.
"""

from datetime import datetime

from gatte import services
from gatte.conversation.snapshot import CertificateFacts, ContactFacts, Snapshot, TicketFacts
from gatte.decisions import availability, handling_time
from gatte.models import Conversation
from gatte.store import Row, certificates, conversations, tickets

TICKETS_SHOWN = 5


def load_snapshot(conversation: Conversation, facts: Row | None = None) -> Snapshot:
    """Everything that a decision about this conversation may depend on, now.

    A caller who has just fetched the `SNAPSHOT_COLUMNS` gives them as `facts`.
    """
    settings = services.settings()
    now = datetime.now(settings.time_zone)
    if facts is None:
        facts = conversations.get_snapshot_columns(conversation.id)
    return Snapshot(
        state=conversation.state,
        now=now,
        owner=conversation.owner,
        flow=conversation.flow,
        requested_slot=conversation.asking,
        slots=conversation.slots or {},
        suspended_flow=conversation.suspended,
        fallback_count=conversation.misunderstandings,
        invalid_slot_count=conversation.slot_failures,
        consecutive_errors=conversation.errors,
        flags=conversation.notes or {},
        company=settings.gatte_company,
        contact=_contact_facts(conversation, returning=facts.returning),
        certificates=_certificates(conversation) if facts.has_certificates else (),
        tickets=_tickets(conversation) if facts.has_tickets else (),
        desk=availability.desk_facts(now, tuple(facts.ahead), handling_time.minutes_per_customer()),
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
    conversation.asking = snapshot.requested_slot
    conversation.suspended = snapshot.suspended_flow
    conversation.misunderstandings = snapshot.fallback_count
    conversation.slot_failures = snapshot.invalid_slot_count
    conversation.errors = snapshot.consecutive_errors
    conversation.slots = dict(snapshot.slots)
    conversation.notes = dict(snapshot.flags)


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
    rows = certificates.list_of_contact(conversation.contact_id)
    return tuple(
        CertificateFacts(str(row.id), row.kind, row.holder or "", row.valid_until, row.status.value)
        for row in rows
    )


def _tickets(conversation: Conversation) -> tuple[TicketFacts, ...]:
    rows = tickets.list_recent(conversation.contact_id, TICKETS_SHOWN)
    return tuple(TicketFacts(row.number, row.subject or "", row.state.value) for row in rows)
