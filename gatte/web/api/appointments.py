"""Appointments: listed, read, booked, moved, cancelled, and said how they went."""

from datetime import date, datetime, time
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from flask import url_for
from pydantic import Field, StringConstraints

from gatte import services
from gatte.conversation.effects import AppointmentKind
from gatte.desk import appointments as desk
from gatte.desk.appointments import LONGEST_NOTE, DeskChange, NotBookable
from gatte.extensions import db
from gatte.models import Appointment, AppointmentState, Author, Scope, keyring
from gatte.store import appointments as stored
from gatte.web.api.authorization import audit_list, audit_read, current_user_id
from gatte.web.api.certificates import Day
from gatte.web.api.conversations import require_conversation
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.idempotency import seal_answer_with
from gatte.web.api.preconditions import check_match, require_match
from gatte.web.api.schema import (
    NO_NUL,
    ApiModel,
    GivenMoment,
    Moment,
    PageQuery,
    UpdatedSince,
)
from gatte.web.problems import Problem

TAG = "appointments"
PLACE = "/appointments/<uuid:appointment_id>"
Note = Annotated[
    str, StringConstraints(strip_whitespace=True, max_length=LONGEST_NOTE, pattern=NO_NUL)
]
NOT_BOOKABLE = {
    "past": "This time has passed.",
    "closed": "No appointment can begin at this time: see the hours of the company.",
    "too_early": "Its time has not come: only then can it be said how it went.",
}


class AppointmentEnd(StrEnum):
    """How an appointment ends."""

    CANCELLED = "cancelled"
    DONE = "done"
    NO_SHOW = "no_show"


class AppointmentResource(ApiModel):
    """A time at which the company serves a contact; customers know it by its number."""

    id: UUID
    number: int
    contact_id: UUID
    conversation_id: UUID | None
    phone_number_id: str
    kind: AppointmentKind | None
    product: str | None
    starts_at: Moment
    ends_at: Moment
    state: AppointmentState = Field(
        description="`moved` is the former time of one that was put to another."
    )
    created_by: Author
    moved_from_id: UUID | None = Field(description="The former time of the same appointment.")
    note: str | None = Field(description="For the desk alone.")
    created_at: Moment
    updated_at: Moment


class AppointmentPage(ApiModel):
    items: list[AppointmentResource]
    next_cursor: str | None


class AppointmentListQuery(PageQuery):
    state: AppointmentState | None = None
    contact_id: UUID | None = None
    starts_from: GivenMoment | None = Field(None, description="Only those at this time or later.")
    starts_before: GivenMoment | None = Field(None, description="Only those before this time.")
    updated_since: UpdatedSince = None


class FreeTimeQuery(ApiModel):
    conversation_id: UUID = Field(description="For whose customer a time is sought.")
    day: Day = Field(description="In the company's time zone.")


class FreeTimeList(ApiModel):
    items: list[Moment] = Field(description="When an appointment may begin.")


class NewAppointmentTime(ApiModel):
    """A time to be booked for the customer of a conversation."""

    conversation_id: UUID
    starts_at: GivenMoment = Field(description="One of the times at which the company serves.")
    kind: AppointmentKind | None = None
    note: Note = ""


class AppointmentMove(ApiModel):
    starts_at: GivenMoment


class AppointmentChange(ApiModel):
    """How a booked appointment ended; `done` and `no_show` only after it began."""

    state: AppointmentEnd


