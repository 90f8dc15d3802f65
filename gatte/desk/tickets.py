"""Tickets in the hands of the desk: who works on one, where it stands, what was noted."""

from typing import Any
from uuid import UUID

from gatte.conversation.effects import Urgency
from gatte.models import Contact, Ticket, TicketKind, TicketNote, TicketState, User
from gatte.models.columns import new_uuid7
from gatte.store import audit
from gatte.store import tickets as stored
from gatte.store.tickets import get_locked, touch

LONGEST_NOTE = 4000


class StaleTicket(Exception):
    """Somebody changed the ticket after the page was made."""


def change(
    ticket_id: UUID, state: TicketState, assignee: User | None, user_id: int, version: int
) -> Ticket:
    """Set where a ticket stands and who works on it; StaleTicket when that would undo what another
    did since `version`.
    """
    ticket = get_locked(ticket_id)
    wanted = state, assignee.id if assignee else None
    if ticket.version != version and (ticket.state, ticket.assignee_id) != wanted:
        raise StaleTicket
    assign(ticket_id, assignee, user_id)
    return set_state(ticket_id, state, user_id)


def create(
    contact: Contact,
    user_id: int,
    *,
    subject: str,
    description: str,
    kind: TicketKind,
    urgency: Urgency,
    **more: Any,  # noqa: ANN401 - columns by name
) -> Ticket:
    """Open a ticket about a contact that did not come of the bot."""
    ticket = stored.add_ticket(
        contact, kind=kind, urgency=urgency, subject=subject, description=description, **more
    )
    audit.record(user_id, "ticket.create", _subject(ticket))
    return ticket


def assign(ticket_id: UUID, assignee: User | None, user_id: int) -> Ticket:
    """Give a ticket to a person, or to nobody."""
    ticket = get_locked(ticket_id)
    before, after = ticket.assignee_id, assignee.id if assignee else None
    if before != after:
        ticket.assignee_id = after
        touch(ticket)
        audit.record(user_id, "ticket.assign", _subject(ticket), {"from": before, "to": after})
    return ticket


def set_state(ticket_id: UUID, state: TicketState, user_id: int) -> Ticket:
    """Set where a ticket stands."""
    ticket = get_locked(ticket_id)
    if ticket.state is not state:
        audit.record(
            user_id,
            "ticket.state",
            _subject(ticket),
            {"from": ticket.state.value, "to": state.value},
        )
        ticket.state = state
        touch(ticket)
    return ticket


def set_urgency(ticket_id: UUID, urgency: Urgency, user_id: int) -> Ticket:
    """Set how pressing a ticket is."""
    ticket = get_locked(ticket_id)
    before = ticket.urgency
    if before is not urgency:
        ticket.urgency = urgency
        touch(ticket)
        details = {"from": before.value, "to": urgency.value}
        audit.record(user_id, "ticket.urgency", _subject(ticket), details)
    return ticket


def add_note(ticket_id: UUID, body: str, user_id: int, note_id: UUID | None = None) -> TicketNote:
    """Write a note that customers never see; one that is sent again with the same `note_id` is
    written once.
    """
    ticket = get_locked(ticket_id)
    known = stored.find_note(note_id) if note_id is not None else None
    if known is not None and (known.ticket_id, known.author_id, known.body) == (
        ticket_id,
        user_id,
        body,
    ):
        return known
    fresh_id = note_id if note_id is not None and known is None else new_uuid7()
    written = stored.add_note(ticket, fresh_id, user_id, body)
    audit.record(user_id, "ticket.note", _subject(ticket))
    return written


def _subject(ticket: Ticket) -> str:
    return f"ticket:{ticket.id}"
