"""Which way the calls to Gemini take."""

import pytest

from gatte.intelligence.gemini.http import build_http_client
from tests.fakes.http_loop import Answer, HttpLoop


@pytest.fixture
def asked(monkeypatch):
    """An HTTP server's URL and the addresses it was asked for; no proxy is named in the
    environment.
    """
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    seen = []
    server = HttpLoop(
        lambda request: seen.append(request.headers["host"] + request.path) or Answer(200, b"heard")
    )
    server.start()
    yield server.url, seen
    server.stop()


def ask(url):
    with build_http_client(1.0, 4, url) as client:
        return client.post(f"{url}/v1/models", content=b"{}").text


def test_calls_go_straight_to_the_service(asked):
    url, seen = asked

    assert ask(url) == "heard"
    assert seen == [f"{url.removeprefix('http://')}/v1/models"]


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_a_proxy_of_the_environment_is_used(asked, monkeypatch, name):
    url, seen = asked
    monkeypatch.setenv(name.lower(), url)

    assert ask("http://gemini.invalid") == "heard"
    assert seen[0].startswith("gemini.invalid")


def test_a_host_that_needs_no_proxy_is_reached_without(asked, monkeypatch):
    url, seen = asked
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1")

    assert ask(url) == "heard"
    assert len(seen) == 1
