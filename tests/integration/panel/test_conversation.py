import threading
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from gatte.conversation.replies import ButtonsReply, ReplyOption
from gatte.extensions import db
from gatte.models import AuditEntry, Conversation, DeliveryState, Message


def read(app, conversation_id):
    with app.app_context():
        row = db.session.get_one(Conversation, conversation_id)
        return row.state.value, row.owner.value, row.assignee_id


def audit_of(app, conversation_id):
    with app.app_context():
        query = select(AuditEntry.action, AuditEntry.user_id).where(
            AuditEntry.subject == f"conversation:{conversation_id}", AuditEntry.action != "viewed"
        )
        return [tuple(row) for row in db.session.execute(query.order_by(AuditEntry.id))]


def test_an_agent_takes_a_waiting_conversation(app, agent, users, waiting):
    answer = agent.press(f"/panel/sessoes/{waiting}/assumir")

    assert answer.status_code == 200
    assert "A conversa é sua" in answer.text
    assert 'id="reply-text"' in answer.text
    assert read(app, waiting) == ("STATE_WITH_HUMAN", "human", users["ana"])
    assert audit_of(app, waiting) == [("agent_took", users["ana"])]


def test_of_two_agents_who_take_at_once_one_is_told(log_in, waiting, app, users):
    browsers = {who: log_in(who) for who in ("ana", "bruno")}
    answers = {}
    start = threading.Barrier(2)

    def take(who):
        start.wait()
        answers[who] = browsers[who].press(f"/panel/sessoes/{waiting}/assumir")

    threads = [threading.Thread(target=take, args=(who,)) for who in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    loser = next(who for who, answer in answers.items() if answer.status_code == 409)
    winner = "ana" if loser == "bruno" else "bruno"
    assert answers[winner].status_code == 200
    assert "Outra pessoa da equipe assumiu esta conversa antes de você" in answers[loser].text
    assert read(app, waiting)[2] == users[winner]


def test_an_agent_answers_and_the_answer_waits_to_leave(app, agent, desk, users):
    conversation = desk.with_agent(users["ana"], says=["oi"])

    answer = agent.press(f"/panel/sessoes/{conversation}/responder", texto="Bom dia, <Joana>!")
    assert answer.status_code == 200
    assert "Bom dia, &lt;Joana&gt;!" in answer.text
    with app.app_context():
        message = db.session.scalar(
            select(Message).filter_by(conversation_id=conversation, direction="out")
        )
        assert (message.body, message.user_id, message.outbox.state.value) == (
            "Bom dia, <Joana>!",
            users["ana"],
            "pending",
        )


def test_an_answer_of_several_lines_leaves_with_plain_line_breaks(app, agent, desk, users):
    conversation = desk.with_agent(users["ana"], says=["oi"])

    agent.press(f"/panel/sessoes/{conversation}/responder", texto="Bom dia!\r\n\r\nSegue o valor.")

    with app.app_context():
        message = db.session.scalar(
            select(Message).filter_by(conversation_id=conversation, direction="out")
        )
        assert message.body == "Bom dia!\n\nSegue o valor."


@pytest.mark.parametrize("text", ["", "   ", "x" * 4097])
def test_an_answer_has_1_to_4096_characters(agent, desk, users, text):
    conversation = desk.with_agent(users["ana"])

    assert agent.press(f"/panel/sessoes/{conversation}/responder", texto=text).status_code == 422


def test_nobody_answers_in_the_conversation_of_another(agent, desk, users):
    conversation = desk.with_agent(users["bruno"])

    assert "Quem atende é Bruno Castro" in agent.get(f"/panel/sessoes/{conversation}").text
    answer = agent.press(f"/panel/sessoes/{conversation}/responder", texto="oi")
    assert answer.status_code == 409
    assert "não está com você" in answer.text


def test_a_closed_window_is_told_before_and_nothing_is_sent_after(app, agent, desk, users):
    conversation = desk.with_agent(
        users["ana"], last_inbound_at=datetime.now(UTC) - timedelta(hours=25)
    )

    page = agent.get(f"/panel/sessoes/{conversation}").text
    assert "A janela de 24 horas fechou" in page
    assert 'id="reply-text"' not in page
    assert agent.press(f"/panel/sessoes/{conversation}/responder", texto="oi").status_code == 409
    with app.app_context():
        assert db.session.scalar(select(Message).filter_by(conversation_id=conversation)) is None


def test_an_agent_hands_back_to_the_bot(app, agent, desk, users):
    conversation = desk.with_agent(users["ana"])

    assert agent.press(f"/panel/sessoes/{conversation}/devolver").status_code == 200
    _, owner, assignee = read(app, conversation)
    assert (owner, assignee) == ("bot", None)
    assert audit_of(app, conversation) == [("handed_back", users["ana"])]


def test_a_forced_escalation_puts_the_conversation_into_the_queue(app, agent, desk, users):
    conversation = desk.conversation()

    assert agent.press(f"/panel/sessoes/{conversation}/encaminhar").status_code == 200
    assert read(app, conversation)[0] == "STATE_WAITING_HUMAN"
    assert audit_of(app, conversation) == [("forced_escalation", users["ana"])]
    assert "encaminhou ao atendimento" in agent.get(f"/panel/sessoes/{conversation}").text


def test_only_an_admin_resets_a_conversation(app, agent, log_in, desk, users):
    conversation = desk.conversation(state="STATE_COLLECTING", flow="lead")

    assert agent.press(f"/panel/sessoes/{conversation}/reiniciar").status_code == 403
    assert "Reiniciar" not in agent.get(f"/panel/sessoes/{conversation}").text
    assert log_in("chefe").press(f"/panel/sessoes/{conversation}/reiniciar").status_code == 200
    assert read(app, conversation)[0] == "STATE_START"
    assert audit_of(app, conversation) == [("forced_reset", users["chefe"])]


def test_an_action_that_does_not_fit_any_more_is_told_and_changes_nothing(app, agent, desk, users):
    conversation = desk.with_agent(users["bruno"])

    answer = agent.press(f"/panel/sessoes/{conversation}/encaminhar")
    assert answer.status_code == 409
    assert read(app, conversation)[2] == users["bruno"]


def test_without_scripts_an_action_leads_back_to_the_page(agent, waiting):
    answer = agent.post(f"/panel/sessoes/{waiting}/assumir")

    assert (answer.status_code, answer.location) == (303, f"/panel/sessoes/{waiting}")
    assert "A conversa é sua" in agent.get(answer.location).text


def test_a_failed_send_shows_why(agent, desk, users):
    conversation = desk.with_agent(users["ana"])
    desk.answers(conversation, "Olá", DeliveryState.FAILED, error_code=131026)

    page = agent.get(f"/panel/sessoes/{conversation}").text
    assert "Código 131026" in page


def test_buttons_that_were_sent_are_shown(agent, desk):
    conversation = desk.conversation(says=["oi"])
    desk.answers(conversation, ButtonsReply("Como posso ajudar?", (ReplyOption("buy", "Comprar"),)))

    assert '<span class="chip">Comprar</span>' in agent.get(f"/panel/sessoes/{conversation}").text


def test_a_conversation_that_does_not_exist_is_a_page_not_found(agent):
    missing = "/panel/sessoes/01890000-0000-7000-8000-000000000000"

    assert agent.get(missing).status_code == 404
    assert agent.press(f"{missing}/assumir").status_code == 404


def test_long_histories_are_read_in_pages(agent, desk):
    conversation = desk.conversation(says=[f"mensagem número {number}" for number in range(100)])

    newest = agent.get(f"/panel/sessoes/{conversation}").text
    assert "mensagem número 99" in newest
    assert "mensagem número 19<" not in newest
    earlier = agent.get(
        newest.split('class="thread-more"><a class="button quiet" href="')[1].split('"')[0]
    ).text
    assert "mensagem número 19<" in earlier
    assert 'id="poll"' not in earlier
