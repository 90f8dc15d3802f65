"""Why the bot said a message, and what an agent does about a wrong reading."""

import re

import pytest
from sqlalchemy import select

from gatte.data_rights import erasure
from gatte.extensions import db
from gatte.models import Article, AuditEntry, Contact, ExampleState, Message, TrainingExample, Turn
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody


@pytest.fixture
def customer(app):
    return somebody(app)


def address_of(customer) -> str:
    """The card of the last thing that the bot said."""
    with customer.app.app_context():
        talk = customer.conversation()
        said = select(Message).filter_by(conversation_id=talk.id, author="bot")
        message = db.session.scalars(said.order_by(Message.sequence.desc())).first()
        return f"/panel/sessoes/{talk.id}/porque/{message.id}"


def examples(app) -> list[TrainingExample]:
    with app.app_context():
        return list(db.session.scalars(select(TrainingExample).order_by(TrainingExample.id)))


def test_the_card_says_in_plain_words_what_was_understood(customer, agent):
    customer.sends(payloads.text("quero renovar meu certificado"))

    page = agent.get(address_of(customer)).text

    assert "<strong>quer renovar o certificado</strong> (certeza" in page
    assert "“quero renovar meu certificado”" in page
    assert "Entender" in page


def test_the_card_leads_to_an_article_with_the_question_but_no_personal_value(customer, agent):
    customer.sends(payloads.text("vocês entregam token em ilhéus? meu cpf é 529.982.247-25"))
    page = agent.get(address_of(customer)).text
    address = re.search(r'href="(/panel/base/novo[^"]+)"', page)
    assert address is not None

    form = agent.get(address[1]).text

    assert 'value="vocês entregam token em ilhéus?' in form
    assert "529.982" not in form


def test_an_article_that_was_found_can_be_opened_and_one_that_is_gone_is_only_named(
    app, customer, agent
):
    customer.sends(payloads.text("vocês têm estacionamento?"))
    card = address_of(customer)
    found = [
        {"slug": slug, "title": title, "score": 1, "cosine": 1}
        for slug, title in (("estacionamento", "Estacionamento"), ("sumiu", "Artigo de antes"))
    ]
    with app.app_context():
        article = Article(
            slug="estacionamento",
            title="Estacionamento",
            question="Tem?",
            answer="Temos.",
            topic="faq",
            source="teste",
        )
        db.session.add(article)
        message = db.session.get_one(Message, card.rsplit("/", 1)[1])
        turn = db.session.get_one(Turn, message.turn_id)
        turn.trace = {**turn.trace, "answer": {"passages": found, "sources": []}}
        db.session.commit()
        address = f"/panel/base/{article.id}"

    page = agent.get(card).text

    assert f'<a href="{address}">Estacionamento</a>' in page
    assert "Artigo de antes" in page
    assert ">Artigo de antes</a>" not in page


def test_the_conversation_leads_to_the_card(customer, agent):
    customer.sends(payloads.text("oi"))
    card = address_of(customer)

    assert f'href="{card}"' in agent.get(card.rpartition("/porque/")[0]).text


def test_a_correction_is_stored_shown_and_taken_back(app, customer, agent):
    customer.sends(payloads.text("queria trocar aquele dia que combinamos"))
    card = address_of(customer)
    agent.get(card)

    agent.post(f"{card}/corrigir", leitura="StartFlow:cancel_appointment", motivo="já tem horário")

    stored = examples(app)[-1]
    with app.app_context():
        example = db.session.get_one(TrainingExample, stored.id)
        assert example.turn_input["messages"] == ["queria trocar aquele dia que combinamos"]
        assert example.turn_input["context"]["flow"] == ""
        assert example.labels_after == ["StartFlow:cancel_appointment"]
        assert example.labels_before != example.labels_after
        assert example.reason == "já tem horário"
        subject = f"conversation:{example.conversation_id}"
        noted = select(AuditEntry.action).filter_by(subject=subject)
        assert "reading.corrected" in set(db.session.scalars(noted))
        assert b"combinamos" not in example.turn_input_sealed
    page = agent.get(card).text
    assert "corrigiu: o cliente <strong>quer desmarcar</strong>" in page

    agent.post(f"/panel/aprendizado/exemplos/{stored.id}/retirar")

    assert examples(app)[-1].state is ExampleState.WITHDRAWN
    assert "corrigiu:" not in agent.get(card).text


