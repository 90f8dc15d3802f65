"""A conversation as the orchestrator sees it, and the change of a conversation by what the
orchestrator decided.
"""

from datetime import datetime

from flask import current_app
from sqlalchemy import select

from gatte.conversation.escalation_rules import PRIORITY
from gatte.conversation.snapshot import CertificateFacts, ContactFacts, Snapshot, TicketFacts
from gatte.decisions import availability, handling_time
from gatte.extensions import db
from gatte.infra.database.statement_batch import Row, fetch_rows
from gatte.models import Certificate, Conversation, Ticket, TicketState
from gatte.settings import Settings

TICKETS_SHOWN = 5
NO_PRIORITY = 9  # behind every real priority
# The desk serves by priority, then by who has waited longest; who does not wait yet comes last of
# the same priority.
AHEAD_BY_PRIORITY = ", ".join(
    f"""count(*) FILTER (WHERE (coalesce(w.priority, {NO_PRIORITY}), w.waiting_since, w.id)
        < ({priority}, coalesce(conversation.waiting_since, 'infinity'), conversation.id))"""
    for priority in range(max(PRIORITY.values()) + 1)
)
SNAPSHOT_COLUMNS = f"""
    EXISTS (
        SELECT FROM conversation o
        WHERE o.contact_id = conversation.contact_id AND o.id <> conversation.id
    ) AS returning,
    EXISTS (SELECT FROM certificate WHERE contact_id = conversation.contact_id) AS has_certificates,
    EXISTS (SELECT FROM ticket WHERE contact_id = conversation.contact_id) AS has_tickets,
    (
        SELECT ARRAY[{AHEAD_BY_PRIORITY}]
        FROM conversation w
        WHERE w.state = 'STATE_WAITING_HUMAN' AND w.closed_at IS NULL
            AND w.id <> conversation.id
    ) AS ahead
"""  # noqa: S608 - our own words only
"""Columns that a snapshot is made of, beside the conversation's own."""
SNAPSHOT_COLUMNS_SQL = f"SELECT {SNAPSHOT_COLUMNS} FROM conversation WHERE id = %s"  # noqa: S608 - our own words only


def load_snapshot(conversation: Conversation, facts: Row | None = None) -> Snapshot:
    """Everything that a decision about this conversation may depend on, now.

    A caller who has just fetched the `SNAPSHOT_COLUMNS` gives them as `facts`.
    """
    settings: Settings = current_app.extensions["gatte_settings"]
    now = datetime.now(settings.time_zone)
    if facts is None:
        db.session.flush()
        facts = fetch_rows(SNAPSHOT_COLUMNS_SQL, (conversation.id,))[0]
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
    rows = db.session.scalars(
        select(Certificate)
        .filter_by(contact_id=conversation.contact_id)
        .order_by(Certificate.valid_until)
    )
    return tuple(
        CertificateFacts(str(row.id), row.kind, row.holder or "", row.valid_until, row.status.value)
        for row in rows
    )


def _tickets(conversation: Conversation) -> tuple[TicketFacts, ...]:
    mine = select(Ticket).where(
        Ticket.contact_id == conversation.contact_id, Ticket.state != TicketState.CANCELLED
    )
    rows = db.session.scalars(mine.order_by(Ticket.created_at.desc()).limit(TICKETS_SHOWN))
    return tuple(TicketFacts(row.number, row.subject or "", row.state.value) for row in rows)
