"""Greeting, the ladder, bursts, and the knowledge base."""

import pytest

from gatte.conversation.classifier_gate import needs_classifier
from gatte.conversation.effects import EscalationReason, StopNotices
from gatte.conversation.nlu import Intent
from gatte.conversation.replies import MenuReply
from gatte.conversation.snapshot import ContactFacts
from gatte.conversation.states import State
from tests.unit.conversation.simulated_conversation import KNOWN, Talk, guess, heard, tapped


def test_a_greeting_shows_the_menu_as_a_list():
    talk = Talk(company="Certifica Já").says("oi", Intent.GREETING)

    assert isinstance(talk.decision.replies[0], MenuReply)
    assert "Certifica Já" in talk.replied
    assert len(talk.options) <= 10
    assert talk.state == State.MENU


def test_a_known_contact_is_greeted_by_name():
    assert "João" in Talk(contact=KNOWN).says("oi").replied
    assert "Olá! Sou" in Talk(contact=ContactFacts(name="💕")).says("oi").replied


def test_the_first_words_say_who_is_speaking_once():
    talk = Talk().says("quanto custa?", Intent.PRICE).gets("R$ 100.")
    assert talk.replied == "Olá! Sou o assistente virtual da GATTE.\n\nR$ 100."

    assert talk.says("e o prazo?", Intent.FAQ).gets("Um dia.").replied == "Um dia."


@pytest.mark.parametrize(
    "intent",
    [
        Intent.FAQ,
        Intent.PRICE,
        Intent.DOCUMENTS,
        Intent.TECHNICAL_SUPPORT,
        Intent.INVOICE_OR_PAYMENT,
    ],
)
def test_questions_go_to_the_knowledge_base(intent):
    talk = Talk().says("como funciona isso aí", intent)

    assert talk.decision.question == "como funciona isso aí"
    assert talk.state == State.ANSWERING
    assert talk.gets("Assim.").state == State.MENU


@pytest.mark.parametrize(
    ("intent", "flow"),
    [
        (Intent.BUY_CERTIFICATE, "lead"),
        (Intent.RENEW_CERTIFICATE, "renewal"),
        (Intent.CERTIFICATE_STATUS, "certificate_status"),
        (Intent.SCHEDULE, "schedule"),
        (Intent.DATA_RIGHTS, "data_rights"),
    ],
)
def test_confident_intents_start_their_flow(intent, flow):
    assert Talk().says("quero aquilo", intent).snapshot.flow == flow


def test_two_close_guesses_are_shown_as_buttons_and_the_words_are_kept():
    close = guess(Intent.BUY_CERTIFICATE, 0.45, (Intent.RENEW_CERTIFICATE, 0.4))
    talk = Talk().says("quero meu e-CPF A3 de novo", close)
    assert talk.titles == ["Comprar certificado", "Renovar certificado", "Falar com atendente"]

    talk.taps_titled("Comprar certificado")

    assert talk.snapshot.flow == "lead"
    assert talk.snapshot.slots == {"product": "e-CPF A3"}


def test_an_offered_option_may_be_typed_by_title_or_place():
    close = guess(Intent.BUY_CERTIFICATE, 0.45, (Intent.RENEW_CERTIFICATE, 0.4))

    assert (
        Talk().says("meu e-CPF de novo", close).says("renovar certificado").snapshot.flow
        == "renewal"
    )
    assert Talk().says("meu e-CPF de novo", close).says("a segunda").snapshot.flow == "renewal"
    assert Talk().says("meu e-CPF de novo", close).says("1").snapshot.flow == "lead"


def test_unclear_words_are_rephrased_then_choices_then_a_human():
    talk = Talk().says("oi").says("xpto")
    assert "outro jeito" in talk.replied

    talk.says("asdf")
    assert "Falar com atendente" in talk.titles

    talk.says("qwer")
    assert talk.effect.reason == EscalationReason.NOT_UNDERSTOOD
    assert "qwer" in talk.effect.summary


def test_questions_without_an_answer_climb_the_same_ladder():
    talk = Talk().says("oi")
    for _ in range(3):
        talk.says("vocês vendem sapatos azuis").gets_no_answer()

    assert talk.effect.reason == EscalationReason.NOT_UNDERSTOOD


def test_being_understood_starts_the_ladder_again():
    talk = (
        Talk()
        .says("oi")
        .says("xpto")
        .says("asdf")
        .says("quanto custa?", Intent.PRICE)
        .gets("R$ 100.")
        .says("xpto")
    )

    assert talk.snapshot.fallback_count == 1


def test_a_technical_question_without_an_answer_is_offered_to_the_desk():
    talk = Talk().says("meu token pisca em verde", Intent.TECHNICAL_SUPPORT).gets_no_answer()

    assert talk.titles == ["Abrir chamado", "Falar com atendente"]


def test_what_is_out_of_scope_is_said_to_be_so():
    talk = Talk().says("vocês vendem sapatos azuis?", Intent.OUT_OF_SCOPE)
    assert talk.replied == ""  # an article may answer it
    talk.gets_no_answer()

    assert "certificados digitais" in talk.replied
    assert talk.options
    assert talk.snapshot.fallback_count == 1  # said again and again, it leads to a human


