"""What somebody typed is not lost when it cannot be sent, and is written once if sent twice."""

import re
from uuid import uuid4

import pytest
from sqlalchemy import func, select

from gatte.extensions import db
from gatte.models import Message, TicketNote
from tests.integration.panel.factories import minutes_ago


def composer_of(page):
    return re.search(r'<textarea id="reply-text"[^>]*>([^<]*)</textarea>', page.text)[1]


def count(app, model, **columns):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model).filter_by(**columns))


def test_a_refused_answer_stays_in_its_field_and_the_reason_stands_beside_it(agent, desk, users):
    conversation = desk.with_agent(users["bruno"])
    agent.get(f"/panel/sessoes/{conversation}")

    refused = agent.post(f"/panel/sessoes/{conversation}/responder", texto="Bom dia!")
    assert refused.status_code == 409
    assert composer_of(refused) == "Bom dia!"
    problem = re.search(r'<div id="problem".*?</div>', refused.text, re.DOTALL)[0]
    assert "Esta conversa não está com você" in problem


def test_an_answer_that_is_too_long_stays_in_its_field(agent, desk, users):
    conversation = desk.with_agent(users["ana"])
    agent.get(f"/panel/sessoes/{conversation}")

    refused = agent.post(f"/panel/sessoes/{conversation}/responder", texto="x" * 4097)
    assert refused.status_code == 422
    assert composer_of(refused) == "x" * 4097
    assert "Esta tem 4097" in refused.text


def test_line_ends_of_a_form_count_once(agent, desk, users):
    conversation = desk.with_agent(users["ana"])

    longest = "\r\n".join(["x" * 63] * 64)  # 4,095 characters as the browser counts them
    assert agent.press(f"/panel/sessoes/{conversation}/responder", texto=longest).status_code == 200


def test_a_refusal_is_no_success_to_htmx(agent):
    assert '{"code":"409|422","swap":true,"error":true}' in agent.get("/panel/sessoes").text


def test_an_answer_sent_twice_is_written_once(app, agent, desk, users):
    conversation = desk.with_agent(users["ana"])
    draft = re.search(
        r'name="rascunho" value="([^"]+)"', agent.get(f"/panel/sessoes/{conversation}").text
    )[1]
    for _ in range(2):
        agent.press(f"/panel/sessoes/{conversation}/responder", texto="Bom dia!", rascunho=draft)

    assert count(app, Message, conversation_id=conversation) == 1


def test_the_id_of_another_text_swallows_no_answer(app, agent, desk, users):
    conversation = desk.with_agent(users["ana"])
    draft = str(uuid4())
    for text in ("Bom dia!", "Tudo bem?"):
        agent.press(f"/panel/sessoes/{conversation}/responder", texto=text, rascunho=draft)

    assert count(app, Message, conversation_id=conversation) == 2


def test_a_note_sent_twice_is_written_once(app, agent, desk):
    ticket = desk.ticket()
    draft = re.search(
        r'name="rascunho" value="([^"]+)"', agent.get(f"/panel/chamados/{ticket}").text
    )[1]
    for _ in range(2):
        agent.post(f"/panel/chamados/{ticket}/notas", nota="Liguei às 10h", rascunho=draft)

    assert count(app, TicketNote, ticket_id=ticket) == 1


def test_a_note_that_is_too_long_is_not_cut_but_stays_in_its_field(app, agent, desk):
    ticket = desk.ticket()
    agent.get(f"/panel/chamados/{ticket}")

    refused = agent.post(f"/panel/chamados/{ticket}/notas", nota="y" * 4001)
    assert refused.status_code == 422
    assert "y" * 4001 in refused.text
    assert count(app, TicketNote, ticket_id=ticket) == 0


@pytest.mark.parametrize("what", ["token", "no token"])
def test_a_note_sent_without_a_session_leads_to_the_login_and_back_to_the_ticket(
    browser, desk, what
):
    page = f"/panel/chamados/{desk.ticket()}"
    browser.get("/panel/login")
    fields = {"nota": "Liguei"} | ({"csrf_token": browser.token} if what == "token" else {})

    answer = browser.client.post(
        f"{page}/notas", data=fields, headers={"Referer": f"http://localhost{page}"}
    )
    assert (answer.status_code, answer.location) == (302, f"/panel/login?next={page}")
    assert "Sua sessão terminou. Entre de novo" in browser.get(answer.location).text


def test_an_answer_sent_without_a_session_leads_to_the_login(browser, desk):
    page = f"/panel/sessoes/{desk.conversation()}"
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://localhost{page}"}

    answer = browser.client.post(f"{page}/responder", data={"texto": "oi"}, headers=headers)
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (401, f"/panel/login?next={page}")
    assert "Sua sessão terminou. Entre de novo" in browser.get("/panel/login").text


def test_a_page_of_an_older_session_is_loaded_anew(agent, desk, users):
    page = f"/panel/sessoes/{desk.with_agent(users['ana'])}"
    agent.token = "a token of yesterday"

    answer = agent.press(f"{page}/responder", texto="oi")
    assert (answer.status_code, answer.headers["HX-Refresh"]) == (400, "true")
    assert "esta página ainda era a antiga" in agent.get(page).text


def test_a_poll_never_touches_what_was_told(agent, desk, users):
    page = f"/panel/sessoes/{desk.with_agent(users['ana'], last_inbound_at=minutes_ago(3))}"
    told = agent.poll(page).text

    assert 'id="notices"' not in told
    assert 'id="problem"' not in told
