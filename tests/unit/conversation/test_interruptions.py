"""In every state: a human, the menu, cancel, leaving, a question in between, a change of mind, a
pause.
"""

import pytest

from gatte.conversation.effects import CaptureLead, EscalationReason, QueueForHuman, StopNotices
from gatte.conversation.nlu import Intent
from gatte.conversation.snapshot import Owner
from gatte.conversation.states import Event, State
from tests.unit.conversation.simulated_conversation import CNPJ, Talk, heard

BUY = Intent.BUY_CERTIFICATE


def buying() -> Talk:
    return Talk().says("quero comprar um e-CNPJ A1", BUY).says("João da Silva")


def confirming() -> Talk:
    return buying().says(CNPJ).says("Padaria Estrela").says("joao@x.com")


def in_each_state() -> dict[str, Talk]:
    return {
        "start": Talk(),
        "menu": Talk().says("oi"),
        "collecting": buying(),
        "confirming": confirming(),
        "error": buying().sees(Event.FAILED),
        "timeout": buying().sees(Event.TIMED_OUT),
        "closed": Talk().says("tchau"),
        "waiting": Talk().says("atendente"),
    }


@pytest.mark.parametrize("name", in_each_state())
def test_a_human_is_called_from_everywhere(name):
    talk = in_each_state()[name].says("quero falar com um atendente")

    assert talk.state == State.WAITING_HUMAN
    assert talk.replied


@pytest.mark.parametrize("name", in_each_state())
@pytest.mark.parametrize("word", ["menu", "cancelar"])
def test_menu_and_cancel_lead_out_of_everywhere(name, word):
    talk = in_each_state()[name].says(word)

    assert talk.state == State.MENU
    assert talk.snapshot.flow is None
    assert talk.options


@pytest.mark.parametrize("name", in_each_state())
@pytest.mark.parametrize("word", ["SAIR", "não quero mais receber mensagens"])
def test_leaving_works_everywhere(name, word):
    talk = in_each_state()[name].says(word)

    assert talk.effects == (StopNotices(),)
    assert talk.snapshot.flow is None
    assert talk.snapshot.suspended_flow is None


def test_a_question_in_between_is_answered_and_the_flow_goes_on_where_it_was():
    talk = buying().says("quanto custa?", Intent.PRICE)
    assert talk.decision.question == "quanto custa?"

    talk.gets("A partir de R$ 100.")

    assert talk.state == State.COLLECTING
    assert talk.snapshot.requested_slot == "document"
    assert len(talk.decision.replies) == 1
    assert talk.replied.startswith("A partir de R$ 100.")


def test_a_question_while_confirming_comes_back_to_the_summary():
    talk = confirming().says("quanto tempo demora?", Intent.FAQ).gets("Um dia.")

    assert talk.state == State.CONFIRMING
    assert "joao@x.com" in talk.replied


def test_a_value_and_a_question_in_one_message():
    talk = buying().says(f"é o {CNPJ}, quanto custa?", Intent.PRICE).gets("R$ 100.")

    assert talk.snapshot.slots["document"] == CNPJ
    assert talk.snapshot.requested_slot == "company"


def test_a_question_without_an_answer_does_not_stop_the_flow():
    talk = buying().says("vocês aceitam bitcoin?", Intent.FAQ).gets_no_answer()

    assert talk.state == State.COLLECTING
    assert talk.snapshot.requested_slot == "document"
    assert talk.snapshot.fallback_count == 0


def test_a_change_of_mind_keeps_the_old_flow_for_later():
    talk = buying().says("na verdade quero agendar", Intent.SCHEDULE)
    assert talk.snapshot.flow == "schedule"
    assert talk.snapshot.suspended_flow == "lead"
    assert "Guardei a compra" in talk.replied

    talk.says("sexta 14h").says("sim")
    assert talk.titles == ["Continuar", "Não, obrigado"]

    talk.says("sim")
    assert talk.snapshot.flow == "lead"
    assert talk.snapshot.slots == {"product": "e-CNPJ A1", "name": "João da Silva"}


def test_a_change_of_mind_is_heard_where_a_company_is_asked():
    talk = buying().says(CNPJ).says("quero agendar uma visita", Intent.SCHEDULE)

    assert talk.snapshot.flow == "schedule"


def test_the_offer_to_come_back_can_be_declined():
    talk = (
        buying()
        .says("na verdade quero agendar", Intent.SCHEDULE)
        .says("sexta 14h")
        .says("sim")
        .taps_titled("Não, obrigado")
    )

    assert talk.snapshot.suspended_flow is None
    assert talk.state == State.MENU


