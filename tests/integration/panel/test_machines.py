"""What machines ask for: webhook, health and metrics, without what guards people."""

import re
from functools import partial

import pytest
from flask import Flask, Response

from gatte.web.webhook_middleware import install_middleware
from tests.fakes import payloads
from tests.process_system import APP_SECRET

PATHS = ["/health/live", "/metrics", "/webhook/whatsapp"]


@pytest.mark.parametrize("path", PATHS)
def test_machines_meet_no_cookie_and_no_limit(browser, path):
    answer = browser.get(path)

    assert not {"Set-Cookie", "X-RateLimit-Limit", "Location"} & set(answer.headers.keys())


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_id_of_its_request(browser, path):
    assert (
        browser.get(path, **{"X-Request-ID": "request-id-of-the-test"}).headers["X-Request-ID"]
        == "request-id-of-the-test"
    )
    assert re.fullmatch(
        "[0-9a-f]{32}", browser.get(path, **{"X-Request-ID": "a b"}).headers["X-Request-ID"]
    )


@pytest.mark.parametrize("path", ["/webhook/nothing", "/health/nothing"])
def test_what_is_not_there_is_told_in_a_problem_document(browser, path):
    answer = browser.get(path)

    assert (answer.status_code, answer.mimetype) == (404, "application/problem+json")
    assert answer.get_json()["type"] == "about:blank"
    assert answer.get_json()["title"] == "Not Found"


def test_a_refusal_is_logged_under_the_id_of_its_request(browser, capsys):
    browser.client.post(
        "/webhook/whatsapp", data=b"{}", headers={"X-Request-ID": "request-id-of-the-test"}
    )

    line = next(line for line in capsys.readouterr().out.splitlines() if "webhook_refused" in line)
    assert "bad_signature" in line
    assert "request-id-of-the-test" in line


def test_the_short_way_and_flask_give_the_same_answers(browser, app, monkeypatch):
    body = payloads.encode(payloads.body(payloads.text("oi"), payloads.person(1)))
    cases = [
        (body, payloads.sign(body, APP_SECRET)),
        (body, "sha256=no"),
        (b"[]", payloads.sign(b"[]", APP_SECRET)),
    ]

    def answers() -> list[tuple[int, str, bytes]]:
        said = [
            browser.client.post(PATHS[2], data=raw, headers={"X-Hub-Signature-256": signed})
            for raw, signed in cases
        ]
        return [(answer.status_code, answer.content_type, answer.data) for answer in said]

    fast = answers()
    monkeypatch.setattr(app, "wsgi_app", partial(Flask.wsgi_app, app))

    assert fast == answers()
    assert [status for status, _, _ in fast] == [200, 401, 400]


def test_a_body_that_is_too_large_is_refused_unread(browser, app):
    answer = browser.client.post(PATHS[2], data=b"x" * (app.config["MAX_CONTENT_LENGTH"] + 1))

    assert answer.status_code == 413


def test_a_fault_on_the_short_way_is_answered_like_any_other(browser, app, logged, monkeypatch):
    def fail(_: bytes, __: str | None) -> Response:
        raise RuntimeError("of the test")

    monkeypatch.setattr(app, "wsgi_app", app.wsgi_app)
    install_middleware(app, PATHS[2], fail)

    answer = browser.client.post(PATHS[2], data=b"{}")

    assert (answer.status_code, answer.mimetype) == (500, "application/problem+json")
    assert answer.get_json()["title"] == "Internal Server Error"
    assert "of the test" in str(logged)
