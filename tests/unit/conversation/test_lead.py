"""Buying a certificate."""

import pytest

from gatte.conversation.effects import CaptureLead, EscalationReason, QueueForHuman
from gatte.conversation.nlu import Intent
from gatte.conversation.snapshot import ContactFacts
from gatte.conversation.states import Event, State
from tests.unit.conversation.simulated_conversation import CNPJ, CPF, KNOWN, NEW_CNPJ, Talk, heard

BUY = Intent.BUY_CERTIFICATE


def asked_for_the_name() -> Talk:
    return Talk().says("quero comprar um e-CNPJ A1", BUY)


def confirming() -> Talk:
    return (
        asked_for_the_name()
        .says("João da Silva")
        .says(CNPJ)
        .says("Padaria Estrela")
        .says("joao@x.com")
    )


def test_a_purchase_from_the_first_word_to_the_lead():
    talk = (
        Talk()
        .says("quero comprar", BUY)
        .says("e-CNPJ A1")
        .says("João da Silva")
        .says(CNPJ)
        .says("Padaria Estrela")
        .says("joao@x.com")
    )
    assert talk.state == State.CONFIRMING
    assert "45.997.418/0001-53" in talk.replied

    talk.says("sim")

    assert talk.effect == CaptureLead(
        "João da Silva", "e-CNPJ A1", CNPJ, "Padaria Estrela", "joao@x.com"
    )
    assert talk.state == State.MENU
    assert talk.snapshot.slots == {}


def test_what_was_said_at_the_start_is_not_asked_again():
    talk = asked_for_the_name()

    assert talk.snapshot.slots == {"product": "e-CNPJ A1"}
    assert "nome completo" in talk.replied


def test_several_values_in_one_message():
    talk = asked_for_the_name().says(
        "pode anotar aí: João, cnpj 12.ABC.345/01DE-35, e-mail joao@x.com"
    )

    assert talk.snapshot.slots == {
        "product": "e-CNPJ A1",
        "name": "João",
        "document": NEW_CNPJ,
        "email": "joao@x.com",
    }
    assert talk.snapshot.requested_slot == "company"


def test_a_person_is_not_asked_for_a_company():
    talk = Talk().says("quero um e-CPF A1", BUY).says("Ana Lima").says(CPF)

    assert talk.snapshot.requested_slot == "email"


def test_the_product_is_chosen_from_a_list():
    talk = Talk().says("quero comprar", BUY)
    assert "e-CPF A3" in talk.titles

    talk.taps_titled("e-CPF A3")

    assert talk.snapshot.slots["product"] == "e-CPF A3"


def test_somebody_unsure_of_the_product_is_helped_by_the_desk():
    talk = Talk().says("quero comprar", BUY).taps_titled("Não sei, me ajude")

    assert talk.snapshot.slots["product"] == "a definir"


def test_nothing_is_sent_without_a_yes():
    assert confirming().effects == ()
    assert confirming().says("quanto tempo demora?", Intent.FAQ).gets("Um dia.").effects == ()


@pytest.mark.parametrize(
    "correction", ["errei, o e-mail é ana@y.com", "o email certo é ana@y.com", "não, ana@y.com"]
)
def test_a_value_is_corrected_while_confirming(correction):
    talk = confirming().says(correction)

    assert talk.snapshot.slots["email"] == "ana@y.com"
    assert talk.state == State.CONFIRMING
    assert "ana@y.com" in talk.replied
    assert Event.CORRECTED in talk.events


def test_an_earlier_value_is_corrected_while_another_is_asked():
    talk = asked_for_the_name().says("João da Silva").says("errei, o nome é João de Souza")

    assert talk.snapshot.slots["name"] == "João de Souza"
    assert talk.snapshot.requested_slot == "document"


def test_a_no_asks_which_value_is_wrong_and_asks_for_it_again():
    talk = confirming().says("não")
    assert talk.titles == ["Certificado", "Nome", "CPF ou CNPJ", "Empresa", "E-mail"]

    talk.says("o nome")
    assert talk.snapshot.requested_slot == "name"

    talk.says("Ana Lima")
    assert talk.state == State.CONFIRMING
    assert talk.snapshot.slots["name"] == "Ana Lima"


