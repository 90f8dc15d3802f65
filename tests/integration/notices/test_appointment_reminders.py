from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update

from gatte.extensions import db
from gatte.models import Appointment, AppointmentReminder, Author
from gatte.store import appointments
from gatte.store.appointments import NewAppointment
from tests.app_fixture import application
from tests.integration.notices.conftest import contact_with_phone
from tests.integration.notices.many_certificates import ZONE, run_at, sync_templates
from tests.integration.notices.test_who_is_reminded import outbox_rows

THURSDAY = datetime(2018, 5, 10, 9, tzinfo=ZONE)
FRIDAY = THURSDAY + timedelta(days=1)
MONDAY = THURSDAY + timedelta(days=4)


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    hours = {"gatte_business_hours": "seg-sex 08:00-18:00"}
    with application(database_url, redis_url, **hours) as made:
        with made.app_context():
            sync_templates()
        yield made


def booked(starts_at, made_at=THURSDAY - timedelta(days=3)):
    wanted = NewAppointment(
        contact_with_phone(),
        "simulator",
        starts_at,
        starts_at + timedelta(minutes=30),
        Author.BOT,
    )
    row_id = appointments.book(wanted, at_once=5)
    made = update(Appointment).where(Appointment.id == row_id).values(created_at=made_at)
    db.session.execute(made)
    db.session.commit()
    return appointments.get_locked(row_id)


def kinds():
    rows = select(AppointmentReminder.kind).order_by(AppointmentReminder.id)
    return list(db.session.scalars(rows))


def test_the_day_before_and_two_hours_before_each_once(context):
    one = booked(FRIDAY.replace(hour=14))

    for now in (
        THURSDAY,
        THURSDAY,
        THURSDAY.replace(hour=17),
        FRIDAY.replace(hour=11),
        FRIDAY.replace(hour=12, minute=10),
        FRIDAY.replace(hour=13),
    ):
        run_at(now)

    assert kinds() == ["day_before", "hours_before"]
    assert f"número {one.number}: amanhã, sexta-feira, 11/05, às 14:00" in (
        outbox_rows()[0].message.body
    )
    assert "hoje, sexta-feira, 11/05, às 14:00" in outbox_rows()[1].message.body
    assert outbox_rows()[0].expires_at == one.starts_at


def test_on_friday_those_of_monday_are_reminded(context):
    booked(MONDAY)

    assert run_at(THURSDAY) == 0
    assert run_at(FRIDAY) == 1


def test_who_booked_today_is_not_reminded_today(context):
    booked(FRIDAY, made_at=THURSDAY - timedelta(hours=1))

    assert run_at(THURSDAY) == 0


def test_a_cancelled_one_is_not_reminded_of_nor_is_what_waits_sent(context):
    one, other = booked(FRIDAY), booked(FRIDAY)
    appointments.cancel(one)
    db.session.commit()
    run_at(THURSDAY)
    appointments.cancel(appointments.get_locked(other.id))
    db.session.commit()

    assert kinds() == ["day_before"]
    assert [row.error_details for row in outbox_rows()] == ["notice_outdated"]


def test_a_moved_one_is_reminded_of_at_its_new_time_alone(context):
    one = booked(FRIDAY.replace(hour=10))
    run_at(THURSDAY)
    moved_id = appointments.move(one, MONDAY, MONDAY + timedelta(minutes=30), Author.BOT, at_once=5)
    made = update(Appointment).where(Appointment.id == moved_id)
    db.session.execute(made.values(created_at=THURSDAY))
    db.session.commit()

    assert run_at(FRIDAY.replace(hour=8)) == 1

    states = [(row.error_details, row.state) for row in outbox_rows()]
    assert states == [("notice_outdated", "cancelled"), (None, "pending")]
    assert "segunda-feira, 14/05, às 09:00" in outbox_rows()[1].message.body


def test_what_has_begun_is_not_reminded_of(context):
    booked(THURSDAY + timedelta(minutes=10))

    assert run_at(THURSDAY) == 0
