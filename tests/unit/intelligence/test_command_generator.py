"""Gemini reads a turn in its place, over real HTTP to the stand-in: what it is told, what it may
propose, and what code makes of that.
"""

from contextlib import closing
from dataclasses import replace

import pytest

from gatte.conversation.commands import (
    Affirm,
    CorrectSlot,
    Escalate,
    LabelScore,
    LeaveQueue,
    OtherLanguage,
    Question,
    RequestHuman,
    SetSlot,
    Skip,
    StartFlow,
    TurnReading,
    Unclear,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.nlu import PredictionSource
from gatte.conversation.snapshot import ContactFacts, Snapshot
from gatte.conversation.states import State
from gatte.intelligence import command_generator
from gatte.intelligence.calls import collected
from gatte.intelligence.command_generator import TurnRequest, leaves_doubt
from gatte.intelligence.gemini.client import Gemini, Models
from tests.fakes.gemini import FakeGemini
from tests.unit.conversation.simulated_conversation import MONDAY

LOCAL = TurnReading(labels=(LabelScore("Question", 0.4),), model="local")
CPF = "529.982.247-25"
ASKED = Snapshot(
    State.COLLECTING,
    MONDAY,
    flow="lead",
    requested_slot="document",
    slots={"product": "e-CPF A1", "name": "Joana Prado"},
    contact=ContactFacts(name="Joana Prado"),
)
FREE = Snapshot(State.MENU, MONDAY)


@pytest.fixture
def fake_gemini():
    with FakeGemini() as fake_gemini:
        yield fake_gemini


@pytest.fixture
def gemini(fake_gemini):
    models = Models("classifier", "responder")
    with closing(Gemini("key", models, fake_gemini.url, time_limit_seconds=0.7)) as gemini:
        yield gemini


@pytest.fixture
def reads(gemini, fake_gemini):
    """The reading of some messages, of which the model proposes these commands."""

    def read(*proposed, messages=("é 529.982.247-25",), snapshot=ASKED, history=(), language="pt"):
        fake_gemini.understands(*proposed, language=language)
        return command_generator.generate(gemini, TurnRequest(messages, snapshot, history), LOCAL)

    return read


def commands(reading):
    """The commands without how they were read."""
    bare = {"source": PredictionSource.RULE, "confidence": 1.0, "span": ""}
    return tuple(replace(one, **bare) for one in reading.commands)


def test_the_model_is_told_where_the_customer_is_and_nothing_personal(gemini, fake_gemini):
    history = [("bot", "Joana, qual é o seu CPF?"), ("customer", f"sou a joana, {CPF}")]
    command_generator.generate(gemini, TurnRequest((f"é {CPF}",), ASKED, history), LOCAL)

    assert fake_gemini.calls[0].sent == {
        "situacao": {
            "fluxo": "lead",
            "campo_pedido": "document",
            "opcoes": [],
            "oferta": "",
            "espera_pessoa": False,
        },
        "cadastro": {"product": "e-CPF A1", "name": "[NOME_1]"},
        "historico": [
            {"de": "bot", "texto": "[NOME_2], qual é o seu CPF?"},
            {"de": "customer", "texto": "sou a [NOME_2], [CPF_1]"},
        ],
        "mensagens": ["é [CPF_1]"],
    }


def test_a_value_comes_from_the_customers_own_letters(reads):
    proposed = {"label": "SetSlot", "slot": "document", "value": "[CPF_1]", "span": "[CPF_1]"}
    reading = reads(proposed)

    assert commands(reading) == (SetSlot("document", "52998224725"),)
    assert reading.commands[0].span == CPF
    assert reading.commands[0].source is PredictionSource.GEMINI
    assert (reading.labels, reading.model) == (LOCAL.labels, "classifier commands-v2")


@pytest.mark.parametrize(
    "proposed",
    [
        {"label": "SetSlot", "slot": "document", "value": "1", "span": "outra coisa"},
        {"label": "SetSlot", "slot": "email", "value": "x@y.com", "span": "[CPF_1]"},
        {"label": "SetSlot", "slot": "telefone", "value": "[CPF_1]", "span": "[CPF_1]"},
        {"label": "SetSlot", "slot": "document", "value": "[CPF_1]", "span": "CPF_1]"},
        {"label": "DeleteEverything", "span": "é"},
        {"label": "StartFlow:world_domination", "span": "é"},
        {"label": "LeaveQueue", "span": "é"},
    ],
)
def test_what_does_not_hold_is_dropped_and_the_local_reading_stays(reads, proposed):
    assert reads(proposed) == LOCAL


def test_a_document_with_wrong_check_digits_is_no_value(reads):
    proposed = {"label": "SetSlot", "slot": "document", "span": "[NUMERO_1]"}

    assert reads(proposed, messages=("é 12345678900",)) == LOCAL


def test_a_name_that_is_not_in_the_span_is_not_taken(reads):
    asked = replace(ASKED, requested_slot="name", slots={}, contact=ContactFacts())
    proposed = {"label": "SetSlot", "slot": "name", "value": "Maria", "span": "Davi Schuch"}
    reading = reads(proposed, messages=("põe Davi Schuch aí",), snapshot=asked)

    assert commands(reading) == (SetSlot("name", "Davi Schuch"),)


def test_a_product_may_be_named_by_the_model_where_the_customer_points(reads):
    asked = replace(ASKED, requested_slot="product", slots={})
    proposed = {"label": "SetSlot", "slot": "product", "value": "e-CPF A1", "span": "esse"}
    reading = reads(proposed, messages=("então esse",), snapshot=asked)

    assert commands(reading) == (SetSlot("product", "e-CPF A1"),)


def test_a_correction_without_a_value_asks_for_it(reads):
    proposed = {"label": "CorrectSlot", "slot": "name", "span": "o nome tá errado"}
    reading = reads(proposed, messages=("o nome tá errado",))

    assert commands(reading) == (CorrectSlot("name"),)


def test_several_commands_of_several_messages(reads):
    reading = reads(
        {"label": "Affirm", "span": "pode ser"},
        {"label": "Question", "span": "e o outro?", "question": "Quanto custa o e-CPF?"},
        {"label": "Escalate:fraud", "span": "caí num golpe"},
        {"label": "RequestHuman", "span": "caí num golpe"},
        {"label": "StartFlow:move_appointment", "span": "pode ser"},
        {"label": "Skip", "span": "pode ser"},
        messages=("pode ser", "e o outro? caí num golpe"),
    )

    assert commands(reading) == (
        Affirm(),
        Question("Quanto custa o e-CPF?"),
        Escalate(EscalationReason.FRAUD),
        RequestHuman(),
        StartFlow("move_appointment"),
        Skip(slot="document"),
    )


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("Quanto custa o e-CNPJ?", "Quanto custa o e-CNPJ?"),
        ("O e-CNPJ custa 199 reais?", "e o e-cnpj?"),
        ("Quanto custa o de [NOME_7]?", "e o e-cnpj?"),
        ("", "e o e-cnpj?"),
    ],
)
def test_a_question_is_rewritten_unless_it_makes_something_up(reads, question, asked):
    proposed = {"label": "Question", "span": "e o e-cnpj?", "question": question}

    assert commands(reads(proposed, messages=("e o e-cnpj?",))) == (Question(asked),)


