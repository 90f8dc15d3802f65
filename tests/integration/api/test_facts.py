"""What the company says of itself, kept by another system; and its figures."""

import json
from datetime import date
from decimal import Decimal

from sqlalchemy import text

from gatte.extensions import db
from gatte.store.daily_figures import FIGURES
from tests.integration.api.test_changes import kind_of
from tests.integration.api.test_lists import pages

PRICE = {
    "kind": "price",
    "key": "e-cpf-a3",
    "value": {"product": "e-CPF A3", "amount": "150.00"},
    "source": "ERP",
}


def test_a_price_is_added_changed_and_removed(program):
    made = program.post("/facts", PRICE)
    place = made.headers["Location"].removeprefix("/api/v1")
    again = program.post("/facts", PRICE)
    dearer = PRICE | {"value": {"product": "e-CPF A3", "amount": "160"}}
    changed = program.call("PUT", place, dearer, If_Match=made.headers["ETag"])
    late = program.call("PUT", place, PRICE, If_Match=made.headers["ETag"])
    removed = program.call("DELETE", place, If_Match=changed.headers["ETag"])

    assert (again.status_code, kind_of(again)) == (409, "fact-exists")
    assert changed.get_json()["value"] == {
        "product": "e-CPF A3",
        "amount": "160.00",
        "condition": "",
    }
    assert (changed.get_json()["version"], late.status_code) == (2, 412)
    assert (removed.status_code, program.get(place).status_code) == (200, 404)


def test_a_fact_that_does_not_fit_is_refused_with_the_places(program):
    for value, pointer in (
        ({"product": "X", "amount": "-1"}, "/value/amount"),
        ({"product": "X"}, "/value/amount"),
        ({"product": "X", "amount": "1", "colour": "blue"}, "/value/colour"),
        ({"product": "X\0", "amount": "1"}, "/value"),
    ):
        answer = program.post("/facts", PRICE | {"key": "x", "value": value})
        assert answer.status_code == 422, value
        assert [error["pointer"] for error in answer.get_json()["errors"]] == [pointer]
    half = json.dumps(PRICE | {"value": {"product": "\ud800", "amount": "1"}}).encode()
    headers = {"Authorization": f"Bearer {program.token}", "Content-Type": "application/json"}
    answer = program.client.post("/api/v1/facts", data=half, headers=headers)
    assert answer.status_code == 422
    hours = {"kind": "hours", "key": "seg", "value": {"spans": ["18:00-08:00"]}}
    answer = program.post("/facts", hours)
    assert answer.get_json()["errors"][0]["pointer"] == "/value/spans/0"


def test_facts_are_listed_by_kind_and_by_change(program, desk):
    made = [str(desk.fact()) for _ in range(3)]

    assert pages(program, "/facts?kind=price")[:3] == made[::-1]
    assert pages(program, "/facts?kind=partner") == []
    assert pages(program, "/facts?updated_since=2031-01-01T00:00:00Z") == []


def test_figures_of_days_come_in_pages(app, program):
    rows = [(date(2031, 1, day), name) for day in (1, 2) for name in ("conversations", "messages")]
    with app.app_context():
        for day, name in rows:
            values = {"day": day, "name": name, "amount": Decimal("3.5")}
            db.session.execute(
                text(
                    "INSERT INTO daily_figure (day, phone_number_id, figure, label, live)"
                    " VALUES (:day, 'n', :name, '', :amount)"
                ),
                values,
            )
        db.session.commit()

    path = "/daily-figures?since=2031-01-01&until=2031-01-31&limit=3"
    first = program.get(path).get_json()
    rest = program.get(f"{path}&cursor={first['next_cursor']}").get_json()
    found = first["items"] + rest["items"]
    assert [(one["day"], one["figure"]) for one in found] == [
        (day.isoformat(), name) for day, name in rows
    ]
    assert ({one["amount"] for one in found}, rest["next_cursor"]) == ({3.5}, None)
    one_figure = program.get(f"{path}&figure=messages").get_json()["items"]
    assert {one["figure"] for one in one_figure} == {"messages"}


def test_a_period_or_a_figure_that_there_is_not_is_refused(program):
    for query in (
        "since=2031-02-01&until=2031-01-01",
        "since=2029-01-01&until=2031-01-01",
        "figure=profits",
    ):
        assert program.get(f"/daily-figures?{query}").status_code == 422
    assert program.get("/daily-figures").status_code == 200
    assert len(FIGURES) > 5


def test_a_fact_that_is_sent_again_with_its_key_is_answered_the_same(program):
    new = PRICE | {"key": "e-cpf-a1", "value": {"product": "e-CPF A1", "amount": "99.00"}}
    first = program.post("/facts", new, Idempotency_Key="fato-1")
    again = program.post("/facts", new, Idempotency_Key="fato-1")
    other = program.post("/facts", new | {"key": "outro"}, Idempotency_Key="fato-1")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.get_json() == first.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    assert again.headers["ETag"] == first.headers["ETag"]
    assert (other.status_code, kind_of(other)) == (422, "idempotency-key-reused")
