"""Rules that hold for every page, whatever it shows."""

import re
from pathlib import Path
from uuid import uuid4

import pytest

from gatte.web.panel.auth import PUBLIC_ENDPOINTS

TEMPLATES = Path(__file__).parents[3] / "gatte" / "templates"
SOME_ID = str(uuid4())
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; connect-src 'self'; font-src 'self'; "
        "form-action 'self'; frame-ancestors 'none'; "
        "frame-src 'none'; img-src 'self'; manifest-src 'self'; object-src 'none'; "
        "script-src 'self'; style-src 'self'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-store",
}


def panel_routes(app, method):
    """Every address of the panel for a method, with an unknown id where one is wanted."""
    rules = [
        rule
        for rule in app.url_map.iter_rules()
        if rule.endpoint.startswith("panel.") and method in (rule.methods or ())
    ]
    return [
        (rule.endpoint, re.sub(r"<[^>]+>", SOME_ID, re.sub(r"<int:[^>]+>", "0", rule.rule)))
        for rule in rules
    ]


def test_every_page_of_the_panel_asks_for_a_login(app, browser):
    closed = [
        path for endpoint, path in panel_routes(app, "GET") if endpoint not in PUBLIC_ENDPOINTS
    ]

    assert len(closed) >= 8
    for path in closed:
        answer = browser.get(path)
        assert (path, answer.status_code, answer.location.split("?")[0]) == (
            path,
            302,
            "/panel/login",
        )


def test_every_action_of_the_panel_asks_for_a_login(app, browser):
    browser.get("/panel/login")
    for endpoint, path in panel_routes(app, "POST"):
        if endpoint not in PUBLIC_ENDPOINTS:
            answer = browser.post(path)
            assert (path, answer.status_code, answer.location.split("?")[0]) == (
                path,
                302,
                "/panel/login",
            )


def test_every_action_refuses_without_its_token(app, agent):
    paths = [path for _, path in panel_routes(app, "POST")]

    assert len(paths) >= 10
    for path in paths:
        answer = agent.client.post(path, data={"texto": "oi"})
        assert (path, answer.status_code) == (path, 400)
        assert "sessão expirou" in answer.text


@pytest.mark.parametrize("path", ["/panel/login", "/panel/sessoes", "/panel/nada", "/nada"])
def test_every_answer_has_exactly_these_headers(browser, path):
    answer = browser.get(path)

    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert "Strict-Transport-Security" not in answer.headers  # plain HTTP in development


def test_an_expired_page_of_htmx_is_led_to_the_login(browser):
    answer = browser.client.get(
        "/panel/sessoes",
        headers={"HX-Request": "true", "HX-Current-URL": "http://x/panel/chamados"},
    )

    assert (answer.status_code, answer.headers["HX-Redirect"]) == (
        401,
        "/panel/login?next=/panel/chamados",
    )


def test_static_files_stay_a_year_under_the_address_with_their_hash(browser):
    page = browser.get("/panel/login").text
    address = re.search(r'href="(/static/css/base\.css\?v=[0-9a-f]{12})"', page)[1]

    assert browser.get(address).headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert browser.get("/static/css/base.css?v=old").headers["Cache-Control"] == "no-cache"


def test_no_template_switches_escaping_off_or_holds_script_or_style():
    forbidden = re.compile(
        r"\|\s*safe|autoescape|<script(?![^>]*\bsrc=)|<style|\bstyle=|\bon[a-z]+=\"|hx-on|javascript:|js:"
    )
    found = [
        (path.name, match.group())
        for path in TEMPLATES.rglob("*.html")
        for match in forbidden.finditer(path.read_text())
    ]

    assert found == []


def test_pages_load_nothing_from_elsewhere():
    outside = re.compile(r"(?:src|href|action)=\"(?:https?:)?//")
    sheets = (TEMPLATES.parent / "static" / "css").glob("*.css")

    assert [
        path.name for path in TEMPLATES.rglob("*.html") if outside.search(path.read_text())
    ] == []
    assert [
        path.name for path in sheets if "url(" in path.read_text() or "@import" in path.read_text()
    ] == []
