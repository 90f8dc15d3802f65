"""Values told while nothing asks for them are kept; products in people's words; answers to the
offer that was just shown.
"""

import pytest

from gatte.conversation.command_reader.offer_answers import answer_to_offer, says_it_whole
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.nlu import Intent
from gatte.conversation.option_ids import CANCEL_FLOW, LEAVE_QUEUE
from gatte.conversation.parsing.products import parts_of_answer
from gatte.conversation.states import State
from tests.unit.conversation.simulated_conversation import CNPJ, CPF, Talk

BUY, RIGHTS = Intent.BUY_CERTIFICATE, Intent.DATA_RIGHTS


def test_name_and_document_that_come_where_the_product_is_asked_are_kept():
    talk = Talk().says("quero comprar", BUY).says(f"sebastiao vieira da silva {CPF}")

    assert talk.snapshot.slots == {"name": "Sebastiao Vieira da Silva", "document": CPF}
    assert talk.snapshot.requested_slot == "product"


def test_values_told_before_any_wish_are_not_asked_again():
    talk = Talk().says(f"meu nome é Ana Souza, cpf {CPF}").says("quero comprar", BUY)

    assert talk.snapshot.slots == {"name": "Ana Souza", "document": CPF}
    assert talk.snapshot.requested_slot == "product"


def test_values_told_in_another_form_wait_for_the_one_that_asks_for_them():
    talk = Talk().says("meus dados", RIGHTS).says("meu nome é Ana Souza")
    assert talk.snapshot.flow == "data_rights"
    assert talk.snapshot.slots == {"told.name": "Ana Souza"}

    talk.says("cancelar").says("quero comprar um e-CPF A1", BUY)

    assert talk.snapshot.slots == {"product": "e-CPF A1", "name": "Ana Souza"}


def test_told_values_stay_beside_a_form_that_is_put_aside_and_taken_up_again():
    talk = Talk().says("quero comprar um e-CPF A1", BUY).says("Ana Souza").says("menu")
    talk.says("meus dados", RIGHTS).says(f"o cnpj é {CNPJ}").says("cancelar")
    talk.says("continuar")

    assert talk.snapshot.slots["name"] == "Ana Souza"
    assert talk.snapshot.slots["told.document"] == CNPJ


def test_whoever_only_tells_a_name_is_asked_what_it_is_for():
    talk = Talk().says("Ana Souza")

    assert "O que você precisa?" in talk.replied


@pytest.mark.parametrize(
    ("text", "kind", "model"),
    [
        ("é o do computador mesmo", "", "A1"),
        ("aquele que espeta no computador", "", "A3"),
        ("o trem do cnpj aqui", "e-CNPJ", ""),
        ("não é o do computador, é o outro", "", "A3"),
        ("da firma, e não uso token", "e-CNPJ", "A1"),
        ("quero o a3 não, o a1", "", "A1"),
    ],
)
def test_parts_of_a_product_in_peoples_words(text, kind, model):
    parts = parts_of_answer(text)

    assert (parts.kind, parts.model) == (kind, model)


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("nao, quero esperar", False),
        ("não quero sair", False),
        ("deixa quieto, eu espero", False),
        ("quero sair", True),
        ("nao quero esperar mais", True),
        ("posso esperar?", None),
        ("e o preço do e-CNPJ", None),
    ],
)
def test_an_offer_is_answered_by_its_own_verbs(text, answer):
    assert answer_to_offer(LEAVE_QUEUE().id, text) is answer


def test_only_the_offers_own_verb_alone_is_literal():
    assert says_it_whole(LEAVE_QUEUE().id, "quero sair da fila, por favor")
    assert not says_it_whole(LEAVE_QUEUE().id, "não quero esperar mais")
    assert answer_to_offer(CANCEL_FLOW().id, "não, quero continuar") is False


def test_who_stays_in_the_queue_keeps_the_place():
    talk = Talk().says("atendente").says("cancela isso, vou resolver de outro jeito")
    talk = talk if "sair da fila?" in talk.replied else talk.says("voltar ao menu vai")
    assert "sair da fila?" in talk.replied

    talk.says("nao, quero esperar")

    assert talk.state == State.WAITING_HUMAN
    assert "continua guardado" in talk.replied


def test_a_question_that_lives_on_the_message_before_it_is_read():
    talk = Talk().sends(*map_heard("quanto custa o e-cnpj a1?", "e o a3?"))

    asked = [one for one in talk.decision.fact_questions if isinstance(one, FactQuestion)]
    assert [one.products for one in asked] == [("e-CNPJ A1",), ("e-CNPJ A3",)]


def map_heard(*texts):
    from tests.unit.conversation.simulated_conversation import heard

    return [heard(text, Intent.PRICE) for text in texts]
