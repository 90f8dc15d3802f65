"""The page of costs, and a person's correction of a voice message."""

from decimal import Decimal

import pytest
from sqlalchemy import select

from gatte.conversation.nlu import MessageKind
from gatte.extensions import db
from gatte.models import LlmCall, Message
from gatte.store import messages
from gatte.web.panel.formatting import reais, thousands

CALL = {"purpose": "respond", "model": "gemini-x", "prompt_version": "v", "outcome": "ok"}


@pytest.fixture
def spoken(app, desk):
    """A conversation with a voice message of doubtful words, and the message's id."""
    conversation_id = desk.conversation(says=["algo"])
    with app.app_context():
        message = db.session.scalars(
            select(Message).filter_by(conversation_id=conversation_id)
        ).one()
        message.kind = MessageKind.AUDIO.value
        message.raw_payload = {"media_id": "1", "mime_type": "audio/ogg"}
        db.session.flush()
        messages.save_transcript(message.id, "quero renovar o e-CPF", ("e-CPF",))
        db.session.commit()
        return conversation_id, message.id


def test_money_is_written_as_people_write_it():
    assert reais(Decimal("1234.5")) == "R$ 1.234,50"
    assert reais(Decimal("0.0123")) == "R$ 0,0123"
    assert thousands(12345) == "12.345"


def test_the_page_shows_what_the_month_cost_by_flow_and_conversation(app, desk, log_in):
    conversation_id = desk.conversation()
    with app.app_context():
        cost = {"cost_brl": Decimal("12.34"), "tokens_in": 5_000, "latency_ms": 1.0}
        db.session.add(LlmCall(**CALL, **cost, flow="renewal", conversation_id=conversation_id))
        db.session.commit()
    page = log_in("chefe").get("/panel/custos")

    assert page.status_code == 200
    assert page.text.count("R$ 12,34") >= 5
    assert "5.000" in page.text
    assert f"/panel/sessoes/{conversation_id}" in page.text


def test_a_voice_message_shows_player_doubts_and_correction(spoken, agent):
    conversation_id, message_id = spoken
    page = agent.get(f"/panel/sessoes/{conversation_id}").text

    assert f'src="/panel/sessoes/{conversation_id}/mensagens/{message_id}/audio"' in page
    assert "Não ouvido com certeza: <strong>e-CPF</strong>" in page


def test_a_correction_is_kept_beside_what_the_model_heard(app, spoken, agent):
    conversation_id, message_id = spoken
    agent.get(f"/panel/sessoes/{conversation_id}")
    path = f"/panel/sessoes/{conversation_id}/mensagens/{message_id}/transcricao"
    assert agent.post(path, transcricao="quero renovar o e-CNPJ").status_code == 303

    with app.app_context():
        message = messages.get_message(message_id)
        assert message.body == "quero renovar o e-CNPJ"
        assert message.raw_payload["transcribed"] == "quero renovar o e-CPF"
        assert "doubtful_words" not in message.raw_payload
    assert "Corrigido por uma pessoa" in agent.get(f"/panel/sessoes/{conversation_id}").text


def test_a_message_that_is_no_voice_of_this_conversation_is_not_found(desk, spoken, agent):
    other = desk.conversation()

    assert agent.get(f"/panel/sessoes/{other}/mensagens/{spoken[1]}/audio").status_code == 404