def test_who_corrects_again_replaces_their_own_word(app, customer, agent):
    customer.sends(payloads.text("queria trocar aquele dia"))
    card = address_of(customer)
    agent.get(card)
    agent.post(f"{card}/corrigir", leitura="RequestHuman")
    agent.post(f"{card}/corrigir", leitura="StartFlow:move_appointment")

    states = [(one.labels_after, one.state) for one in examples(app)[-2:]]

    assert states == [
        (["RequestHuman"], ExampleState.WITHDRAWN),
        (["StartFlow:move_appointment"], ExampleState.ACTIVE),
    ]


def test_nothing_chosen_stores_nothing_and_keeps_what_was_typed(app, customer, agent):
    customer.sends(payloads.text("oi"))
    card = address_of(customer)
    agent.get(card)
    before = len(examples(app))

    answer = agent.post(f"{card}/corrigir", leitura="Palpite", motivo="não sei bem")

    assert answer.status_code == 422
    assert "Marque pelo menos uma coisa" in answer.text
    assert "não sei bem" in answer.text
    assert len(examples(app)) == before


def test_a_tap_teaches_nothing(app, customer, agent):
    customer.sends(payloads.button_reply("menu:human", "Falar com atendente"))
    card = address_of(customer)
    agent.get(card)

    answer = agent.post(f"{card}/corrigir", leitura="RequestHuman")

    assert answer.status_code == 409
    assert "não pode ser corrigida" in answer.text


def test_an_agent_takes_back_their_own_corrections_only(app, customer, agent, log_in):
    customer.sends(payloads.text("troca meu dia"))
    card = address_of(customer)
    agent.get(card)
    agent.post(f"{card}/corrigir", leitura="StartFlow:move_appointment")
    example = examples(app)[-1]

    other, chief = log_in("bruno"), log_in("chefe")
    path = f"/panel/aprendizado/exemplos/{example.id}/retirar"

    assert other.post(path).status_code == 403
    assert chief.post(path).status_code == 303
    assert examples(app)[-1].state is ExampleState.WITHDRAWN


def test_a_message_of_another_conversation_has_no_card_here(customer, agent, desk):
    customer.sends(payloads.text("oi"))
    message = address_of(customer).rpartition("/")[2]

    assert agent.get(f"/panel/sessoes/{desk.conversation()}/porque/{message}").status_code == 404


def test_the_list_is_filtered_and_shows_the_words(customer, agent):
    customer.sends(payloads.text("me passa para outro dia"))
    card = address_of(customer)
    agent.get(card)
    agent.post(f"{card}/corrigir", leitura="StartFlow:move_appointment")

    shown = agent.get("/panel/aprendizado/exemplos?leitura=StartFlow:move_appointment").text
    others = agent.get("/panel/aprendizado/exemplos?leitura=OptOut").text

    assert "me passa para outro dia" in shown
    assert "me passa para outro dia" not in others


def test_an_erasure_takes_the_corrections_along(app, customer, agent):
    customer.sends(payloads.text("muda o meu dia, por favor"))
    card = address_of(customer)
    agent.get(card)
    agent.post(f"{card}/corrigir", leitura="StartFlow:move_appointment")
    example = examples(app)[-1]
    with app.app_context():
        contact = db.session.get_one(Contact, example.contact_id)
        erasure.erase(contact.id)
        db.session.commit()

    assert example.id not in {one.id for one in examples(app)}


def test_the_page_of_what_was_learned_is_calm_before_the_first_training(agent):
    page = agent.get("/panel/aprendizado").text

    assert "O modelo que vem com o sistema" in page
    assert re.search(r"O robô aprende com\s+\d+ corre", page)
