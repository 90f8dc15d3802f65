"""Every way in which Meta and Gemini fail: each customer gets one answer in the end, or people are
told why not.

All rows of a table run at the same time, each with a customer of its own. docs/faults.md shows them
with their outcomes.
"""

import time
from dataclasses import dataclass, replace
from typing import Any

import pytest

from gatte.delivery.failure_reasons import explain
from gatte.extensions import db
from gatte.models import Outbox
from tests import process_system
from tests.app_fixture import application
from tests.fakes.http_loop import Answer, as_json
from tests.fakes.meta import Kind
from tests.faults import system_environments
from tests.integration.flow.system_client import SystemClient
from tests.process_system import APP_SECRET, PROJECT, least_seconds, never, until

TIME_LIMIT, REST = 3.0, 4.0  # of Gemini
UNSURE = "xyzzy plugh certificado frobnicar {}?"


@dataclass(frozen=True)
class Row:
    """A fault of one send, and how the calls for it end; the last is what the customer has."""

    fault: dict[str, Any]
    calls: tuple[str, ...]


def error(status: int, code: int | None = None, **more: Any) -> dict[str, Any]:
    return {"kind": Kind.ERROR, "status": status, "code": code, **more}


AGAIN, TWICE, ONCE = ("refused", "accepted"), ("uncertain", "accepted"), ("uncertain",)
META = {
    "429": Row(error(429), AGAIN),
    "429, Retry-After": Row(error(429, retry_after=3), AGAIN),
    "429, error 130429": Row(error(429, 130429, retry_after=1), AGAIN),
    "400, error 131056": Row(error(400, 131056), AGAIN),
    "500": Row(error(500), TWICE),
    "500, but accepted": Row(error(500, accept=True), ONCE),
    "500, error 131000": Row(error(500, 131000), TWICE),
    "503": Row(error(503), TWICE),
    "503, error 131016": Row(error(503, 131016), AGAIN),
    "no answer": Row({"kind": Kind.SILENCE, "accept": False}, TWICE),
    "no answer, but accepted": Row({"kind": Kind.SILENCE}, ONCE),
    "cut": Row({"kind": Kind.CUT, "accept": False}, TWICE),
    "cut, but accepted": Row({"kind": Kind.CUT}, ONCE),
    "200 without JSON": Row({"kind": Kind.NONSENSE, "accept": False}, TWICE),
    "200 without JSON, but accepted": Row({"kind": Kind.NONSENSE}, ONCE),
    "200 of a wrong shape": Row(
        {"kind": Kind.NONSENSE, "body": '{"messages": {"id": 7}}', "accept": False}, TWICE
    ),
    "200 and empty": Row({"kind": Kind.NONSENSE, "body": ""}, ONCE),
    "a trickle": Row({"kind": Kind.DRIP}, ("accepted",)),
    "a trickle without end": Row({"kind": Kind.DRIP, "seconds": 60}, ONCE),
}
PERMANENT = {
    131026: "failed",
    100: "failed",
    131048: "dead_letter",
    131049: "dead_letter",
    135000: "failed",
}


@pytest.fixture(scope="module")
def system(tmp_path_factory, database_url, redis_url, meta, gemini):
    limits = {
        "GATTE_GEMINI_TIMEOUT_SECONDS": str(TIME_LIMIT),
        "GATTE_GEMINI_BREAKER_RESET_SECONDS": str(REST),
        "GATTE_NUMBER_PAUSE_SECONDS": "1",
    }
    environment = system_environments.environment(database_url, redis_url, meta, gemini, **limits)
    process_system.prepare(environment)
    with process_system.running(tmp_path_factory.mktemp("system"), environment) as started:
        meta.post_statuses(f"{started.url}/webhook/whatsapp", APP_SECRET, delay=0.7)
        yield started


@pytest.fixture(scope="module")
def place(system, meta, gemini, database_url) -> SystemClient:
    return SystemClient(system, meta, gemini, database_url)


@pytest.fixture(scope="module")
def customers(place):
    """A customer for each row, whose first answer meets its fault."""
    made = {name: place.somebody() for name in META}
    for name, who in made.items():
        place.meta.fail(to=who.phone, **META[name].fault)
        place.says(who, "oi")
    return made


@pytest.mark.parametrize("name", META)
def test_a_fault_of_meta_ends_in_one_answer(place, customers, name):
    who = customers[name]

    assert len(place.waits_for_answers(who, 1)) == 1
    assert until(lambda: calls(place, who) == list(META[name].calls)), calls(place, who)


def calls(place, who) -> list[str]:
    """How each call to Meta for the answers to a customer ended."""
    sent = [record["outbox_id"] for record in place.meta.messages if record["to"] == who.phone]
    found = "SELECT outcome FROM delivery_attempt WHERE outbox_id = ANY(%s::uuid[]) ORDER BY id"
    return [outcome for (outcome,) in place.query(found, sent)]


def test_no_fault_of_meta_brought_an_answer_twice(place, customers):
    assert never(lambda: any(len(place.heard(who)) > 1 for who in customers.values()), 4)
    assert place.query(
        "SELECT count(*) FROM outbox "
        "WHERE state IN ('pending', 'sending', 'uncertain', 'dead_letter', 'failed')"
    ) == [(0,)]


