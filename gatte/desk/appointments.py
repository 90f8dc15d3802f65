"""Appointments in the hands of the desk: booked, moved, cancelled, marked as done or missed; and
the customer is told while free text may be sent.
"""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from uuid import UUID

from gatte import services
from gatte.conversation.appointment_calendar import AppointmentCalendar
from gatte.conversation.effects import AppointmentKind
from gatte.conversation.flows.appointment_changes import desk_notice
from gatte.conversation.replies import TextReply
from gatte.decisions import booking, known_facts
from gatte.models import Appointment, AppointmentState, Author
from gatte.models.columns import new_uuid7
from gatte.store import appointments as stored
from gatte.store import audit, conversations, outbox, reminders, tickets
from gatte.store.appointments import NewAppointment
from gatte.store.conversations import is_service_window_open

LONGEST_NOTE = 1000
PAST_STATES = (AppointmentState.DONE, AppointmentState.NO_SHOW)


class StaleAppointment(Exception):
    """Somebody changed the appointment after the page was made."""


class NotBookable(Exception):
    """No appointment can be at this time; `problem` says why: past, closed, or too_early for a
    state that only the past can have.
    """

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True)
class DeskChange:
    """What became of an appointment, and whether the customer was told."""

    appointment_id: UUID
    told: bool


def local_now() -> datetime:
    """The time now in the company's time zone."""
    return datetime.now(services.settings().time_zone)


def calendar_at(now: datetime) -> AppointmentCalendar:
    """The company's times as the desk may use them: without notice."""
    known_facts.refresh()
    return replace(booking.calendar(now, ()), notice_minutes=0)


def free_times(phone_number_id: str, day: date) -> list[datetime]:
    """When an appointment of a day over a number may begin: at hours of the company that have not
    passed, and at which not all that can be served at once are booked.
    """
    now = local_now()
    midnight = datetime.combine(day, time(), now.tzinfo)
    booked = stored.list_booked_starts(phone_number_id, midnight, midnight + timedelta(days=1))
    known_facts.refresh()
    calendar = replace(booking.calendar(now, booked), notice_minutes=0)
    return [booking.span_of(day, at)[0] for at in calendar.free(day, now)]


def book(
    conversation_id: UUID,
    day: date,
    at: time,
    kind: AppointmentKind | None,
    note: str,
    user_id: int,
    appointment_id: UUID | None = None,
) -> DeskChange:
    """Book a time for the customer of a conversation; NotBookable or TimeTaken when it cannot be.

    A form that is sent again with the same id is booked once.
    """
    conversation = conversations.get_locked(conversation_id)
    row_id = appointment_id or new_uuid7()
    if stored.find_with_contact(row_id) is not None:
        return DeskChange(row_id, told=False)
    _check_bookable(day, at)
    starts_at, ends_at = booking.span_of(day, at)
    wanted = NewAppointment(
        contact=conversation.contact,
        phone_number_id=conversation.phone_number_id,
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=Author.AGENT,
        conversation_id=conversation.id,
        kind=kind,
        note=note or None,
        number=tickets.next_number(),
        id=row_id,
    )
    stored.book(wanted, services.settings().gatte_appointments_at_once)
    audit.record(
        user_id,
        "appointment.book",
        _subject(row_id),
    )
    return DeskChange(
        row_id,
        _tell(
            "booked",
            stored.get_locked(row_id),
            user_id,
        ),
    )


def move(appointment_id: UUID, day: date, at: time, user_id: int, version: int) -> DeskChange:
    """Put a booked appointment to another time; StaleAppointment, NotBookable or TimeTaken when
    that cannot be.
    """
    appointment = _get_booked(appointment_id, version)
    _check_bookable(day, at)
    starts_at, ends_at = booking.span_of(day, at)
    before = appointment.starts_at.isoformat()
    at_once = services.settings().gatte_appointments_at_once
    moved_id = stored.move(
        appointment,
        starts_at,
        ends_at,
        Author.AGENT,
        at_once,
    )
    details = {"from": before, "to": starts_at.isoformat(), "row": str(moved_id)}
    audit.record(
        user_id,
        "appointment.move",
        _subject(appointment_id),
        details,
    )
    return DeskChange(
        moved_id,
        _tell(
            "moved",
            stored.get_locked(moved_id),
            user_id,
        ),
    )


def set_state(
    appointment_id: UUID, state: AppointmentState, user_id: int, version: int
) -> DeskChange:
    """Cancel a booked appointment, or say how it went when its time has come; StaleAppointment or
    NotBookable when that cannot be.
    """
    appointment = _get_booked(appointment_id, version)
    if state in PAST_STATES and appointment.starts_at > local_now():
        raise NotBookable("too_early")
    appointment.state = state
    stored.touch(appointment)
    reminders.cancel_of_appointment(appointment_id)
    details = {"from": AppointmentState.BOOKED.value, "to": state.value}
    audit.record(
        user_id,
        "appointment.state",
        _subject(appointment_id),
        details,
    )
    cancelled = state is AppointmentState.CANCELLED
    return DeskChange(
        appointment_id,
        cancelled
        and _tell(
            "cancelled",
            appointment,
            user_id,
        ),
    )


def _get_booked(appointment_id: UUID, version: int) -> Appointment:
    appointment = stored.get_locked(appointment_id)
    if appointment.version != version or appointment.state is not AppointmentState.BOOKED:
        raise StaleAppointment
    return appointment


def _check_bookable(day: date, at: time) -> None:
    now = local_now()
    calendar = calendar_at(now)
    if at not in calendar.times(day):
        raise NotBookable("closed")
    if at not in calendar.in_time(day, now):
        raise NotBookable("past")


def _tell(change: str, appointment: Appointment, user_id: int) -> bool:
    """Tell the customer, where free text may be sent; whether that was so."""
    conversation = conversations.find_latest(appointment.contact_id, appointment.phone_number_id)
    if conversation is None or conversation.data_key_id is None:
        return False
    conversation = conversations.get_locked(conversation.id)
    if not is_service_window_open(conversation):
        return False
    there = appointment.starts_at.astimezone(services.settings().time_zone)
    text = desk_notice(change, there, appointment.number)
    outbox.enqueue(
        conversation,
        TextReply(text),
        Author.AGENT,
        user_id=user_id,
    )
    return True


def _subject(appointment_id: UUID) -> str:
    return f"appointment:{appointment_id}"
