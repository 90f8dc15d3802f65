"""The doors for machines: an application of their own, in front of the whole one."""

import re

import pytest

PATHS = ["/health/live", "/metrics", "/webhook/whatsapp"]


@pytest.mark.parametrize("path", PATHS)
def test_machines_meet_no_cookie_and_no_limit(browser, path):
    answer = browser.get(path)

    assert not {"Set-Cookie", "X-RateLimit-Limit", "Location"} & set(answer.headers.keys())


@pytest.mark.parametrize("path", PATHS)
def test_every_answer_has_the_id_of_its_request(browser, path):
    assert browser.get(path, **{"X-Request-ID": "request-id-of-the-test"}).headers["X-Request-ID"] == "request-id-of-the-test"
    assert re.fullmatch("[0-9a-f]{32}", browser.get(path, **{"X-Request-ID": "a b"}).headers["X-Request-ID"])


@pytest.mark.parametrize("path", ["/webhook/nothing", "/health/nothing"])
def test_what_is_not_there_is_told_in_a_short_text(browser, path):
    answer = browser.get(path)

    assert (answer.status_code, answer.mimetype, answer.text) == (404, "text/plain", "Not Found\n")


def test_a_refusal_is_logged_under_the_id_of_its_request(browser, capsys):
    browser.client.post("/webhook/whatsapp", data=b"{}", headers={"X-Request-ID": "request-id-of-the-test"})

    line = next(line for line in capsys.readouterr().out.splitlines() if "webhook_refused" in line)
    assert "bad_signature" in line
    assert "request-id-of-the-test" in line
