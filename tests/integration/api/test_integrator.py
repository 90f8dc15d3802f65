"""What a program that is written carelessly, or in bad faith, is told: always what is wrong, in one
form, and never an error of ours.
"""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from gatte.extensions import db
from gatte.models import ApiToken, Scope
from tests.app_fixture import application
from tests.integration.api.conftest import Program, issue
from tests.integration.api.test_changes import kind_of


@pytest.fixture(scope="module")
def app(database_url, redis_url):
    with application(database_url, redis_url, gatte_api_rate_per_minute=10_000) as made:
        yield made


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/api"),
        ("GET", "/api/"),
        ("POST", "/api"),
        ("GET", "/api/v1"),
        ("GET", "/api/v2/tickets"),
        ("GET", "/api/v1/tickets/"),
        ("GET", "/api/v1/tickets/1"),
        ("TRACE", "/api/v1/tickets"),
        ("DELETE", "/api/v1/tickets"),
        ("GET", "/webhook"),
        ("GET", "/health"),
        ("GET", "/openapi.json/x"),
    ],
)
def test_an_address_for_programs_that_is_wrong_is_answered_by_a_problem(app, method, path):
    answer = app.test_client().open(path, method=method)

    assert answer.status_code in {404, 405}
    assert answer.content_type == "application/problem+json"
    assert answer.get_json()["status"] == answer.status_code


def test_a_page_for_people_with_a_name_that_begins_alike_is_no_problem_document(app):
    answer = app.test_client().get("/apis")

    assert (answer.status_code, answer.mimetype) == (404, "text/html")


BODIES = (
    b"[]",
    b'"text"',
    b"null",
    b'{"a":',
    b"\xff\xfe{\x00}\x00",
    b'{"text": "\xff"}',
    b"{" * 100_000,
    b'{"a":' * 100_000,
    b'{"text": ' + b"9" * 5000 + b"}",
    b'{"text": NaN, "contact_id": Infinity}',
    b'{"text": "\\ud800", "subject": "\\ud800", "body": "\\ud800"}',
    b'{"kind": "price", "key": "\\ud800", "value": {"\\ud800": 1e999}}',
    b'{"kind": "price", "key": "x", "value": {"product": NaN, "amount": -Infinity}}',
    b'{"kind": "price", "key": "x", "value": {"product": {"a": [[]]}, "amount": 1e400}}',
    b'{"text": "a", "text": {"b": 1}}',
    b'{"assignee_id": 99999999999999999999999, "owner_id": -1}',
    b'{"text": "' + b"a" * 3_200_000 + b'"}',
)


@pytest.fixture
def changeable(desk, users):
    """Addresses at which something can be changed, of rows that are there."""
    talk, fact = desk.with_agent(users["ana"]), desk.fact()
    return (
        ("POST", f"/conversations/{talk}/messages"),
        ("POST", f"/conversations/{talk}/escalate"),
        ("POST", "/tickets"),
        ("PATCH", f"/tickets/{desk.ticket()}"),
        ("PATCH", f"/leads/{desk.lead()}"),
        ("POST", "/certificates"),
        ("POST", "/facts"),
        ("PUT", f"/facts/{fact}"),
        ("DELETE", f"/facts/{fact}"),
        ("PUT", "/knowledge/articles/x"),
        ("POST", "/contacts/search"),
        ("POST", "/appointments"),
        ("POST", "/webhooks"),
    )


def test_bodies_of_every_wrong_kind_are_refused_and_change_nothing(program, changeable):
    for method, path in changeable:
        for body in BODIES:
            headers = {"Authorization": f"Bearer {program.token}", "If-Match": '"old"'}
            answer = program.client.open(
                f"/api/v1{path}",
                method=method,
                data=body,
                content_type="application/json",
                headers=headers,
            )
            assert 400 <= answer.status_code < 500, (method, path, body[:80], answer.text[:200])
            assert answer.content_type == "application/problem+json", (path, body[:80])


def test_an_idempotency_key_belongs_to_one_request_of_one_token(app, program, desk, users):
    talk, other = desk.with_agent(users["ana"]), desk.with_agent(users["ana"])
    key = {"Idempotency_Key": "chave-1"}
    first = program.post(f"/conversations/{talk}/messages", {"text": "a"}, **key)
    elsewhere = program.post(f"/conversations/{other}/messages", {"text": "a"}, **key)
    another = Program(app.test_client(), issue(app, users["ana"], list(Scope)))
    of_another = another.post(f"/conversations/{talk}/messages", {"text": "b"}, **key)

    assert (first.status_code, of_another.status_code) == (201, 201)
    assert (elsewhere.status_code, kind_of(elsewhere)) == (422, "idempotency-key-reused")
    for bad in ("", "x" * 256, "a\tb", "é"):
        answer = program.post("/tickets", {}, Idempotency_Key=bad.encode().decode("latin-1"))
        assert answer.status_code in {400, 422}, bad


@pytest.mark.parametrize(
    "cursor",
    ["x", "WzFd", "WzFd.AAAA", "a.b.c", "." * 999, "é", "%00", "eyJhIjoxfQ", "[]", "-1"],
)
@pytest.mark.parametrize("path", ["/tickets", "/contacts", "/facts", "/daily-figures", "/leads"])
def test_a_cursor_that_somebody_made_up_is_refused(program, path, cursor):
    answer = program.get(f"{path}?cursor={cursor}")

    assert (answer.status_code, kind_of(answer)) == (400, "bad-cursor")


def test_a_token_that_is_revoked_between_two_pages_reads_no_further(app, program, desk):
    for _ in range(3):
        desk.ticket()
    first = program.get("/tickets?limit=1").get_json()
    with app.app_context():
        newest = select(ApiToken).order_by(ApiToken.id.desc()).limit(1)
        db.session.scalars(newest).one().revoked_at = datetime.now(UTC)
        db.session.commit()

    answer = program.get(f"/tickets?limit=1&cursor={first['next_cursor']}")

    assert (answer.status_code, kind_of(answer)) == (401, "unauthorized")


@pytest.mark.parametrize("given", ['"old"', "old", 'W/"old"', '"a", "b"', '"', "\xe9", ""])
def test_an_etag_that_is_stale_or_none_changes_nothing(program, desk, given):
    path = f"/tickets/{desk.ticket()}"
    answer = program.call("PATCH", path, {"state": "solved"}, If_Match=given)

    assert answer.status_code == 412
    assert program.get(path).get_json()["state"] == "open"
