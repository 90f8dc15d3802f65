"""The tables `ticket` and `ticket_note`: what customers want the desk to solve."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, tuple_, update
from sqlalchemy.orm import joinedload

from gatte.extensions import db
from gatte.models import Contact, Conversation, Ticket, TicketKind, TicketNote, TicketState
from gatte.models.desk import TICKET_NUMBERS

SETTLED_STATES = (TicketState.SOLVED, TicketState.CANCELLED)
ACTIVE_STATES = tuple(state for state in TicketState if state not in SETTLED_STATES)


class NoSuchTicket(Exception):
    """There is no ticket with this id."""


def open_ticket(
    conversation: Conversation,
    kind: TicketKind,
    subject: str,
    description: str,
    due_in: timedelta | None = None,
    erased_in: timedelta | None = None,
    **more: Any,  # noqa: ANN401 - columns by name
) -> None:
    """Store a ticket that came of a conversation: to be solved, and its contact to be erased, so
    long after now; without, at no set time.
    """
    db.session.add(
        Ticket(
            data_key_id=conversation.data_key_id,
            contact_id=conversation.contact_id,
            conversation_id=conversation.id,
            kind=kind,
            subject=subject,
            description=description,
            due_at=None if due_in is None else func.now() + due_in,
            erasure_due_at=None if erased_in is None else func.now() + erased_in,
            **more,
        )
    )


def add_ticket(contact: Contact, **values: Any) -> Ticket:  # noqa: ANN401 - columns by name
    """Store a ticket about a contact, whose number is known from then on."""
    ticket = Ticket(data_key_id=contact.data_key_id, contact_id=contact.id, **values)
    db.session.add(ticket)
    db.session.flush()
    return ticket


def next_number() -> int:
    """A number that no ticket has, and none will get but by the caller."""
    number: int = db.session.execute(select(TICKET_NUMBERS.next_value())).scalar_one()
    return number


def open_or_extend_follow_up(conversation: Conversation, subject: str, text: str) -> None:
    """Let the newest open follow-up of a conversation say this too when it has this subject, else
    open one.
    """
    opened = select(Ticket).filter_by(
        conversation_id=conversation.id, kind=TicketKind.FOLLOW_UP, state=TicketState.OPEN
    )
    newest = opened.order_by(Ticket.created_at.desc(), Ticket.number.desc())
    ticket = db.session.scalar(newest.limit(1))
    if ticket is None or ticket.subject != subject:
        open_ticket(conversation, TicketKind.FOLLOW_UP, subject, text)
        return
    ticket.description = f"{ticket.description}\n\n{text}"
    ticket.updated_at = func.now()


def get_locked(ticket_id: UUID) -> Ticket:
    """A ticket, locked until the transaction ends; NoSuchTicket when there is none."""
    locked = select(Ticket).where(Ticket.id == ticket_id).with_for_update(of=Ticket)
    ticket: Ticket | None = db.session.scalar(locked.execution_options(populate_existing=True))
    if ticket is None:
        raise NoSuchTicket(str(ticket_id))
    return ticket


def find_with_people(ticket_id: UUID) -> Ticket | None:
    """A ticket with its contact and its agent."""
    query = select(Ticket).where(Ticket.id == ticket_id)
    return db.session.scalar(query.options(joinedload(Ticket.contact), joinedload(Ticket.assignee)))


def find_newest_active(contact_id: UUID) -> Ticket | None:
    """The ticket of a contact that was opened last among those still to be solved."""
    active = select(Ticket).where(
        Ticket.contact_id == contact_id, Ticket.state.not_in(SETTLED_STATES)
    )
    newest = active.order_by(Ticket.created_at.desc(), Ticket.number.desc())
    return db.session.scalar(newest.limit(1))


def list_recent(contact_id: UUID, limit: int) -> list[Ticket]:
    """The tickets of a contact that were not cancelled, the newest first."""
    mine = select(Ticket).where(
        Ticket.contact_id == contact_id, Ticket.state != TicketState.CANCELLED
    )
    newest = mine.order_by(Ticket.created_at.desc(), Ticket.number.desc())
    return list(db.session.scalars(newest.limit(limit)))


def list_of_contact(contact_id: UUID, limit: int) -> list[Ticket]:
    """The tickets of a contact in whatever state, the newest first."""
    query = select(Ticket).where(Ticket.contact_id == contact_id)
    return list(db.session.scalars(query.order_by(Ticket.id.desc()).limit(limit)))


def list_in_states(
    states: Sequence[TicketState],
    assignee_id: int | None,
    after: tuple[datetime, int] | None,
    limit: int,
) -> Sequence[Ticket]:
    """Tickets in these states, of one agent when one is given, the newest first; those behind the
    time and number of `after`.
    """
    query = (
        select(Ticket)
        .where(Ticket.state.in_(states))
        .options(joinedload(Ticket.contact), joinedload(Ticket.assignee))
    )
    if assignee_id is not None:
        query = query.where(Ticket.assignee_id == assignee_id)
    if after is not None:
        query = query.where(tuple_(Ticket.created_at, Ticket.number) < tuple_(*after))
    newest = query.order_by(Ticket.created_at.desc(), Ticket.number.desc())
    return db.session.scalars(newest.limit(limit)).all()


def list_page(
    *,
    state: TicketState | None,
    assignee_id: int | None,
    contact_id: UUID | None,
    updated_since: datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Ticket]:
    """Tickets in a state, of an agent, of a contact, changed since a time, where asked, the newest
    first (ids made later sort later); those behind `after`.
    """
    query = select(Ticket)
    if state is not None:
        query = query.where(Ticket.state == state)
    if assignee_id is not None:
        query = query.where(Ticket.assignee_id == assignee_id)
    if contact_id is not None:
        query = query.where(Ticket.contact_id == contact_id)
    if updated_since is not None:
        query = query.where(Ticket.updated_at >= updated_since)
    if after is not None:
        query = query.where(Ticket.id < after)
    return db.session.scalars(query.order_by(Ticket.id.desc()).limit(limit)).all()


def count_by_state(assignee_id: int | None) -> dict[TicketState, int]:
    """How many tickets are in each state, of one agent when one is given; states of none are left
    out.
    """
    counting = select(Ticket.state, func.count()).group_by(Ticket.state)
    if assignee_id is not None:
        counting = counting.where(Ticket.assignee_id == assignee_id)
    return dict(db.session.execute(counting).all())


def list_erasures_due() -> list[UUID]:
    """The contacts with an open ticket that has them erased by now, the longest due first."""
    due = select(Ticket.contact_id).where(
        Ticket.erasure_due_at <= func.clock_timestamp(), Ticket.state.not_in(SETTLED_STATES)
    )
    found = db.session.scalars(due.order_by(Ticket.erasure_due_at, Ticket.id))
    return list(dict.fromkeys(found))


def cancel_erasures(contact_id: UUID) -> None:
    """Let no ticket of a contact have it erased by the clock."""
    theirs = update(Ticket).where(
        Ticket.contact_id == contact_id, Ticket.erasure_due_at.is_not(None)
    )
    db.session.execute(theirs.values(erasure_due_at=None))


def touch(ticket: Ticket) -> None:
    """Note that a person changed the ticket now: forms of the version before are out of date."""
    ticket.version += 1
    ticket.updated_at = func.now()


def add_note(ticket: Ticket, note_id: UUID, author_id: int, body: str) -> TicketNote:
    """Store a note on a ticket."""
    note = TicketNote(
        id=note_id,
        data_key_id=ticket.data_key_id,
        ticket_id=ticket.id,
        author_id=author_id,
        body=body,
    )
    ticket.updated_at = func.now()
    db.session.add(note)
    return note


def find_note(note_id: UUID) -> TicketNote | None:
    """The note with this id."""
    return db.session.get(TicketNote, note_id)


def list_notes(ticket_id: UUID) -> Sequence[TicketNote]:
    """The notes on a ticket with their authors, the first one first."""
    query = (
        select(TicketNote)
        .where(TicketNote.ticket_id == ticket_id)
        .options(joinedload(TicketNote.author))
    )
    return db.session.scalars(query.order_by(TicketNote.created_at, TicketNote.id)).all()
