"""A muted contact on the page of its conversation, and the button that takes the mute back."""

from datetime import timedelta

import pytest

from gatte.extensions import db
from gatte.models import Conversation, MuteReason, SkipReason
from gatte.models.message import Message
from gatte.store import contacts
from gatte.web.panel.formatting import now


@pytest.fixture
def muted(app, desk):
    """The conversation of a contact who is muted for another hour."""
    conversation_id = desk.conversation(says=["compre já"])
    with app.app_context():
        contact = db.session.get_one(Conversation, conversation_id).contact
        contacts.mute(contact, MuteReason.REPETITION, now() + timedelta(hours=1))
        db.session.commit()
    return conversation_id


def test_the_card_says_until_when_and_why(agent, muted):
    page = agent.get(f"/panel/sessoes/{muted}").text

    assert "<strong>Silenciado</strong> até" in page
    assert "por repetir a mesma mensagem" in page
    assert "Sistema: silenciou o contato" in page


def test_an_agent_takes_a_mute_back_and_it_is_written_down(app, agent, muted):
    answer = agent.press(f"/panel/sessoes/{muted}/reativar")

    assert answer.status_code == 200
    assert "Contato reativado" in answer.text
    assert "Ana Ribeiro: reativou o contato" in answer.text
    assert "Silenciado" not in answer.text
    with app.app_context():
        assert not contacts.is_muted(db.session.get_one(Conversation, muted).contact, now())


def test_who_is_not_muted_has_no_button(agent, desk):
    assert "Reativar" not in agent.get(f"/panel/sessoes/{desk.conversation()}").text


def test_a_message_that_the_bot_did_not_read_says_so(app, agent, muted):
    with app.app_context():
        db.session.query(Message).filter_by(
            conversation_id=muted
        ).one().skip_reason = SkipReason.MUTED
        db.session.commit()

    assert "O robô não leu: contato silenciado" in agent.get(f"/panel/sessoes/{muted}").text


def test_an_agent_mutes_a_contact_with_a_reason_and_for_a_time(app, agent, desk, users):
    conversation = desk.conversation()

    answer = agent.press(f"/panel/sessoes/{conversation}/silenciar", motivo="abuse", horas="24")
    assert answer.status_code == 200
    assert "por ofensas ou ameaças" in answer.text
    assert "Ana Ribeiro: silenciou o contato" in answer.text
    with app.app_context():
        contact = db.session.get_one(Conversation, conversation).contact
        assert contact.mute_reason is MuteReason.ABUSE
        assert contacts.is_muted(contact, now() + timedelta(hours=23))
        assert not contacts.is_muted(contact, now() + timedelta(hours=25))


@pytest.mark.parametrize(
    ("reason", "hours"), [("nada", "24"), ("abuse", "25"), ("abuse", ""), ("", "1")]
)
def test_a_mute_has_a_reason_and_a_time_that_are_offered(app, agent, desk, reason, hours):
    conversation = desk.conversation()

    assert (
        agent.press(
            f"/panel/sessoes/{conversation}/silenciar", motivo=reason, horas=hours
        ).status_code
        == 400
    )
    with app.app_context():
        assert db.session.get_one(Conversation, conversation).contact.muted_until is None
