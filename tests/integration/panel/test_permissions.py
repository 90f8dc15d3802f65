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

TOKEN = "token"
"""Asks for a bearer token, whoever is logged in."""

OPEN = (ALLOWED, ALLOWED, ALLOWED)
PEOPLE = (LOGIN, ALLOWED, ALLOWED)
ADMINS = (LOGIN, REFUSED, ALLOWED)
TOKEN_ONLY = (TOKEN, TOKEN, TOKEN)
# Method and endpoint: anonymous, agent, admin.
TABLE = {
    ("GET", "static"): OPEN,
    ("GET", "health.live"): OPEN,
    ("GET", "health.ready"): OPEN,
    ("GET", "health.startup"): OPEN,
    ("GET", "health.prometheus_metrics"): OPEN,
    ("GET", "webhook.handshake"): (REFUSED, REFUSED, REFUSED),  # whoever has not its token
    ("POST", "webhook.receive"): OPEN,  # by Meta's signature, else 401
    ("GET", "panel.show_login"): OPEN,
    ("GET", "panel.show_code"): PEOPLE,
    ("POST", "panel.check_code"): PEOPLE,
    ("POST", "panel.log_in"): OPEN,
    ("POST", "panel.log_out"): PEOPLE,
    ("GET", "panel.home"): PEOPLE,
    ("GET", "panel.panel_start"): PEOPLE,
    ("GET", "panel.show_account"): PEOPLE,
    ("GET", "panel.show_second_factor"): PEOPLE,
    ("POST", "panel.confirm_second_factor"): PEOPLE,
    ("POST", "panel.renew_recovery_codes"): PEOPLE,
    ("POST", "panel.remove_second_factor"): PEOPLE,
    ("POST", "panel.remove_user_second_factor"): ADMINS,
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
    ("POST", "panel.search_sessions"): PEOPLE,
    ("GET", "panel.show_conversation"): PEOPLE,
    ("GET", "panel.show_media"): PEOPLE,
    ("GET", "panel.download_media"): PEOPLE,
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
    ("GET", "panel.download_leads"): ADMINS,
    ("GET", "panel.show_lead"): PEOPLE,
    ("POST", "panel.change_lead"): PEOPLE,
    ("GET", "panel.show_map"): PEOPLE,
    ("GET", "panel.show_simulator"): PEOPLE,
    ("POST", "panel.add_customer"): PEOPLE,
    ("POST", "panel.send_as_customer"): PEOPLE,
    ("GET", "api.get_appointment"): TOKEN_ONLY,
    ("GET", "api.get_article"): TOKEN_ONLY,
    ("GET", "api.get_fact"): TOKEN_ONLY,
    ("GET", "api.list_appointments"): TOKEN_ONLY,
    ("GET", "api.list_daily_figures"): TOKEN_ONLY,
    ("GET", "api.list_facts"): TOKEN_ONLY,
    ("GET", "api.list_free_times"): TOKEN_ONLY,
    ("GET", "api.list_message_templates"): TOKEN_ONLY,
    ("POST", "api.book_appointment"): TOKEN_ONLY,
    ("POST", "api.create_fact"): TOKEN_ONLY,
    ("POST", "api.move_appointment"): TOKEN_ONLY,
    ("POST", "api.send_template_message"): TOKEN_ONLY,
    ("PATCH", "api.change_appointment"): TOKEN_ONLY,
    ("PUT", "api.put_fact"): TOKEN_ONLY,
    ("DELETE", "api.delete_fact"): TOKEN_ONLY,
    ("GET", "api.get_certificate"): TOKEN_ONLY,
    ("GET", "api.get_contact"): TOKEN_ONLY,
    ("GET", "api.get_conversation"): TOKEN_ONLY,
    ("GET", "api.get_lead"): TOKEN_ONLY,
    ("GET", "api.get_message"): TOKEN_ONLY,
    ("GET", "api.get_media"): TOKEN_ONLY,
    ("GET", "api.get_ticket"): TOKEN_ONLY,
    ("GET", "api.get_webhook"): TOKEN_ONLY,
    ("GET", "api.list_articles"): TOKEN_ONLY,
    ("GET", "api.list_certificates"): TOKEN_ONLY,
    ("GET", "api.list_contacts"): TOKEN_ONLY,
    ("GET", "api.list_conversations"): TOKEN_ONLY,
    ("GET", "api.list_leads"): TOKEN_ONLY,
    ("GET", "api.list_messages"): TOKEN_ONLY,
    ("GET", "api.list_ticket_notes"): TOKEN_ONLY,
    ("GET", "api.list_tickets"): TOKEN_ONLY,
    ("GET", "api.list_webhook_deliveries"): TOKEN_ONLY,
    ("GET", "api.list_webhooks"): TOKEN_ONLY,
    ("GET", "docs.show_document"): OPEN,
    ("GET", "docs.show_page"): OPEN,
    ("GET", "panel.list_facts"): PEOPLE,
    ("GET", "panel.list_routines"): ADMINS,
    ("GET", "panel.show_checks"): ADMINS,
    ("GET", "panel.show_indicators"): ADMINS,
    ("GET", "panel.download_indicators"): ADMINS,
    ("GET", "panel.show_costs"): ADMINS,
    ("GET", "panel.list_tokens"): ADMINS,
    ("GET", "panel.list_webhooks"): ADMINS,
    ("GET", "panel.show_webhook"): ADMINS,
    ("POST", "panel.create_webhook"): ADMINS,
    ("POST", "panel.replay_webhook"): ADMINS,
    ("POST", "panel.switch_webhook"): ADMINS,
    ("GET", "panel.new_appointment"): PEOPLE,
    ("GET", "panel.new_fact"): ADMINS,
    ("GET", "panel.show_agenda"): PEOPLE,
    ("GET", "panel.show_appointment"): PEOPLE,
    ("GET", "panel.show_contact_data"): ADMINS,
    ("GET", "panel.play_voice"): PEOPLE,
    ("GET", "panel.show_fact"): PEOPLE,
    ("PATCH", "api.change_certificate"): TOKEN_ONLY,
    ("PATCH", "api.change_contact"): TOKEN_ONLY,
    ("PATCH", "api.change_lead"): TOKEN_ONLY,
    ("PATCH", "api.change_ticket"): TOKEN_ONLY,
    ("PATCH", "api.change_webhook"): TOKEN_ONLY,
    ("POST", "api.add_ticket_note"): TOKEN_ONLY,
    ("POST", "api.close_conversation"): TOKEN_ONLY,
    ("POST", "api.create_certificate"): TOKEN_ONLY,
    ("POST", "api.create_ticket"): TOKEN_ONLY,
    ("POST", "api.create_webhook"): TOKEN_ONLY,
    ("POST", "api.escalate_conversation"): TOKEN_ONLY,
    ("POST", "api.hand_back_conversation"): TOKEN_ONLY,
    ("POST", "api.replay_webhook"): TOKEN_ONLY,
    ("POST", "api.search_contacts"): TOKEN_ONLY,
    ("POST", "api.send_message"): TOKEN_ONLY,
    ("POST", "api.take_conversation"): TOKEN_ONLY,
    ("POST", "panel.add_fact"): ADMINS,
    ("POST", "panel.book_appointment"): PEOPLE,
    ("POST", "panel.change_fact"): ADMINS,
    ("POST", "panel.close_appointment"): PEOPLE,
    ("POST", "panel.correct_transcript"): PEOPLE,
    ("POST", "panel.create_token"): ADMINS,
    ("POST", "panel.download_copy"): ADMINS,
    ("POST", "panel.erase"): ADMINS,
    ("POST", "panel.hold"): ADMINS,
    ("POST", "panel.lift_hold"): ADMINS,
    ("POST", "panel.move_appointment"): PEOPLE,
    ("POST", "panel.remove_fact"): ADMINS,
    ("POST", "panel.revoke_token"): ADMINS,
    ("POST", "panel.start_routine"): ADMINS,
    ("GET", "panel.list_articles"): PEOPLE,
    ("GET", "panel.new_article"): PEOPLE,
    ("GET", "panel.show_article"): PEOPLE,
    ("GET", "panel.show_history"): PEOPLE,
    ("GET", "panel.show_trial_form"): PEOPLE,
    ("GET", "panel.show_trial"): PEOPLE,
    ("GET", "panel.show_import"): PEOPLE,
    ("GET", "panel.list_question_groups"): PEOPLE,
    ("GET", "panel.show_memories"): PEOPLE,
    ("POST", "panel.add_article"): PEOPLE,
    ("POST", "panel.save_article"): PEOPLE,
    ("POST", "panel.preview_article"): PEOPLE,
    ("POST", "panel.start_trial"): PEOPLE,
    ("POST", "panel.read_file"): PEOPLE,
    ("POST", "panel.store_drafts"): PEOPLE,
    ("POST", "panel.attach_questions"): PEOPLE,
    ("POST", "panel.dismiss_questions"): PEOPLE,
    ("POST", "panel.reopen_questions"): PEOPLE,
    ("POST", "panel.correct_memory"): PEOPLE,
    ("POST", "panel.forget_memory"): PEOPLE,
    ("POST", "panel.publish_article"): ADMINS,
    ("POST", "panel.archive_article"): ADMINS,
    ("PUT", "api.put_article"): TOKEN_ONLY,
    ("GET", "panel.show_explanation"): PEOPLE,
    ("POST", "panel.correct_reading"): PEOPLE,
    ("POST", "panel.withdraw_example"): PEOPLE,
    ("GET", "panel.show_learning"): PEOPLE,
    ("GET", "panel.list_examples"): PEOPLE,
    ("POST", "panel.promote_model"): ADMINS,
    ("POST", "panel.roll_back_model"): ADMINS,
    ("GET", "panel.list_certificates"): PEOPLE,
    ("GET", "panel.show_certificate"): PEOPLE,
    ("POST", "panel.change_certificate"): PEOPLE,
    ("GET", "panel.new_certificate"): PEOPLE,
    ("POST", "panel.add_certificate"): PEOPLE,
    ("GET", "panel.new_certificate_import"): ADMINS,
    ("POST", "panel.upload_certificates"): ADMINS,
    ("GET", "panel.show_certificate_import"): ADMINS,
    ("POST", "panel.confirm_certificate_import"): ADMINS,
    ("GET", "panel.list_message_templates"): PEOPLE,
    ("GET", "panel.show_contact_profile"): PEOPLE,
    ("POST", "panel.set_consent"): PEOPLE,
}
ROLES = ("anonymous", "agent", "admin")


def routes(app):
    """Method, endpoint and an address of every route; ids that nothing has."""
    found = []
    for rule in app.url_map.iter_rules():
        path = re.sub(r"<int:[^>]+>", "0", rule.rule)
        path = re.sub(r"<(?:uuid|string):[^>]+>", str(uuid4()), path)
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
    if answer.status_code == 401 and "Bearer" in answer.headers.get("WWW-Authenticate", ""):
        return TOKEN
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
        if method == "POST":
            answer = somebody.post(path, papel="agent")
        elif method == "GET":
            answer = somebody.get(path)
        else:
            answer = somebody.client.open(path, method=method, json={})
        found[method, endpoint] = outcome(answer)
        assert answer.status_code < 500 or endpoint == "health.ready", (endpoint, answer.text)
    if role != "anonymous":
        found["POST", "panel.log_out"] = (
            ALLOWED if somebody.post("/panel/logout").location == "/panel/login" else REFUSED
        )

    assert found == expected