def appointment_resource(row: Appointment) -> AppointmentResource:
    """An appointment as the API shows it."""
    return AppointmentResource(
        id=row.id,
        number=row.number,
        contact_id=row.contact_id,
        conversation_id=row.conversation_id,
        phone_number_id=row.phone_number_id,
        kind=row.kind,
        product=row.product,
        starts_at=row.starts_at,
        ends_at=row.ends_at,
        state=row.state,
        created_by=row.created_by,
        moved_from_id=row.moved_from_id,
        note=row.note,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


@Endpoint("GET", "/appointments", TAG, Scope.APPOINTMENTS_READ, AppointmentPage)
def list_appointments(query: AppointmentListQuery) -> AppointmentPage:
    """Appointments, those that were made last first."""
    after = read_cursor(query)
    found = stored.list_page(
        state=query.state,
        contact_id=query.contact_id,
        starts_from=query.starts_from,
        starts_before=query.starts_before,
        updated_since=query.updated_since,
        after=UUID(after[0]) if after else None,
        limit=query.limit + 1,
    )
    shown, cursor = cut_page(found, query, lambda row: [str(row.id)])
    keyring().preload({row.data_key_id for row in shown if row.data_key_id is not None})
    audit_list("appointment", [row.id for row in shown])
    items = [appointment_resource(row) for row in shown]
    return AppointmentPage(items=items, next_cursor=cursor)


@Endpoint(
    "GET",
    "/appointments/free-times",
    TAG,
    Scope.APPOINTMENTS_READ,
    FreeTimeList,
    refusals=(404,),
)
def list_free_times(query: FreeTimeQuery) -> FreeTimeList:
    """The times of a day that can be booked now. Another may be faster: then booking answers 409 of
    type `time-taken`.
    """
    conversation = require_conversation(query.conversation_id)
    return FreeTimeList(items=desk.free_times(conversation.phone_number_id, query.day))


@Endpoint("GET", PLACE, TAG, Scope.APPOINTMENTS_READ, AppointmentResource)
def get_appointment(appointment_id: UUID) -> Answer:
    """One appointment."""
    row = stored.find_with_contact(appointment_id)
    if row is None:
        raise not_found("appointment")
    audit_read(f"appointment:{row.id}")
    return single(appointment_resource(row))


@Endpoint(
    "POST",
    "/appointments",
    TAG,
    Scope.APPOINTMENTS_WRITE,
    AppointmentResource,
    201,
    (404, 409),
    idempotent=True,
)
def book_appointment(json: NewAppointmentTime) -> Answer:
    """Book a time for the customer of a conversation, who is told where free text may be sent.

    409 of type `time-taken` or `time-not-bookable` when that time cannot be had.
    """
    conversation = require_conversation(json.conversation_id)
    if conversation.data_key_id is None:
        raise not_found("conversation")
    day, at = _local(json.starts_at)
    try:
        done = desk.book(conversation.id, day, at, json.kind, json.note, current_user_id())
    except NotBookable as refused:
        raise _not_bookable(refused) from None
    return _changed(done, 201)


@Endpoint(
    "POST",
    f"{PLACE}/move",
    TAG,
    Scope.APPOINTMENTS_WRITE,
    AppointmentResource,
    status=201,
    refusals=(409, 412),
    idempotent=True,
)
def move_appointment(appointment_id: UUID, json: AppointmentMove) -> Answer:
    """Put a booked appointment to another time, and tell the customer where that may be.

    The answer is a new row of the same number, whose `moved_from_id` is the former one. If-Match is
    heeded when sent.
    """
    row = stored.get_locked(appointment_id)
    check_match(appointment_resource(row))
    day, at = _local(json.starts_at)
    try:
        done = desk.move(appointment_id, day, at, current_user_id(), row.version)
    except NotBookable as refused:
        raise _not_bookable(refused) from None
    return _changed(done, 201)


@Endpoint(
    "PATCH",
    PLACE,
    TAG,
    Scope.APPOINTMENTS_WRITE,
    AppointmentResource,
    refusals=(409,),
    conditional=True,
)
def change_appointment(appointment_id: UUID, json: AppointmentChange) -> Answer:
    """Cancel a booked appointment, or say how it went. The customer is told of a cancellation where
    free text may be sent.
    """
    row = stored.get_locked(appointment_id)
    require_match(appointment_resource(row))
    state = AppointmentState(json.state.value)
    try:
        done = desk.set_state(appointment_id, state, current_user_id(), row.version)
    except NotBookable as refused:
        raise _not_bookable(refused) from None
    return _changed(done)


def _local(starts_at: datetime) -> tuple[date, time]:
    """Day and hour of a time at the company."""
    there = starts_at.astimezone(services.settings().time_zone)
    return there.date(), there.time()


def _changed(done: DeskChange, status: int = 200) -> Answer:
    db.session.flush()
    row = stored.get_locked(done.appointment_id)
    seal_answer_with(row.data_key_id)
    place = url_for("api.get_appointment", appointment_id=row.id)
    headers = {"Location": place} if status == 201 else {}
    return single(appointment_resource(row), status, headers)


def _not_bookable(refused: NotBookable) -> Problem:
    return Problem(409, NOT_BOOKABLE[refused.problem], kind="time-not-bookable")
