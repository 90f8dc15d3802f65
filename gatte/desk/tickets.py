"""Tickets in the hands of the desk: who works on one, where it stands, what was noted."""

from uuid import UUID

from sqlalchemy import func, select

from gatte.desk import audit
from gatte.extensions import db
from gatte.models import Ticket, TicketNote, TicketState, User

LONGEST_NOTE = 4000


class NoSuchTicket(Exception):
    """There is no ticket with this id."""


def get_ticket(ticket_id: UUID) -> Ticket:
    """A ticket, locked until the transaction ends; NoSuchTicket when there is none."""
    ticket: Ticket | None = db.session.scalar(select(Ticket).where(Ticket.id == ticket_id).with_for_update(of=Ticket))
    if ticket is None:
        raise NoSuchTicket(str(ticket_id))
    return ticket


def assign(ticket_id: UUID, assignee: User | None, user_id: int) -> Ticket:
    """Give a ticket to a person, or to nobody."""
    ticket = get_ticket(ticket_id)
    before, after = ticket.assignee_id, assignee.id if assignee else None
    if before != after:
        ticket.assignee_id, ticket.updated_at = after, func.now()
        audit.record(user_id, "ticket.assign", _subject(ticket), {"from": before, "to": after})
    return ticket


def move(ticket_id: UUID, state: TicketState, user_id: int) -> Ticket:
    """Set where a ticket stands."""
    ticket = get_ticket(ticket_id)
    if ticket.state is not state:
        audit.record(user_id, "ticket.state", _subject(ticket), {"from": ticket.state.value, "to": state.value})
        ticket.state, ticket.updated_at = state, func.now()
    return ticket


def note(ticket_id: UUID, body: str, user_id: int) -> TicketNote:
    """Write a note that customers never see."""
    ticket = get_ticket(ticket_id)
    written = TicketNote(data_key_id=ticket.data_key_id, ticket_id=ticket.id, author_id=user_id, body=body[:LONGEST_NOTE])
    ticket.updated_at = func.now()
    db.session.add(written)
    audit.record(user_id, "ticket.note", _subject(ticket))
    return written


def _subject(ticket: Ticket) -> str:
    return f"ticket:{ticket.id}"
