"""Appointments over the API: booked, moved, ended, by the rules of the desk."""

import itertools
from datetime import UTC, datetime, timedelta

import pytest

from tests.integration.api.test_changes import kind_of
from tests.integration.api.test_lists import pages

DAYS = itertools.count(2)
"""Days ahead, each used once: what a test books is not free for the next."""


@pytest.fixture
def booked(program, desk):
    """An appointment of the day after tomorrow, as it was answered."""
    talk = desk.conversation(says=["oi"])
    wanted = {"conversation_id": str(talk), "starts_at": at(next(DAYS), 9), "note": "Traz o token."}
    return program.post("/appointments", wanted).get_json()


def at(days: int, hour: int) -> str:
    """A full hour of a day ahead, as an ISO 8601 text with an offset."""
    day = datetime.now(UTC) + timedelta(days=days)
    return day.replace(hour=hour + 3, minute=0, second=0, microsecond=0).isoformat()


def place_of(appointment):
    return f"/appointments/{appointment['id']}"


def test_a_time_is_booked_moved_and_cancelled_and_each_row_says_where_it_came_from(program, booked):
    moved = program.post(f"{place_of(booked)}/move", {"starts_at": at(next(DAYS), 10)}).get_json()
    former = program.get(place_of(booked)).get_json()
    cancelled = program.change(place_of(moved), {"state": "cancelled"}).get_json()

    assert (booked["state"], booked["created_by"], booked["note"]) == (
        "booked",
        "agent",
        "Traz o token.",
    )
    assert (moved["number"], moved["moved_from_id"]) == (booked["number"], booked["id"])
    assert (former["state"], cancelled["state"]) == ("moved", "cancelled")
    again = program.change(place_of(moved), {"state": "cancelled"})
    assert (again.status_code, kind_of(again)) == (409, "not-booked")


def test_a_time_that_is_full_over_or_unusual_is_refused(program, desk, booked):
    talk = str(desk.conversation())
    wanted = {"conversation_id": talk, "starts_at": booked["starts_at"]}

    for change, kind in (
        ({}, "time-taken"),
        ({"starts_at": at(-2, 9)}, "time-not-bookable"),
        ({"starts_at": booked["starts_at"].replace(":00:00", ":07:13")}, "time-not-bookable"),
    ):
        answer = program.post("/appointments", wanted | change)
        assert (answer.status_code, kind_of(answer)) == (409, kind)
    assert program.post("/appointments", wanted | {"starts_at": "2026-12-01"}).status_code == 422


def test_how_it_went_is_said_only_after_it_began_and_of_the_version_that_was_seen(program, booked):
    early = program.change(place_of(booked), {"state": "done"})
    blind = program.call("PATCH", place_of(booked), {"state": "cancelled"})
    stale = program.call("PATCH", place_of(booked), {"state": "cancelled"}, If_Match='"old"')

    assert (early.status_code, kind_of(early)) == (409, "time-not-bookable")
    assert (blind.status_code, stale.status_code) == (428, 412)
    assert program.get(place_of(booked)).get_json()["state"] == "booked"


def test_a_booking_that_is_sent_again_is_booked_once(program, desk):
    wanted = {"conversation_id": str(desk.conversation()), "starts_at": at(next(DAYS), 9)}
    first = program.post("/appointments", wanted, Idempotency_Key="reserva-1")
    again = program.post("/appointments", wanted, Idempotency_Key="reserva-1")
    other = program.post("/appointments", wanted | {"note": "x"}, Idempotency_Key="reserva-1")

    assert first.get_json() == again.get_json()
    assert (again.headers["Idempotency-Replayed"], other.status_code) == ("true", 422)


def test_appointments_are_found_by_time_contact_state_and_change(program, desk):
    early, late = (
        desk.appointment(starts_at=datetime(2031, 5, day, 12, tzinfo=UTC)) for day in (1, 2)
    )
    contact_id = program.get(f"/appointments/{late}").get_json()["contact_id"]
    span = "starts_from=2031-05-01T00:00:00Z&starts_before=2031-06-01T00:00:00Z"

    assert pages(program, f"/appointments?{span}", limit=1) == [str(late), str(early)]
    assert pages(program, f"/appointments?contact_id={contact_id}") == [str(late)]
    assert pages(program, f"/appointments?{span}&state=done") == []
    assert pages(program, f"/appointments?{span}&updated_since=2031-01-01T00:00:00Z") == []


def test_free_times_are_those_that_can_be_booked(program, desk):
    talk = str(desk.conversation())
    start = datetime.fromisoformat(at(next(DAYS), 9))
    path = f"/appointments/free-times?conversation_id={talk}&day={start.date()}"

    before = program.get(path).get_json()["items"]
    first = program.post("/appointments", {"conversation_id": talk, "starts_at": before[0]})
    after = program.get(path).get_json()["items"]

    assert first.status_code == 201
    assert after == before[1:]
    past = program.get(path.replace(str(start.date()), "2026-01-05")).get_json()
    assert past == {"items": []}