def test_yes_to_nothing_is_no_command(reads):
    assert reads({"label": "Affirm", "span": "sim"}, messages=("sim",), snapshot=FREE) == LOCAL


def test_who_waits_may_leave_the_queue(reads):
    waiting = replace(FREE, state=State.WAITING_HUMAN)
    proposed = {"label": "LeaveQueue", "span": "deixa"}

    assert commands(reads(proposed, messages=("deixa",), snapshot=waiting)) == (LeaveQueue(),)


def test_another_language_has_its_name(reads):
    proposed = {"label": "OtherLanguage", "span": "hola"}
    reading = reads(proposed, messages=("hola",), snapshot=FREE, language="es")

    assert commands(reading) == (OtherLanguage("es"),)


def test_unclear_stands_alone_or_not_at_all(reads):
    unclear, human = {"label": "Unclear", "span": "é"}, {"label": "RequestHuman", "span": "é"}

    assert commands(reads(unclear)) == (Unclear(),)
    assert commands(reads(unclear, human)) == (RequestHuman(),)


def test_a_message_with_a_password_never_leaves(gemini, fake_gemini):
    turn = TurnRequest(("a senha é Maria1985",), ASKED)

    assert command_generator.generate(gemini, turn, LOCAL) == LOCAL
    assert fake_gemini.calls == []


@pytest.mark.parametrize(
    "failure",
    [
        lambda fake_gemini: fake_gemini.fails(503, times=2),
        lambda fake_gemini: fake_gemini.is_slow(5),
        lambda fake_gemini: fake_gemini.blocks(),
        lambda fake_gemini: fake_gemini.cuts(),
        lambda fake_gemini: fake_gemini.says(
            '{"language": "pt", "comm', finish_reason="MAX_TOKENS"
        ),
        lambda fake_gemini: fake_gemini.says('{"commands": 3}'),
        lambda fake_gemini: fake_gemini.returns_raw(b"<html>"),
    ],
)
def test_whatever_goes_wrong_the_local_reading_stays_and_the_call_is_recorded(
    gemini, fake_gemini, failure
):
    failure(fake_gemini)
    with collected() as made:
        reading = command_generator.generate(gemini, TurnRequest(("é isso",), ASKED), LOCAL)

    assert reading == LOCAL
    assert [call.prompt_version for call in made] == ["commands-v2"]


def test_a_very_long_turn_is_cut_before_it_is_sent(gemini, fake_gemini):
    turn = TurnRequest(("blá " * 250,) * 40, ASKED, [("customer", "b" * 5_000)] * 50)
    command_generator.generate(gemini, turn, LOCAL)

    assert len(str(fake_gemini.calls[0].sent)) < 8_000


@pytest.mark.parametrize(
    ("labels", "text", "doubtful"),
    [
        ([("Affirm", 0.97)], "isso", False),
        ([("Affirm", 0.7)], "isso", True),
        ([("Affirm", 0.9), ("Question", 0.15)], "isso", True),
        ([("Question", 0.99)], "quais documentos preciso para renovar o e-cnpj da empresa", False),
        ([("Question", 0.99)], "e o e-cpf?", True),
    ],
)
def test_doubt_is_how_many_labels_are_expected_to_be_wrong(labels, text, doubtful):
    reading = TurnReading(labels=tuple(LabelScore(*one) for one in labels))
    turn = TurnRequest((text,), FREE, [("bot", "O e-CNPJ custa R$ 200.")])

    assert leaves_doubt(reading, turn) is doubtful
