"""No time is promised twice, whoever asks first; who comes too late is never told that it is
booked, and hears what is free.
"""

import threading
from datetime import date, datetime, time, timedelta

import pytest
from sqlalchemy import delete, select, text
from sqlalchemy.exc import IntegrityError

from gatte.decisions import booking
from gatte.extensions import db
from gatte.models import Appointment, AppointmentState, Author, Contact
from gatte.store import appointments
from gatte.store.appointments import NewAppointment, TimeTaken
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import Customer, somebody
from tests.process_system import NUMBER, until

BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"


@pytest.fixture(autouse=True)
def empty_agenda(app):
    with app.app_context():
        db.session.execute(delete(Appointment))
        db.session.commit()


def open_day(app) -> date:
    """A day in about a week on which the company is open."""
    with app.app_context():
        now = datetime.now(app.extensions["gatte_settings"].time_zone)
        calendar = booking.calendar(now, ())
        days = (now.date() + timedelta(days=number) for number in range(7, 21))
        return next(day for day in days if calendar.times(day))


def a_contact(app) -> Contact:
    customer = somebody(app)
    customer.sends(payloads.text("bom dia"))
    return customer.conversation().contact


def wish(contact: Contact, day: date, at: time = time(10)) -> NewAppointment:
    starts_at, ends_at = booking.span_of(day, at)
    return NewAppointment(contact, NUMBER, starts_at, ends_at, Author.AGENT)


def booked(app) -> list[tuple[str, int]]:
    with app.app_context():
        rows = db.session.scalars(select(Appointment).order_by(Appointment.id))
        return [(row.state.value, row.slot_no) for row in rows]


def test_the_database_refuses_a_second_row_in_a_slot(app):
    day = open_day(app)
    with app.app_context():
        contact = a_contact(app)
        first = appointments.get_locked(appointments.book(wish(contact, day), 1))
        columns = Appointment.__table__.columns.keys()
        copied = {name: getattr(first, name) for name in columns if name not in {"id", "number"}}

        with pytest.raises(IntegrityError, match="uq_appointment_slot"):
            db.session.execute(Appointment.__table__.insert().values(id=contact.id, **copied))
        db.session.rollback()


def test_a_time_takes_as_many_as_are_served_at_once(app):
    day = open_day(app)
    with app.app_context():
        contact = a_contact(app)
        for _ in range(3):
            appointments.book(wish(contact, day), 3)
        with pytest.raises(TimeTaken):
            appointments.book(wish(contact, day), 3)
        db.session.commit()

    assert booked(app) == [("booked", 1), ("booked", 2), ("booked", 3)]


def test_a_cancelled_time_is_free_again(app):
    day = open_day(app)
    with app.app_context():
        contact = a_contact(app)
        appointments.cancel(appointments.get_locked(appointments.book(wish(contact, day), 1)))
        appointments.book(wish(contact, day), 1)
        db.session.commit()

    assert [state for state, _ in booked(app)] == ["cancelled", "booked"]


class Rival(threading.Thread):
    """Somebody else who has taken a time and has not committed yet."""

    def __init__(self, app, day: date, at: time = time(10)) -> None:
        super().__init__()
        self.app, self.day, self.at = app, day, at
        self.took, self.commits = threading.Event(), threading.Event()

    def run(self) -> None:
        with self.app.app_context():
            appointments.book(wish(a_contact(self.app), self.day, self.at), 1)
            self.took.set()
            self.commits.wait(30)
            db.session.commit()


def waits_for_a_lock(app) -> bool:
    with app.app_context():
        return bool(db.session.execute(text(BLOCKED)).scalar_one())


def test_of_two_bookings_on_two_connections_one_gets_the_time(app):
    day = open_day(app)
    rival = Rival(app, day)
    rival.start()
    assert rival.took.wait(30)
    refused: list[TimeTaken] = []

    def books() -> None:
        with app.app_context():
            contact = a_contact(app)
            try:
                appointments.book(wish(contact, day), 1)
            except TimeTaken as taken:
                refused.append(taken)

    slower = threading.Thread(target=books)
    slower.start()
    assert until(lambda: waits_for_a_lock(app)), "the slower one does not wait"
    rival.commits.set()
    slower.join(30)
    rival.join(30)

    assert len(refused) == 1
    assert booked(app) == [("booked", 1)]


def at_the_summary(app, day: date) -> Customer:
    """A customer who is asked to confirm 10 o'clock of a day."""
    customer = somebody(app)
    customer.sends(payloads.text("agendar"))
    customer.sends(payloads.text(f"dia {day:%d/%m}"))
    customer.sends(payloads.text("10h"))
    assert f"{day:%d/%m}" in customer.heard()[-1]
    return customer


def test_who_says_yes_too_late_hears_what_is_free_and_no_false_booking(app):
    day = open_day(app)
    customer = at_the_summary(app, day)
    rival = Rival(app, day)
    rival.start()
    assert rival.took.wait(30)
    customer.delivers(payloads.text("sim"))
    turn = threading.Thread(target=customer.is_answered)
    turn.start()
    assert until(lambda: waits_for_a_lock(app)), "the turn does not wait for the rival"
    rival.commits.set()
    turn.join(30)
    rival.join(30)

    said = customer.heard()[-1]
    assert "não há vaga" in said
    assert "Marcado" not in "\n".join(customer.heard())
    assert booked(app) == [("booked", 1)]


def test_a_yes_books_with_a_number_that_is_told(app):
    day = open_day(app)
    customer = at_the_summary(app, day)
    customer.sends(payloads.text("sim"))

    with app.app_context():
        row = db.session.scalars(select(Appointment)).one()
        number, state, author = row.number, row.state, row.created_by
        assert row.contact_id == customer.conversation().contact_id
    assert (state, author) == (AppointmentState.BOOKED, Author.BOT)
    assert f"protocolo é *{number}*" in customer.heard()[-1]


def test_an_appointment_that_the_desk_cancelled_meanwhile_is_not_moved(app):
    day = open_day(app)
    customer = at_the_summary(app, day)
    customer.sends(payloads.text("sim"))
    customer.sends(payloads.text("quero cancelar meu agendamento"))
    with app.app_context():
        row = db.session.scalars(select(Appointment)).one()
        appointments.cancel(appointments.get_locked(row.id))
        db.session.commit()
    customer.sends(payloads.text("sim"))

    assert "não está mais marcado" in customer.heard()[-1]
    assert [state for state, _ in booked(app)] == ["cancelled"]
