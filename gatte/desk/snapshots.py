"""A conversation as the orchestrator sees it, and the change of a conversation by what the orchestrator decided."""

from datetime import datetime

from flask import current_app
from sqlalchemy import select

from gatte.conversation.alarms import PRIORITY
from gatte.conversation.snapshot import CertificateFacts, ContactFacts, Snapshot, TicketFacts
from gatte.database import Row, ask
from gatte.desk import hours, pace
from gatte.extensions import db
from gatte.models import Certificate, Conversation, Ticket, TicketState
from gatte.settings import Settings

TICKETS_SHOWN = 5
NO_PRIORITY = 9  # behind every real priority
# The desk serves by priority, then by who has waited longest; who does not wait yet comes last of the same priority.
AHEAD_BY_PRIORITY = ", ".join(
    f"""count(*) FILTER (WHERE (coalesce(w.priority, {NO_PRIORITY}), w.waiting_since, w.id)
        < ({priority}, coalesce(conversation.waiting_since, 'infinity'), conversation.id))"""
    for priority in range(max(PRIORITY.values()) + 1)
)
FACTS = f"""
    EXISTS (SELECT FROM conversation o WHERE o.contact_id = conversation.contact_id AND o.id <> conversation.id) AS returning,
    EXISTS (SELECT FROM certificate WHERE contact_id = conversation.contact_id) AS has_certificates,
    EXISTS (SELECT FROM ticket WHERE contact_id = conversation.contact_id) AS has_tickets,
    (SELECT ARRAY[{AHEAD_BY_PRIORITY}] FROM conversation w
        WHERE w.state = 'STATE_WAITING_HUMAN' AND w.closed_at IS NULL AND w.id <> conversation.id) AS ahead
"""  # noqa: S608 - our own words only
"""Columns that a snapshot is made of, beside the conversation's own."""
FACTS_OF_ONE = f"SELECT {FACTS} FROM conversation WHERE id = %s"  # noqa: S608 - our own words only


def snapshot_of(conversation: Conversation, facts: Row | None = None) -> Snapshot:
    """Everything that a decision about this conversation may depend on, now; a caller who has just asked for the `FACTS` gives them."""
    settings: Settings = current_app.extensions["gatte_settings"]
    now = datetime.now(settings.time_zone)
    if facts is None:
        db.session.flush()
        facts = ask(FACTS_OF_ONE, (conversation.id,))[0]
    return Snapshot(
        state=conversation.state,
        now=now,
        owner=conversation.owner,
        flow=conversation.flow,
        asking=conversation.asking,
        slots=conversation.slots or {},
        suspended=conversation.suspended,
        misunderstandings=conversation.misunderstandings,
        slot_failures=conversation.slot_failures,
        errors=conversation.errors,
        notes=conversation.notes or {},
        company=settings.gatte_company,
        contact=_contact_facts(conversation, returning=facts.returning),
        certificates=_certificates(conversation) if facts.has_certificates else (),
        tickets=_tickets(conversation) if facts.has_tickets else (),
        desk=hours.desk_facts(now, tuple(facts.ahead), pace.minutes_each()),
    )


def keep(conversation: Conversation, snapshot: Snapshot) -> None:
    """Store what the orchestrator wants to remember; a change of owner makes answers of the former owner void."""
    if snapshot.owner is not conversation.owner:
        conversation.owner_version += 1
    conversation.state = snapshot.state
    conversation.owner = snapshot.owner
    conversation.flow = snapshot.flow
    conversation.asking = snapshot.asking
    conversation.suspended = snapshot.suspended
    conversation.misunderstandings = snapshot.misunderstandings
    conversation.slot_failures = snapshot.slot_failures
    conversation.errors = snapshot.errors
    conversation.slots = dict(snapshot.slots)
    conversation.notes = dict(snapshot.notes)


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
    rows = db.session.scalars(select(Certificate).filter_by(contact_id=conversation.contact_id).order_by(Certificate.valid_until))
    return tuple(CertificateFacts(str(row.id), row.kind, row.holder or "", row.valid_until, row.status.value) for row in rows)


def _tickets(conversation: Conversation) -> tuple[TicketFacts, ...]:
    mine = select(Ticket).where(Ticket.contact_id == conversation.contact_id, Ticket.state != TicketState.CANCELLED)
    rows = db.session.scalars(mine.order_by(Ticket.created_at.desc()).limit(TICKETS_SHOWN))
    return tuple(TicketFacts(row.number, row.subject or "", row.state.value) for row in rows)
