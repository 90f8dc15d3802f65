"""Tickets and their notes."""

from typing import Annotated
from uuid import UUID

from flask import url_for
from pydantic import Field

from gatte.conversation.effects import Urgency
from gatte.desk import tickets as desk
from gatte.extensions import db
from gatte.models import Scope, Ticket, TicketKind, TicketNote, TicketState, User, keyring
from gatte.store import conversations, users
from gatte.store import tickets as stored
from gatte.web.api.authorization import audit_list, audit_read, current_user_id
from gatte.web.api.contacts import require_contact
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.idempotency import seal_answer_with
from gatte.web.api.preconditions import require_match
from gatte.web.api.schema import (
    ApiModel,
    GivenMoment,
    Line,
    LongText,
    Moment,
    PageQuery,
    RowNumber,
    UpdatedSince,
)
from gatte.web.problems import Problem

TAG = "tickets"
PLACE = "/tickets/<uuid:ticket_id>"


class TicketResource(ApiModel):
    """A request of a customer that the desk must solve; customers know it by its number."""

    id: UUID
    number: int
    contact_id: UUID
    conversation_id: UUID | None
    kind: TicketKind
    state: TicketState
    urgency: Urgency
    assignee_id: int | None
    subject: str | None
    description: str | None
    due_at: Moment | None
    created_at: Moment
    updated_at: Moment


class TicketPage(ApiModel):
    items: list[TicketResource]
    next_cursor: str | None


class TicketListQuery(PageQuery):
    state: TicketState | None = None
    assignee_id: RowNumber | None = None
    contact_id: UUID | None = None
    updated_since: UpdatedSince = None


class NewTicket(ApiModel):
    contact_id: UUID
    conversation_id: UUID | None = Field(None, description="One of the contact's.")
    kind: TicketKind = TicketKind.REQUEST
    urgency: Urgency = Urgency.NORMAL
    subject: Line
    description: LongText
    due_at: GivenMoment | None = None


class TicketChange(ApiModel):
    """What is to be changed; what is left out stays. `assignee_id` null: nobody."""

    state: TicketState | None = None
    urgency: Urgency | None = None
    assignee_id: RowNumber | None = None


class TicketNoteResource(ApiModel):
    """A note of the desk; customers never see it."""

    id: UUID
    ticket_id: UUID
    author_id: int
    body: str | None
    created_at: Moment


class TicketNoteList(ApiModel):
    items: list[TicketNoteResource]


class NewTicketNote(ApiModel):
    body: Annotated[LongText, Field(description="What other people of the desk shall know.")]


def ticket_resource(ticket: Ticket) -> TicketResource:
    """A ticket as the API shows it."""
    return TicketResource(
        id=ticket.id,
        number=ticket.number,
        contact_id=ticket.contact_id,
        conversation_id=ticket.conversation_id,
        kind=ticket.kind,
        state=ticket.state,
        urgency=ticket.urgency,
        assignee_id=ticket.assignee_id,
        subject=ticket.subject,
        description=ticket.description,
        due_at=ticket.due_at,
        created_at=ticket.created_at,
        updated_at=ticket.updated_at,
    )


@Endpoint("GET", "/tickets", TAG, Scope.TICKETS_READ, TicketPage)
def list_tickets(query: TicketListQuery) -> TicketPage:
    """Tickets, the newest first."""
    after = read_cursor(query)
    found = stored.list_page(
        state=query.state,
        assignee_id=query.assignee_id,
        contact_id=query.contact_id,
        updated_since=query.updated_since,
        after=UUID(after[0]) if after else None,
        limit=query.limit + 1,
    )
    shown, cursor = cut_page(found, query, lambda ticket: [str(ticket.id)])
    keyring().preload({row.data_key_id for row in shown if row.data_key_id is not None})
    audit_list("ticket", [ticket.id for ticket in shown])
    return TicketPage(items=[ticket_resource(one) for one in shown], next_cursor=cursor)


@Endpoint(
    "POST", "/tickets", TAG, Scope.TICKETS_WRITE, TicketResource, 201, (404,), idempotent=True
)
def create_ticket(json: NewTicket) -> Answer:
    """Open a ticket about a contact."""
    contact = require_contact(json.contact_id)
    if json.conversation_id is not None:
        conversation = conversations.find_conversation(json.conversation_id)
        if conversation is None or conversation.contact_id != contact.id:
            raise not_found("conversation of the contact")
    ticket = desk.create(
        contact,
        current_user_id(),
        subject=json.subject,
        description=json.description,
        kind=json.kind,
        urgency=json.urgency,
        conversation_id=json.conversation_id,
        due_at=json.due_at,
    )
    place = url_for("api.get_ticket", ticket_id=ticket.id)
    return single(ticket_resource(ticket), 201, {"Location": place})


@Endpoint("GET", PLACE, TAG, Scope.TICKETS_READ, TicketResource)
def get_ticket(ticket_id: UUID) -> Answer:
    """One ticket."""
    ticket = stored.find_with_people(ticket_id)
    if ticket is None:
        raise not_found("ticket")
    audit_read(f"ticket:{ticket.id}")
    return single(ticket_resource(ticket))


@Endpoint("PATCH", PLACE, TAG, Scope.TICKETS_WRITE, TicketResource, conditional=True)
def change_ticket(ticket_id: UUID, json: TicketChange) -> Answer:
    """Set where a ticket stands, how pressing it is, and who works on it.

    A ticket is never deleted: cancel it.
    """
    ticket = stored.get_locked(ticket_id)
    require_match(ticket_resource(ticket))
    if "assignee_id" in json.model_fields_set:
        desk.assign(ticket_id, require_user(json.assignee_id), current_user_id())
    if json.urgency is not None:
        desk.set_urgency(ticket_id, json.urgency, current_user_id())
    if json.state is not None:
        desk.set_state(ticket_id, json.state, current_user_id())
    db.session.flush()
    return single(ticket_resource(ticket))


@Endpoint("GET", f"{PLACE}/notes", TAG, Scope.TICKETS_READ, TicketNoteList)
def list_ticket_notes(ticket_id: UUID) -> TicketNoteList:
    """The notes on a ticket, the first one first."""
    if stored.find_with_people(ticket_id) is None:
        raise not_found("ticket")
    notes = stored.list_notes(ticket_id)
    audit_read(f"ticket:{ticket_id}")
    return TicketNoteList(items=[_note_resource(note) for note in notes])


@Endpoint(
    "POST", f"{PLACE}/notes", TAG, Scope.TICKETS_WRITE, TicketNoteResource, 201, idempotent=True
)
def add_ticket_note(ticket_id: UUID, json: NewTicketNote) -> Answer:
    """Write a note on a ticket."""
    note = desk.add_note(ticket_id, json.body, current_user_id())
    db.session.flush()
    seal_answer_with(note.data_key_id)
    return single(_note_resource(note), 201)


def require_user(user_id: int | None) -> User | None:
    """The person who is to have something; None for nobody, a Problem (422) when there is no such
    person who may log in.
    """
    user = users.find_by_id(user_id) if user_id is not None else None
    if user_id is not None and (user is None or not user.active):
        raise Problem(422, "No active user has this id: see `flask users list`.", kind="no-user")
    return user


def _note_resource(note: TicketNote) -> TicketNoteResource:
    return TicketNoteResource(
        id=note.id,
        ticket_id=note.ticket_id,
        author_id=note.author_id,
        body=note.body,
        created_at=note.created_at,
    )