def test_a_complaint_reaches_a_person():
    talk = Talk().says("estou insatisfeita com a demora", Intent.COMPLAINT)

    assert talk.state == State.WAITING_HUMAN
    assert "Lamento pelo transtorno" in talk.replied


def test_thanks_and_goodbye():
    assert "Por nada" in Talk().says("oi").says("obrigada!", Intent.THANKS).replied
    assert Talk().says("oi").says("tchau", Intent.GOODBYE).state == State.CLOSED


def test_a_burst_is_understood_together_and_answered_once():
    talk = Talk().sends(
        heard("oi", Intent.GREETING),
        heard("quero comprar", Intent.BUY_CERTIFICATE),
        heard("um e-cpf a1"),
        heard("meu nome é Ana Lima"),
    )

    assert talk.snapshot.slots == {"product": "e-CPF A1", "name": "Ana Lima"}
    assert len(talk.decision.replies) == 1
    assert talk.snapshot.requested_slot == "document"


def test_a_human_asked_for_anywhere_in_a_burst_wins():
    talk = Talk().sends(heard("quanto custa?", Intent.PRICE), heard("me chama um atendente"))

    assert talk.state == State.WAITING_HUMAN
    assert talk.decision.question is None


def test_an_alarm_may_be_spread_over_a_burst():
    talk = Talk().sends(heard("meu certificado venceu"), heard("e não consigo emitir nota"))

    assert talk.effect.priority == 0


def test_words_beside_a_tap_fill_the_flow_that_it_starts():
    talk = Talk().sends(tapped("menu:buy"), heard("e-CNPJ A1"))

    assert talk.snapshot.slots == {"product": "e-CNPJ A1"}
    assert len(talk.decision.replies) == 1


def test_the_button_of_a_template_counts_as_its_words():
    from gatte.conversation.nlu import MessageKind, Utterance

    talk = Talk().sends(Utterance("m", MessageKind.CHOICE, "Renovar", choice="payload-77"))

    assert talk.snapshot.flow == "renewal"


def test_a_tap_on_an_option_that_is_over_is_told_so():
    talk = Talk().says("oi").taps("slot:urgency:high")

    assert "não vale mais" in talk.replied
    assert talk.options


@pytest.mark.parametrize(
    "text",
    [
        "atendente",
        "oi",
        "menu",
        "comprar",
        "meu certificado venceu e não emito, não consigo emitir nota",
        "SAIR",
    ],
)
def test_rules_spare_the_model(text):
    assert not needs_classifier(Talk().snapshot, text)


def test_plain_answers_spare_the_model_and_other_words_do_not():
    talk = Talk().says("quero comprar um e-CPF A1", Intent.BUY_CERTIFICATE)

    assert not needs_classifier(talk.snapshot, "João da Silva")
    assert needs_classifier(talk.snapshot, "quanto custa?")
    assert needs_classifier(talk.snapshot, "na verdade quero renovar")
    assert needs_classifier(Talk().snapshot, "quero um certificado")


def test_a_fragment_adds_to_the_question_before_it():
    talk = Talk().sends(
        heard("oi", Intent.GREETING),
        heard("quais documentos preciso", Intent.DOCUMENTS),
        heard("pra e-cpf", Intent.BUY_CERTIFICATE),
    )

    assert talk.decision.question == "quais documentos preciso\npra e-cpf"


def test_an_answer_that_did_not_help_leads_to_the_desk():
    talk = (
        Talk()
        .says("meu token não aparece", Intent.TECHNICAL_SUPPORT)
        .gets("Reinstale o driver.")
        .says("não resolveu")
    )

    assert talk.titles == ["Abrir chamado", "Falar com atendente"]


def test_what_is_out_of_scope_does_not_count_against_a_flow():
    talk = (
        Talk()
        .says("quero um e-CPF A1", Intent.BUY_CERTIFICATE)
        .says("vocês vendem sapatos?", Intent.OUT_OF_SCOPE)
    )

    assert talk.snapshot.invalid_slot_count == 0
    assert "nome completo" in talk.replied


@pytest.mark.parametrize("intent", sorted(set(Intent) - {Intent.OPT_OUT}))
def test_an_intent_ends_alike_whether_it_is_tapped_or_written(intent):
    tapped = Talk(State.MENU, slots={"words": "o que eu disse"}).taps(f"intent:{intent}")
    written = Talk(State.MENU).says("o que eu disse", intent)

    assert tapped.state == written.state
    assert tapped.replied == written.replied
    assert tapped.effects == written.effects


def test_a_tapped_complaint_brings_a_person_and_stands_in_the_trace():
    talk = Talk(State.MENU).taps("intent:complaint")

    assert talk.effect.reason == EscalationReason.COMPLAINT
    assert [one.command.command for one in talk.decision.resolutions] == ["Complain"]


def test_leaving_the_notices_by_a_tap_needs_no_further_question():
    assert StopNotices() in Talk(State.MENU).taps("intent:opt_out").effects


@pytest.mark.parametrize("intent", Intent)
def test_a_tap_on_an_old_choice_is_answered_in_the_middle_of_a_form(intent):
    talk = Talk(State.COLLECTING, flow="lead", requested_slot="name").taps(f"intent:{intent}")

    assert talk.decision.replies or talk.decision.question
