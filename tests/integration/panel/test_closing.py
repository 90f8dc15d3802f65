"""Closing a conversation, and passing it from one agent to another."""

import threading
from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from gatte.extensions import db
from gatte.models import AuditEntry, Conversation, Message
from tests.integration.panel.factories import minutes_ago


def read(app, conversation_id):
    with app.app_context():
        row = db.session.get_one(Conversation, conversation_id)
        return row.state.value, row.owner.value, row.assignee_id, row.closed_at is not None


def audit_of(app, conversation_id):
    with app.app_context():
        query = select(AuditEntry).where(
            AuditEntry.subject == f"conversation:{conversation_id}", AuditEntry.action != "viewed"
        )
        entries = db.session.scalars(query.order_by(AuditEntry.id))
        return [(one.action, one.user_id, one.details) for one in entries]


def said_in(app, conversation_id):
    with app.app_context():
        query = select(Message).filter_by(conversation_id=conversation_id, direction="out")
        return [message.body for message in db.session.scalars(query)]


def test_an_agent_closes_a_conversation_and_the_customer_is_told(app, agent, desk, users):
    conversation = desk.with_agent(users["ana"])

    answer = agent.press(f"/panel/sessoes/{conversation}/encerrar")
    assert answer.status_code == 200
    assert "Atendimento encerrado" in answer.text
    assert read(app, conversation) == ("STATE_CLOSED", "bot", None, True)
    assert audit_of(app, conversation) == [("agent_closed", users["ana"], {})]
    assert said_in(app, conversation)[0].startswith("Encerramos este atendimento")
    assert "Ana Ribeiro: encerrou o atendimento" in agent.get(f"/panel/sessoes/{conversation}").text


def test_nothing_is_said_after_the_24_hours(app, agent, desk, users):
    conversation = desk.with_agent(
        users["ana"], last_inbound_at=datetime.now(UTC) - timedelta(hours=25)
    )

    assert agent.press(f"/panel/sessoes/{conversation}/encerrar").status_code == 200
    assert read(app, conversation)[0] == "STATE_CLOSED"
    assert said_in(app, conversation) == []


def test_an_agent_closes_no_conversation_of_another_and_none_of_the_bot(app, agent, desk, users):
    for conversation in (desk.with_agent(users["bruno"]), desk.conversation()):
        assert "Encerrar" not in agent.get(f"/panel/sessoes/{conversation}").text
        assert agent.press(f"/panel/sessoes/{conversation}/encerrar").status_code == 409
        assert not read(app, conversation)[3]


def test_an_admin_closes_a_conversation_in_any_state(app, log_in, desk, users, waiting):
    admin = log_in("chefe")
    for conversation in (desk.with_agent(users["bruno"]), desk.conversation(), waiting):
        assert admin.press(f"/panel/sessoes/{conversation}/encerrar").status_code == 200
        assert read(app, conversation)[0] == "STATE_CLOSED"


def test_what_the_customer_just_wrote_is_read_before_closing(app, agent, desk, users):
    conversation = desk.with_agent(users["ana"], turn_due_at=minutes_ago(0))

    refused = agent.press(f"/panel/sessoes/{conversation}/encerrar")
    assert refused.status_code == 409
    assert "O cliente acabou de escrever" in refused.text
    assert not read(app, conversation)[3]


def test_a_closed_conversation_is_not_taken_or_escalated(app, agent, desk):
    conversation = desk.conversation(state="STATE_CLOSED", closed_at=minutes_ago(1))

    for action in ("assumir", "encaminhar", "encerrar"):
        refused = agent.press(f"/panel/sessoes/{conversation}/{action}")
        assert (action, refused.status_code) == (action, 409)
        assert "já foi encerrada" in refused.text
    assert read(app, conversation)[:2] == ("STATE_CLOSED", "bot")


def test_an_admin_takes_over_from_an_agent_who_went_home(app, log_in, desk, users):
    admin, conversation = log_in("chefe"), desk.with_agent(users["bruno"])
    assert "Assumir a conversa de Bruno Castro?" in admin.get(f"/panel/sessoes/{conversation}").text

    taken = admin.press(
        f"/panel/sessoes/{conversation}/passar", de=str(users["bruno"]), para=str(users["chefe"])
    )
    assert taken.status_code == 200
    assert "A conversa é sua" in taken.text
    assert read(app, conversation)[:3] == ("STATE_WITH_HUMAN", "human", users["chefe"])
    details = {"from": users["bruno"], "to": users["chefe"]}
    assert audit_of(app, conversation) == [("taken_over", users["chefe"], details)]


def test_an_admin_passes_a_conversation_on(app, log_in, desk, users):
    admin, conversation = log_in("chefe"), desk.with_agent(users["bruno"])

    passed = admin.press(
        f"/panel/sessoes/{conversation}/passar", de=str(users["bruno"]), para=str(users["ana"])
    )
    assert "Agora quem atende é Ana Ribeiro" in passed.text
    assert "Clara Chefe: passou a conversa a outra pessoa" in passed.text
    assert read(app, conversation)[2] == users["ana"]


def test_only_an_admin_passes_conversations_on(app, agent, desk, users):
    conversation = desk.with_agent(users["bruno"])

    refused = agent.press(
        f"/panel/sessoes/{conversation}/passar", de=str(users["bruno"]), para=str(users["ana"])
    )
    assert refused.status_code == 403
    assert read(app, conversation)[2] == users["bruno"]


def test_of_two_admins_who_pass_a_conversation_on_at_once_one_is_told(app, log_in, desk, users):
    conversation = desk.with_agent(users["bruno"])
    admins, answers, start = [log_in("chefe"), log_in("chefe")], {}, threading.Barrier(2)

    def pass_on(number, target):
        start.wait()
        fields = {"de": str(users["bruno"]), "para": str(users[target])}
        answers[number] = (
            admins[number].press(f"/panel/sessoes/{conversation}/passar", **fields).status_code
        )

    threads = [threading.Thread(target=pass_on, args=one) for one in enumerate(("ana", "chefe"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(answers.values()) == [200, 409]
    assert len(audit_of(app, conversation)) == 1


def test_a_conversation_that_was_handed_back_meanwhile_is_not_passed_on(app, log_in, desk, users):
    admin, conversation = log_in("chefe"), desk.conversation()

    fields = {"de": str(users["bruno"]), "para": str(users["ana"])}
    assert admin.press(f"/panel/sessoes/{conversation}/passar", **fields).status_code == 409
    assert read(app, conversation)[1:3] == ("bot", None)


def test_the_page_tells_in_a_live_region_who_has_the_conversation(agent, log_in, desk, users):
    conversation = desk.with_agent(users["ana"])
    page = f"/panel/sessoes/{conversation}"
    assert "A conversa é sua." in agent.get(page).text
    log_in("chefe").press(f"{page}/passar", de=str(users["ana"]), para=str(users["bruno"]))

    told = agent.poll(page).text
    assert "A conversa é sua" not in told
    assert f'data-standing="human-{users["bruno"]}">Quem atende agora é Bruno Castro.' in told