def test_a_meta_that_is_down_is_left_alone_and_all_is_said_when_it_is_back(place):
    with place.meta.down():
        people = [place.somebody() for _ in range(12)]
        for who in people:
            place.says(who, "oi")
        assert until(lambda: place.query("SELECT cause FROM number_pause") == [("not_connected",)])
    back = time.monotonic()

    assert all(len(place.waits_for_answers(who, 1)) == 1 for who in people)
    assert time.monotonic() - back < 20
    assert place.each_heard_one_answer(people)
    assert place.query("SELECT count(*) FROM number_pause") == [(0,)]


def test_a_bad_token_parks_nothing_and_all_is_said_when_it_works_again(place):
    people = [place.somebody() for _ in range(12)]
    place.meta.fail(Kind.ERROR, status=401, code=190, times=-1)
    for who in people:
        place.says(who, "oi")
    assert until(lambda: place.query("SELECT error_code FROM number_pause") == [(190,)])
    assert until(
        lambda: (
            place.query("SELECT count(*) FROM outbox WHERE error_details = 'number_paused'")
            == [(12,)]
        )
    )
    time.sleep(3)
    refused = len([one for one in place.meta.graph.refused if one["code"] == 190])
    place.meta.graph.faults.clear()

    assert refused <= 12 / 2, "everybody tried"
    assert all(len(place.waits_for_answers(who, 1)) == 1 for who in people)
    assert place.query("SELECT count(*) FROM number_pause") == [(0,)]
    assert place.system.log("worker").count('"error_code":190') == 1, "one line for one fault"


@pytest.mark.parametrize("code", PERMANENT)
def test_a_refusal_for_good_is_kept_with_its_reason_in_portuguese(
    place, code, database_url, redis_url
):
    who = place.somebody()
    place.meta.fail(Kind.ERROR, to=who.phone, status=400, code=code)
    place.says(who, "oi")

    assert until(
        lambda: (
            place.query("SELECT state FROM outbox WHERE error_code = %s", code)
            == [(PERMANENT[code],)]
        )
    )
    with application(database_url, redis_url) as app, app.app_context():
        reason = explain(db.session.scalars(db.select(Outbox).filter_by(error_code=code)).one())
        assert reason is not None
        assert len(reason.meaning) > 20
        assert reason.advice.endswith(".")
    assert place.heard(who) == []


GEMINI = {
    "no answer": lambda answer: replace(answer, silent=True),
    "a trickle": lambda answer: replace(answer, drip=True),
    "429": lambda _: as_json(429, {"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}),
    "429, Retry-After": lambda _: as_json(
        429, {"error": {"code": 429}}, headers={"Retry-After": "60"}
    ),
    "500": lambda _: as_json(500, {"error": {"code": 500, "status": "INTERNAL"}}),
    "503": lambda _: Answer(503, b"<html>unavailable</html>", {"Content-Type": "text/html"}),
    "cut": lambda answer: replace(answer, cut=True),
    "200 without JSON": lambda _: Answer(200, b"<html>proxy</html>", {"Content-Type": "text/html"}),
    "200 of a wrong shape": lambda _: as_json(200, {"candidates": [{"content": "yes"}]}),
    "200 and empty": lambda _: Answer(200, b"", {"Content-Type": "application/json"}),
}
SLOW = ("no answer", "a trickle")


@pytest.fixture(scope="module")
def askers(place):
    """A customer for each row, whose question meets its fault; others are answered in between, so
    that the breaker stays closed.
    """
    made = {}
    for number, (name, change) in enumerate(GEMINI.items()):
        place.gemini.meets(f"marca{number}", change)
        made[name] = place.somebody()
        place.says(made[name], UNSURE.format(f"marca{number}"))
        if name not in SLOW:
            place.waits_for_answers(made[name], 1)
            ask(place)
    return made


@pytest.mark.parametrize("name", GEMINI)
def test_a_fault_of_gemini_ends_in_one_answer_in_time(place, askers, name):
    assert len(place.waits_for_answers(askers[name], 1, 2 * TIME_LIMIT + 4)) == 1


def test_each_fault_of_gemini_was_met(place, askers):
    outcomes = {outcome for (outcome,) in place.query("SELECT DISTINCT outcome FROM llm_call")}

    assert {"timeout", "quota", "error", "nonsense", "ok"} <= outcomes
    assert "breaker_open" not in outcomes


def test_after_some_failures_nobody_waits_for_gemini_until_a_probe_succeeds(place):
    place.gemini.meets("quebrado", GEMINI["no answer"])
    broken = [place.somebody() for _ in range(6)]
    for who in broken:
        place.says(who, UNSURE.format("quebrado"))
    assert all(len(place.waits_for_answers(who, 1)) == 1 for who in broken)

    asked = len(place.gemini.calls)
    assert least_seconds(1, lambda: ask(place)) < 2, "an open breaker costs no time"
    assert len(place.gemini.calls) == asked
    assert until(lambda: ask(place) or len(place.gemini.calls) > asked, REST + 5)
    assert place.query("SELECT count(*) FROM llm_call WHERE outcome = 'breaker_open'")[0][0] > 0


def ask(place) -> None:
    """Put a question and wait for its answer."""
    who = place.somebody()
    place.says(who, UNSURE.format(""))
    assert len(place.waits_for_answers(who, 1)) == 1


def test_a_gemini_that_is_down_costs_customers_nothing(place):
    with place.gemini.down():
        assert least_seconds(3, lambda: ask(place)) < 2


def test_the_document_shows_every_row():
    shown = (PROJECT / "docs" / "faults.md").read_text()

    assert [name for name in [*META, *GEMINI] if f"| {name} |" not in shown] == []
