"""Appointments between the core and the table: what a decision may know of them, and what it asks
to be booked, moved or cancelled.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import structlog

from gatte import services
from gatte.business_hours import NEVER_OPEN, BusinessHours, opening_hours
from gatte.conversation.appointment_calendar import FARTHEST, AppointmentCalendar
from gatte.conversation.effects import (
    AppointmentKind,
    BookAppointment,
    CancelAppointment,
    MoveAppointment,
)
from gatte.conversation.parsing.times import show_time
from gatte.conversation.snapshot import AppointmentFacts
from gatte.decisions import known_facts
from gatte.models import Author, Conversation
from gatte.store import appointments, tickets
from gatte.store.appointments import NewAppointment

log = structlog.get_logger(__name__)

CLOSED = "dia sem atendimento"


def calendar(now: datetime, booked: Iterable[datetime]) -> AppointmentCalendar:
    """When appointments can be from a local time on, with the start of each that is booked; by the
    business hours that `known_facts` has read.
    """
    settings = services.settings()
    hours = known_facts.business_hours(now.date())
    return AppointmentCalendar(
        hours=opening_hours(hours.spelled),
        holidays=_closed_days(now.date(), hours),
        special={one.day: hours.spans_on(one.day) for one in hours.special if one.spans},
        minutes=settings.gatte_appointment_minutes,
        notice_minutes=settings.gatte_appointment_notice_minutes,
        full=_full_times(booked, settings.gatte_appointments_at_once),
    )


def _closed_days(today: date, hours: BusinessHours) -> dict[date, str]:
    """The names of the days ahead on which the company is closed against its weekly hours."""
    ahead = [today + timedelta(days=number) for number in range(FARTHEST.days + 1)]
    closed = {day: hours.holiday(day) for day in ahead}
    if hours.spelled == NEVER_OPEN:
        closed = dict.fromkeys(ahead, CLOSED)
    unnamed = {one.day: one.name or CLOSED for one in hours.special if not one.spans}
    return {day: name for day, name in (closed | unnamed).items() if name}


def _full_times(booked: Iterable[datetime], at_once: int) -> dict[date, str]:
    """The hours of each day at which so many are booked that no more can be."""
    full: dict[date, str] = {}
    for starts_at, count in sorted(Counter(booked).items()):
        if count >= at_once:
            there = starts_at.astimezone(services.settings().time_zone)
            hours = [full[there.date()]] if there.date() in full else []
            full[there.date()] = " ".join([*hours, show_time(there.time())])
    return full


def own_appointments(rows: Sequence[Mapping[str, Any]]) -> tuple[AppointmentFacts, ...]:
    """The appointments of a contact as the core knows them."""
    zone = services.settings().time_zone
    return tuple(
        AppointmentFacts(
            id=row["id"],
            number=row["number"],
            starts_at=datetime.fromisoformat(row["starts_at"]).astimezone(zone),
            kind=AppointmentKind(row["kind"]) if row["kind"] else None,
        )
        for row in rows
    )


def span_of(day: date, at: time) -> tuple[datetime, datetime]:
    """Start and end of an appointment at a local time."""
    settings = services.settings()
    starts_at = datetime.combine(
        day,
        at,
        settings.time_zone,
    )
    return starts_at, starts_at + timedelta(minutes=settings.gatte_appointment_minutes)


def book(conversation: Conversation, effect: BookAppointment) -> int:
    """Book a time and give its number; TimeTaken when it is full by now."""
    starts_at, ends_at = span_of(effect.day, effect.at)
    number = tickets.next_number()
    wanted = NewAppointment(
        contact=conversation.contact,
        phone_number_id=conversation.phone_number_id,
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=Author.BOT,
        conversation_id=conversation.id,
        kind=effect.kind,
        product=effect.product,
        number=number,
    )
    appointment_id = appointments.book(wanted, services.settings().gatte_appointments_at_once)
    log.info("appointment_booked", appointment_id=str(appointment_id))
    return number


def move(conversation: Conversation, effect: MoveAppointment) -> None:
    """Put an appointment of the contact to another time; TimeTaken when that is full by now,
    AppointmentChanged when there is nothing to move any more.
    """
    appointment = appointments.get_booked_of_contact(
        UUID(effect.appointment_id), conversation.contact_id
    )
    starts_at, ends_at = span_of(effect.day, effect.at)
    at_once = services.settings().gatte_appointments_at_once
    moved_id = appointments.move(
        appointment,
        starts_at,
        ends_at,
        Author.BOT,
        at_once,
    )
    log.info("appointment_moved", appointment_id=str(moved_id))


def cancel(conversation: Conversation, effect: CancelAppointment) -> None:
    """Cancel an appointment of the contact; AppointmentChanged when there is none any more."""
    appointment = appointments.get_booked_of_contact(
        UUID(effect.appointment_id), conversation.contact_id
    )
    appointments.cancel(appointment)
    log.info("appointment_cancelled", appointment_id=str(appointment.id))
