"""Whatever a model reads, what cannot be undone follows the customer's own word alone."""

import random

import pytest

from gatte.conversation.command_reader.label_commands import SIMPLE_LABELS
from gatte.conversation.commands import (
    Affirm,
    CancelFlow,
    Deny,
    LabelScore,
    LeaveQueue,
    OptOut,
    SetSlot,
    ShowMenu,
    Skip,
    StartFlow,
    TurnReading,
)
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import CancelAppointment, EraseData, StopNotices
from gatte.conversation.irreversible import IRREVERSIBLE, NotSaidLiterally
from gatte.conversation.snapshot import AppointmentFacts, MessagesReceived
from gatte.conversation.states import Event, State
from tests.unit.conversation.simulated_conversation import MONDAY, Talk, heard

BOOKED = AppointmentFacts("a1", 1001, MONDAY)
UNSAID = [
    "para de me mandar o menu, só quero o preço",
    "chega de mensagem por hoje, amanhã continuo",
    "cancela, digo, corrige o meu e-mail",
    "me tira uma dúvida dessa lista de preços",
    "apaga o áudio que mandei sem querer",
    "não desmarca nada ainda",
    "cancelaram a minha internet ontem",
    "esquece o que eu disse, vamos começar de novo",
    "o que acontece se eu sair da fila?",
    "hmm",
    "quase desisti de vocês",
    "a moça de ontem falou que dava",
]
"""What sounds like wanting what cannot be undone, and says it not."""
ANY_COMMAND = [
    OptOut(literal=True),
    CancelFlow(literal=True),
    ShowMenu(literal=True),
    LeaveQueue(literal=True),
    Affirm(literal=True),
    Deny(),
    Skip(),
    StartFlow("data_rights"),
    StartFlow("cancel_appointment"),
    SetSlot("request", "erase"),
    SetSlot("erase_word", "apagar tudo"),
]
ANY_LABEL = [*SIMPLE_LABELS, "Affirm", "Deny", "StartFlow:data_rights", "SetSlot"]
STARTS = {
    "menu": lambda: Talk(State.MENU, appointments=(BOOKED,)),
    "queue": lambda: Talk(State.MENU).says("atendente"),
    "cancelling": lambda: Talk(State.MENU, appointments=(BOOKED,)).says("quero desmarcar"),
    "erasing": lambda: Talk(State.MENU).taps("menu:data").says("apagar"),
    "buying": lambda: Talk(State.MENU).taps("menu:buy").says("e-CPF A1"),
}


def random_reading(rng: random.Random) -> TurnReading:
    commands = tuple(rng.sample(ANY_COMMAND, rng.randrange(3)))
    labels = tuple(LabelScore(one, rng.random()) for one in rng.sample(ANY_LABEL, 4))
    return TurnReading(commands=commands, labels=labels if rng.random() < 0.5 else ())


@pytest.mark.parametrize("start", STARTS)
def test_no_reading_of_unsaid_words_does_what_cannot_be_undone(start):
    for seed in range(60):
        rng = random.Random(f"{start}:{seed}")
        talk = STARTS[start]()
        for _ in range(4):
            queued = talk.state is State.WAITING_HUMAN
            flow = talk.snapshot.flow
            message = heard(rng.choice(UNSAID))
            talk.takes(MessagesReceived((message,), random_reading(rng)))

            assert not [one for one in talk.decision.effects if isinstance(one, IRREVERSIBLE)]
            assert not queued or talk.state is State.WAITING_HUMAN
            dropped = Event.CANCELLED in [step.event for step in talk.decision.steps]
            assert not (dropped and flow == "lead")


def test_a_yes_that_only_a_model_heard_cancels_nothing_and_asks_by_name():
    talk = STARTS["cancelling"]()

    talk.takes(MessagesReceived((heard("hmm"),), TurnReading(commands=(Affirm(),))))

    assert talk.decision.effects == ()
    assert "com todas as letras" in talk.replied
    assert "Quer mesmo cancelar?" in talk.replied
    assert isinstance(talk.says("sim").effect, CancelAppointment)


def test_a_yes_in_the_words_of_the_question_is_the_customers_own():
    assert isinstance(STARTS["cancelling"]().says("sim, cancela").effect, CancelAppointment)
    assert isinstance(STARTS["erasing"]().says("sim, pode apagar").effect, EraseData)


@pytest.mark.parametrize(
    "text",
    [
        "SAIR",
        "sair, por favor",
        "não quero mais receber mensagens",
        "Por favor, parem de me enviar avisos",
        "me tira da lista de avisos",
    ],
)
def test_notices_stop_at_the_first_word_that_says_so(text):
    assert isinstance(Talk(State.MENU).says(text).effect, StopNotices)


def test_words_that_nearly_say_so_are_asked_back_by_name():
    talk = Talk(State.MENU).says("para de me mandar mensagem de madrugada, pelo amor")

    assert talk.decision.effects == ()
    assert "parar de receber" in talk.replied
    assert isinstance(talk.says("sim").effect, StopNotices)


def test_the_place_in_the_queue_is_left_only_after_a_yes():
    talk = STARTS["queue"]()
    talk.takes(MessagesReceived((heard("já me virei"),), TurnReading(commands=(LeaveQueue(),))))

    assert talk.state is State.WAITING_HUMAN
    assert "sair da fila" in talk.replied
    assert talk.says("não").state is State.WAITING_HUMAN
    talk.takes(MessagesReceived((heard("já me virei"),), TurnReading(commands=(LeaveQueue(),))))
    assert talk.says("sim").state is State.MENU


def test_a_form_is_dropped_at_a_word_that_says_so_and_else_after_a_yes():
    assert STARTS["buying"]().says("cancelar").snapshot.flow is None
    talk = STARTS["buying"]().says("cancela, digo, corrige aí")

    assert talk.snapshot.flow == "lead"
    assert "Quer mesmo cancelar a compra" in talk.replied
    assert talk.says("não").snapshot.flow == "lead"


def test_code_that_forgets_to_ask_is_stopped():
    with pytest.raises(NotSaidLiterally):
        DecisionBuilder(Talk().snapshot).add_effect(StopNotices())
