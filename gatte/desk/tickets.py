"""Tickets in the hands of the desk: who works on one, where it stands, what was noted."""

from uuid import UUID

from sqlalchemy import func, select

from gatte.desk import audit
from gatte.extensions import db
from gatte.models import Ticket, TicketNote, TicketState, User
from gatte.models.columns import new_uuid7

LONGEST_NOTE = 4000


class NoSuchTicket(Exception):
    """There is no ticket with this id."""


class StaleTicket(Exception):
    """Somebody changed the ticket after the page was made."""


def get_ticket(ticket_id: UUID) -> Ticket:
    """A ticket, locked until the transaction ends; NoSuchTicket when there is none."""
    locked = select(Ticket).where(Ticket.id == ticket_id).with_for_update(of=Ticket)
    ticket: Ticket | None = db.session.scalar(locked.execution_options(populate_existing=True))
    if ticket is None:
        raise NoSuchTicket(str(ticket_id))
    return ticket


def change(
    ticket_id: UUID, state: TicketState, assignee: User | None, user_id: int, version: int
) -> Ticket:
    """Set where a ticket stands and who works on it; StaleTicket when that would undo what another
    did since `version`.
    """
    ticket = get_ticket(ticket_id)
    wanted = state, assignee.id if assignee else None
    if ticket.version != version and (ticket.state, ticket.assignee_id) != wanted:
        raise StaleTicket
    assign(ticket_id, assignee, user_id)
    return set_state(ticket_id, state, user_id)


def assign(ticket_id: UUID, assignee: User | None, user_id: int) -> Ticket:
    """Give a ticket to a person, or to nobody."""
    ticket = get_ticket(ticket_id)
    before, after = ticket.assignee_id, assignee.id if assignee else None
    if before != after:
        ticket.assignee_id = after
        _touch(ticket)
        audit.record(user_id, "ticket.assign", _subject(ticket), {"from": before, "to": after})
    return ticket


def set_state(ticket_id: UUID, state: TicketState, user_id: int) -> Ticket:
    """Set where a ticket stands."""
    ticket = get_ticket(ticket_id)
    if ticket.state is not state:
        audit.record(
            user_id,
            "ticket.state",
            _subject(ticket),
            {"from": ticket.state.value, "to": state.value},
        )
        ticket.state = state
        _touch(ticket)
    return ticket


def _touch(ticket: Ticket) -> None:
    ticket.version += 1
    ticket.updated_at = func.now()


def add_note(ticket_id: UUID, body: str, user_id: int, note_id: UUID | None = None) -> TicketNote:
    """Write a note that customers never see; one that is sent again with the same `note_id` is
    written once.
    """
    ticket = get_ticket(ticket_id)
    known = db.session.get(TicketNote, note_id) if note_id is not None else None
    if known is not None and (known.ticket_id, known.author_id, known.body) == (
        ticket_id,
        user_id,
        body,
    ):
        return known
    fresh_id = note_id if note_id is not None and known is None else new_uuid7()
    written = TicketNote(
        id=fresh_id,
        data_key_id=ticket.data_key_id,
        ticket_id=ticket.id,
        author_id=user_id,
        body=body,
    )
    ticket.updated_at = func.now()
    db.session.add(written)
    audit.record(user_id, "ticket.note", _subject(ticket))
    return written


def _subject(ticket: Ticket) -> str:
    return f"ticket:{ticket.id}"