def test_a_tap_on_an_older_summary_confirms_nothing():
    talk = confirming()
    old = talk.options[0].id
    talk.says("o nome é Ana Lima")

    talk.taps(old)

    assert talk.effects == ()
    assert talk.state == State.CONFIRMING
    assert "não vale mais" in talk.replied


def test_neither_yes_nor_no_leads_to_a_human_in_three_steps():
    talk = confirming().says("xpto abc").says("xpto def")
    assert talk.state == State.CONFIRMING

    talk.says("xpto ghi")

    assert talk.effect.reason == EscalationReason.NOT_UNDERSTOOD
    assert talk.state == State.WAITING_HUMAN


def test_a_wrong_document_is_explained_and_the_third_time_a_human_is_offered():
    talk = asked_for_the_name().says("João da Silva").says("529.982.247-26")
    assert "CPF não confere" in talk.replied
    talk.says("45.997.418/0001-54")
    assert "CNPJ não confere" in talk.replied

    talk.says("123")

    assert talk.titles == ["Falar com atendente", "Cancelar"]
    assert talk.state == State.COLLECTING


def test_the_offer_of_a_human_is_taken_with_a_yes_and_declined_with_a_no():
    offered = asked_for_the_name().says("João da Silva").says("1").says("2").says("3")
    snapshot = offered.snapshot

    assert offered.says("sim").effect.reason == EscalationReason.SLOT_FAILED
    offered.snapshot = snapshot
    assert offered.says("não").snapshot.requested_slot == "document"


def test_five_unusable_answers_call_the_desk():
    talk = asked_for_the_name().says("João da Silva")
    for wrong in "12345":
        talk.says(wrong)

    assert isinstance(talk.effect, QueueForHuman)
    assert talk.effect.reason == EscalationReason.SLOT_FAILED


def test_a_good_answer_forgets_the_bad_ones():
    talk = asked_for_the_name().says("João da Silva").says("1").says("2").says(CPF)

    assert talk.snapshot.invalid_slot_count == 0
    assert talk.snapshot.requested_slot == "email"


def test_somebody_without_an_email_goes_on():
    talk = (
        Talk()
        .says("quero um e-CPF A1", BUY)
        .says("Ana Lima")
        .says(CPF)
        .says("não tenho")
        .says("sim")
    )

    assert talk.effect == CaptureLead("Ana Lima", "e-CPF A1", CPF, None, None)


def test_a_returning_contact_is_not_asked_for_name_and_email_again():
    talk = Talk(contact=KNOWN).says("quero um e-CPF A1", BUY)

    assert talk.snapshot.requested_slot == "document"


def test_the_name_of_a_profile_is_not_taken_for_granted():
    talk = Talk(contact=ContactFacts(name="Jo 💕")).says("quero um e-CPF A1", BUY)

    assert talk.snapshot.requested_slot == "name"


def test_a_name_that_a_classifier_misreads_is_still_a_name():
    talk = asked_for_the_name().sends(heard("Rosa Maria", Intent.GREETING))

    assert talk.snapshot.slots["name"] == "Rosa Maria"


def test_a_document_in_two_messages_is_one():
    talk = Talk().says("quero um e-CNPJ A1", BUY).says("João da Silva")

    talk.sends(heard("45.997.418/"), heard("0001-53"))

    assert talk.snapshot.slots["document"] == CNPJ


def test_a_model_that_is_told_after_its_kind_makes_the_product_whole():
    talk = Talk().says("quero comprar um e-CNPJ", BUY)
    assert "O e-CNPJ pode ser A1" in talk.replied

    assert talk.says("o de arquivo").snapshot.slots["product"] == "e-CNPJ A1"
    assert "product_part" not in talk.snapshot.slots


def test_at_the_summary_the_other_model_may_be_wished_for_in_other_words():
    talk = Talk().says("quero um e-CPF A3", BUY).says("Ana Lima").says(CPF).says("não tenho")

    talk.says("o token eu vou perder\ntroca pelo de arquivo")

    assert talk.snapshot.slots["product"] == "e-CPF A1"
