"""Who may do what: every route of the application by every role, against a table kept by hand."""

import re
from uuid import uuid4

import pytest

from tests.integration.panel.conftest import Browser

LOGIN = "login"
"""Led to the login page."""
REFUSED = "refused"
"""403, whatever the address or the form holds."""
ALLOWED = "allowed"
"""Let through: the page, a redirect within the panel, or what is wrong with the made-up request."""

OPEN = (ALLOWED, ALLOWED, ALLOWED)
PEOPLE = (LOGIN, ALLOWED, ALLOWED)
ADMINS = (LOGIN, REFUSED, ALLOWED)
# Method and endpoint: anonymous, agent, admin.
TABLE = {
    ("GET", "static"): OPEN,
    ("GET", "health.live"): OPEN,
    ("GET", "health.ready"): OPEN,
    ("GET", "health.prometheus_metrics"): OPEN,
    ("GET", "webhook.handshake"): (REFUSED, REFUSED, REFUSED),  # whoever has not its token
    ("POST", "webhook.receive"): OPEN,  # by Meta's signature, else 401
    ("GET", "panel.show_login"): OPEN,
    ("POST", "panel.log_in"): OPEN,
    ("POST", "panel.log_out"): PEOPLE,
    ("GET", "panel.home"): PEOPLE,
    ("GET", "panel.panel_start"): PEOPLE,
    ("GET", "panel.show_account"): PEOPLE,
    ("POST", "panel.end_session"): PEOPLE,
    ("GET", "panel.show_password"): PEOPLE,
    ("POST", "panel.change_password"): PEOPLE,
    ("GET", "panel.show_confirmation"): PEOPLE,
    ("POST", "panel.confirm_password"): PEOPLE,
    ("GET", "panel.list_users"): ADMINS,
    ("POST", "panel.change_role"): ADMINS,
    ("POST", "panel.disable_user"): ADMINS,
    ("POST", "panel.enable_user"): ADMINS,
    ("POST", "panel.end_user_sessions"): ADMINS,
    ("GET", "panel.list_sessions"): PEOPLE,
    ("GET", "panel.show_conversation"): PEOPLE,
    ("POST", "panel.take"): PEOPLE,
    ("POST", "panel.reply"): PEOPLE,
    ("POST", "panel.hand_back"): PEOPLE,
    ("POST", "panel.reset"): ADMINS,
    ("POST", "panel.escalate"): PEOPLE,
    ("POST", "panel.close"): PEOPLE,
    ("POST", "panel.reassign"): ADMINS,
    ("POST", "panel.mute"): PEOPLE,
    ("POST", "panel.unmute"): PEOPLE,
    ("GET", "panel.list_tickets"): PEOPLE,
    ("GET", "panel.show_ticket"): PEOPLE,
    ("POST", "panel.note_ticket"): PEOPLE,
    ("POST", "panel.change_ticket"): PEOPLE,
    ("GET", "panel.list_leads"): PEOPLE,
    ("GET", "panel.show_lead"): PEOPLE,
    ("POST", "panel.change_lead"): PEOPLE,
    ("GET", "panel.show_map"): PEOPLE,
    ("GET", "panel.show_simulator"): PEOPLE,
    ("POST", "panel.add_customer"): PEOPLE,
    ("POST", "panel.send_as_customer"): PEOPLE,
}
ROLES = ("anonymous", "agent", "admin")


def routes(app):
    """Method, endpoint and an address of every route; ids that nothing has."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<int:[^>]+>", "0", rule.rule)
        path = path.replace("<path:filename>", "css/base.css")
        path = re.sub(r"<[^>]+>", str(uuid4()), path)
        methods = (rule.methods or set()) - {"HEAD", "OPTIONS"}
        found += [(method, rule.endpoint, path) for method in sorted(methods)]
    return found


@pytest.fixture
def person(app, browser, log_in):
    """Somebody of a role, afresh: a request may have logged the one before out."""

    def made(role) -> Browser:
        if role == "anonymous":
            browser.get("/panel/login")
            return browser
        return log_in({"agent": "ana", "admin": "chefe"}[role])

    return made


def outcome(answer):
    location = (answer.location or "").split("?")[0]
    if answer.status_code in {302, 303} and location == "/panel/login":
        return LOGIN
    return REFUSED if answer.status_code == 403 else ALLOWED


def test_the_table_has_every_route_and_no_other(app):
    assert {(method, endpoint) for method, endpoint, _ in routes(app)} == set(TABLE)


@pytest.mark.parametrize("role", ROLES)
def test_every_route_lets_in_whom_the_table_says(app, person, role):
    somebody = person(role)
    expected = {place: row[ROLES.index(role)] for place, row in TABLE.items()}
    found = {}
    for method, endpoint, path in routes(app):
        if endpoint == "panel.log_out" and role != "anonymous":
            continue
        answer = somebody.get(path) if method == "GET" else somebody.post(path, papel="agent")
        found[method, endpoint] = outcome(answer)
        assert answer.status_code < 500 or endpoint == "health.ready", (endpoint, answer.text)
    if role != "anonymous":
        found["POST", "panel.log_out"] = (
            ALLOWED if somebody.post("/panel/logout").location == "/panel/login" else REFUSED
        )

    assert found == expected
