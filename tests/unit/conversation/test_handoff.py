"""The way to a human and back."""

from datetime import timedelta

import pytest

from gatte.conversation.effects import EraseMessage, EscalationReason, QueueForHuman, StopNotices
from gatte.conversation.handoff import show_opening
from gatte.conversation.nlu import Intent, MessageKind
from gatte.conversation.snapshot import DeskFacts, ExternalEvent, Owner
from gatte.conversation.states import Event, State
from tests.unit.conversation.simulated_conversation import (
    ECNPJ,
    EXPIRED,
    KNOWN,
    MONDAY,
    Talk,
    guess,
    heard,
)

QUEUE = (
    0,
    1,
    1,
    2,
    3,
    90,
)  # how many are served before a customer of each priority; who asks for a person has 4


def waiting(**facts) -> Talk:
    return Talk(**facts).says("quero falar com um atendente")


def with_human() -> Talk:
    return waiting().sees(Event.AGENT_TOOK)


def test_the_card_says_who_why_and_what_was_under_way():
    talk = (
        Talk().says("quero um e-CPF A1", Intent.BUY_CERTIFICATE).says("Ana Lima").says("atendente")
    )

    assert talk.effect.reason == EscalationReason.REQUESTED
    lines = talk.effect.summary.splitlines()
    assert len(lines) == 3
    assert "Ana Lima" in lines[0]
    assert "a compra do certificado" in lines[1]
    assert "atendente" in lines[2]


def test_the_card_says_what_the_bot_tried():
    talk = (
        Talk()
        .says("oi")
        .says("xpto")
        .says("quanto custa?", Intent.PRICE)
        .gets("R$ 100.")
        .says("atendente")
    )

    assert talk.effect.activity_log == "não entendeu · respondeu uma dúvida"


def failed(talk: Talk, said: str) -> Talk:
    return talk.takes(ExternalEvent(Event.FAILED, "ValueError", said))


def test_the_card_after_failures_in_a_row_has_the_message_that_failed():
    talk = failed(failed(Talk(), "não consigo emitir a nota 4471"), "e agora também o boleto")

    lines = talk.effect.summary.splitlines()
    assert "e agora também o boleto" in lines[2]
    assert "não consigo emitir a nota 4471" in lines[3]


def test_who_asks_for_a_person_after_a_failure_need_not_repeat_what_failed():
    talk = failed(Talk(), "quero saber da nota 4471").says("atendente")

    assert "quero saber da nota 4471" in talk.effect.summary
    assert "atendente" in talk.effect.summary


def test_what_was_answered_after_a_failure_is_not_on_the_card():
    talk = failed(Talk(), "quero saber da nota 4471").says("menu").says("atendente")

    assert "4471" not in talk.effect.summary


def test_the_card_of_somebody_with_a_certificate_names_it():
    assert "10/12/2026" in waiting(contact=KNOWN, certificates=(ECNPJ,)).effect.summary


@pytest.mark.parametrize(
    ("desk", "words"),
    [
        (DeskFacts(), "próximo da fila"),
        (DeskFacts(ahead_by_priority=QUEUE), "3 pessoas na sua frente; a resposta vem"),
        (
            DeskFacts(ahead_by_priority=QUEUE, minutes_each=2.9),
            "3 pessoas na sua frente; a espera é de cerca de 12 min",
        ),
        (
            DeskFacts(ahead_by_priority=QUEUE, minutes_each=31.0),
            "3 pessoas na sua frente; a resposta vem",
        ),
        (DeskFacts(open=False), "fechado agora"),
        (DeskFacts(open=False, opens_at=MONDAY + timedelta(days=1)), "abre amanhã às 10h"),
    ],
)
def test_the_customer_hears_how_the_queue_stands(desk, words):
    assert words in waiting(desk=desk).replied


def test_opening_times_are_said_as_people_say_them():
    assert show_opening(MONDAY.replace(hour=13, minute=30), MONDAY) == "hoje às 13h30"
    assert show_opening(MONDAY.replace(day=27, hour=9), MONDAY) == "sexta-feira, 27/11, às 9h"


def test_an_invoice_stopped_by_an_expired_certificate_comes_first():
    assert Talk().says("certificado vencido, não consigo emitir nota").effect.priority == 0
    assert Talk(certificates=(EXPIRED,)).says("não consigo emitir nota").effect.priority == 0
    assert (
        Talk(certificates=(ECNPJ,))
        .says("não consigo emitir nota", Intent.TECHNICAL_SUPPORT)
        .effects
        == ()
    )


