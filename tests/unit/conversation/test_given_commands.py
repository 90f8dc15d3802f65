"""Commands that a model gave for a whole turn, and what the core still checks itself."""

from datetime import UTC, datetime

from gatte.conversation import command_reader
from gatte.conversation.commands import (
    CancelFlow,
    CorrectSlot,
    OptOut,
    Question,
    SetSlot,
    TurnReading,
    Unclear,
)
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State

ASKED_DOCUMENT = Snapshot(
    State.COLLECTING,
    datetime(2026, 3, 11, 10, 20, tzinfo=UTC),
    flow="lead",
    requested_slot="document",
    slots={"product": "e-CPF A1", "name": "Ana Souza"},
)


def read(text, *commands):
    return command_reader.read(
        ASKED_DOCUMENT, [UnderstoodText(text)], "", TurnReading(commands=commands)
    )


def test_given_commands_are_the_turn_whatever_rules_would_read():
    question = Question("precisa do CPF?")

    assert read("529.982.247-25 precisa?", question) == (question,)


def test_a_value_that_its_slot_does_not_take_is_left_out():
    assert read("111", SetSlot("document", "111")) == (Unclear(),)


def test_a_value_is_stored_as_its_slot_takes_it():
    assert read("tá aqui", SetSlot("document", "529.982.247-25"))[0].value == "52998224725"


def test_a_correction_without_a_right_value_asks_for_it():
    assert read("tá errado", CorrectSlot("document", "111")) == (CorrectSlot("document"),)


def test_what_was_said_literally_stands_beside():
    assert read("cancelar", Question("?"))[0] == CancelFlow(span="cancelar", literal=True)


def test_a_model_is_never_literal():
    assert read("chega", OptOut(literal=True)) == (OptOut(),)