def test_the_menu_puts_a_flow_aside_and_continue_takes_it_up():
    talk = buying().says("menu")
    assert "continuar" in talk.replied

    talk.says("continuar")

    assert talk.snapshot.requested_slot == "document"


def test_a_cancelled_flow_does_not_come_back():
    talk = buying().says("cancelar")
    assert "cancelei" in talk.replied

    talk.says("continuar")

    assert talk.snapshot.flow is None


def test_goodbye_in_a_flow_keeps_it():
    talk = buying().says("tchau")
    assert talk.state == State.TIMEOUT  # a closed conversation would lose what was told

    assert talk.waits(hours=1).says("oi", Intent.GREETING).titles == ["Continuar", "Não, obrigado"]


def test_a_greeting_in_a_flow_is_no_mistake():
    talk = buying().says("bom dia")

    assert talk.snapshot.invalid_slot_count == 0
    assert talk.snapshot.requested_slot == "document"


def test_after_a_time_out_the_flow_is_offered_again():
    talk = (
        buying().sees(Event.NUDGED).sees(Event.TIMED_OUT).waits(hours=2).says("oi", Intent.GREETING)
    )
    assert talk.titles == ["Continuar", "Não, obrigado"]

    assert talk.says("pode ser").snapshot.requested_slot == "document"


def test_an_answer_after_a_time_out_just_goes_on():
    talk = buying().sees(Event.TIMED_OUT).waits(minutes=50).says(f"é {CNPJ}")

    assert talk.state == State.COLLECTING
    assert talk.snapshot.slots["document"] == CNPJ


def test_a_question_after_a_time_out_is_answered_first():
    talk = buying().sees(Event.TIMED_OUT).says("quanto custa?", Intent.PRICE)

    assert talk.decision.question == "quanto custa?"


def test_after_a_day_the_slots_are_forgotten():
    talk = (
        buying()
        .sees(Event.TIMED_OUT)
        .sees(Event.CLOSED)
        .waits(hours=25)
        .says("oi", Intent.GREETING)
    )

    assert talk.snapshot.suspended_flow is None
    assert talk.snapshot.slots == {}
    assert "Comprar certificado" in talk.titles


def test_a_failure_gets_one_apology_with_a_way_on_and_the_flow_is_kept():
    talk = buying().sees(Event.FAILED)
    assert talk.state == State.ERROR
    assert talk.titles == ["Tentar de novo", "Ver menu", "Falar com atendente"]

    talk.taps_titled("Tentar de novo")

    assert talk.state == State.COLLECTING
    assert talk.snapshot.requested_slot == "document"


def test_a_yes_that_failed_can_be_said_again():
    talk = confirming().sees(Event.FAILED).says("sim")

    assert isinstance(talk.effect, CaptureLead)


def test_the_second_failure_in_a_row_goes_to_the_desk():
    talk = buying().sees(Event.FAILED).sees(Event.FAILED)

    assert talk.effect.reason == EscalationReason.ERRORS
    assert talk.events == [Event.FAILED, Event.ESCALATED]


def test_a_turn_that_works_forgets_the_failure():
    talk = buying().sees(Event.FAILED).says(CNPJ).sees(Event.FAILED)

    assert talk.state == State.ERROR
    assert talk.effects == ()


def test_a_failure_does_not_disturb_a_human():
    talk = Talk(State.WITH_HUMAN, owner=Owner.HUMAN).sees(Event.FAILED)

    assert talk.state == State.WITH_HUMAN
    assert talk.decision.replies == ()


def test_an_order_is_cancelled_in_a_flow_but_a_refund_outside_of_it():
    assert buying().says("quero cancelar essa compra").state == State.MENU
    assert isinstance(Talk().says("quero cancelar minha compra").effect, QueueForHuman)


def test_the_same_flow_asked_for_again_goes_on():
    talk = buying().taps("menu:buy")

    assert talk.snapshot.requested_slot == "document"
    assert talk.snapshot.slots["name"] == "João da Silva"


def test_an_edited_message_corrects_the_value():
    from gatte.conversation.nlu import MessageKind

    talk = confirming().sends(heard("meu email é certo@y.com", kind=MessageKind.EDIT))

    assert talk.snapshot.slots["email"] == "certo@y.com"
    assert talk.state == State.CONFIRMING


def test_a_flow_that_ends_with_a_question_of_its_own_does_not_ask_a_second_one():
    talk = buying().says("na verdade quero saber do meu chamado", Intent.TICKET_STATUS)
    assert talk.titles == ["Abrir chamado", "Falar com atendente"]

    assert talk.says("continuar").snapshot.flow == "lead"


def test_a_correction_is_acknowledged():
    assert "corrigi" in buying().says("errei, é e-CPF").replied