def test_revocation_goes_to_a_human_by_rule_and_by_intent():
    assert (
        Talk().says("perdi o token, preciso revogar").effect.reason == EscalationReason.REVOCATION
    )
    assert (
        Talk().says("anula o certificado que perdi", Intent.REVOKE_CERTIFICATE).effect.reason
        == EscalationReason.REVOCATION
    )


def test_messages_while_waiting_are_noted_once_and_then_silently():
    talk = waiting().says("é urgente")
    assert "Anotado" in talk.replied

    assert talk.says("alguém aí?").decision.replies == ()


def test_a_sure_question_while_waiting_is_answered_in_the_queue():
    talk = (
        waiting().says("quais documentos preciso?", guess(Intent.DOCUMENTS, 0.9)).gets("RG e CPF.")
    )

    assert talk.replied == "RG e CPF."
    assert talk.state == State.WAITING_HUMAN


def test_a_more_pressing_reason_moves_forward_and_the_same_one_does_not():
    talk = waiting().says("meu certificado venceu e não consigo emitir nota")
    assert talk.effect.priority == 0

    assert talk.says("meu certificado venceu e não consigo emitir nota!").effects == ()


def test_asking_again_tells_the_place_in_the_queue():
    talk = waiting(desk=DeskFacts(ahead_by_priority=QUEUE)).says("atendente")

    assert talk.effects == ()
    assert "3 pessoas" in talk.replied


def test_a_more_pressing_reason_is_told_its_own_place_in_the_queue():
    desk = DeskFacts(ahead_by_priority=QUEUE, minutes_each=4.0)

    assert (
        "próximo da fila"
        in Talk(desk=desk).says("certificado vencido, não consigo emitir nota").replied
    )
    assert (
        "1 pessoa na sua frente" in Talk(desk=desk).says("perdi o token, preciso revogar").replied
    )
    assert (
        "1 pessoa na sua frente"
        in waiting(desk=desk).says("perdi o token, preciso revogar").says("atendente").replied
    )


def test_a_tap_on_the_menu_leaves_the_queue():
    talk = waiting().taps("menu:schedule")

    assert talk.snapshot.flow == "schedule"
    assert "Tirei você da fila" in talk.replied


def test_the_bot_is_silent_while_a_human_owns_the_conversation():
    talk = with_human()
    assert talk.snapshot.owner == Owner.HUMAN

    for words in ("oi", "menu", "atendente", "vou ao procon", "quanto custa?"):
        talk.says(words, Intent.PRICE)
        assert talk.decision.replies == ()
        assert talk.decision.question is None
        assert talk.effects == ()


def test_a_late_answer_is_not_said_over_a_human():
    asked = Talk().says("quanto custa?", Intent.PRICE).sees(Event.AGENT_TOOK)

    assert asked.gets("R$ 100.").decision.replies == ()


def test_what_law_and_safety_ask_for_is_done_silently_while_a_human_owns():
    talk = with_human().sends(
        heard("SAIR"), heard(kind=MessageKind.DOCUMENT, filename="empresa.pfx", message_id="key")
    )

    assert set(talk.effects) == {StopNotices(), EraseMessage("key", "key_file")}
    assert talk.decision.replies == ()


def test_an_answer_from_the_phone_is_a_human_taking_over():
    talk = Talk().says("quero um e-CPF", Intent.BUY_CERTIFICATE).sees(Event.AGENT_REPLIED, "phone")

    assert talk.state == State.WITH_HUMAN
    assert talk.snapshot.owner == Owner.HUMAN


def test_handing_back_starts_afresh_and_triggers_nothing():
    talk = (
        Talk()
        .says("vou ao procon")
        .sees(Event.AGENT_TOOK)
        .says("resolvido, obrigada")
        .sees(Event.HANDED_BACK)
    )
    assert talk.snapshot.owner == Owner.BOT
    assert talk.state == State.MENU

    talk.says("xpto")

    assert talk.effects == ()
    assert talk.snapshot.fallback_count == 1
    assert "priority" not in talk.snapshot.flags


def test_a_forced_escalation_tells_the_customer_unless_they_are_gone():
    assert Talk().says("oi").sees(Event.FORCED_ESCALATION).effect.reason == EscalationReason.FORCED
    gone = Talk().says("oi").sees(Event.TIMED_OUT).sees(Event.FORCED_ESCALATION)
    assert isinstance(gone.effect, QueueForHuman)
    assert gone.decision.replies == ()


def test_a_forced_reset_forgets_everything():
    talk = Talk().says("quero um e-CPF", Intent.BUY_CERTIFICATE).sees(Event.FORCED_RESET)

    assert talk.state == State.START
    assert talk.snapshot.slots == {}
    assert talk.decision.replies == ()
