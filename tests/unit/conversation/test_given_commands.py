"""Commands that a model gave for a whole turn, and what the core still checks itself."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from gatte.conversation.command_reader import reader
from gatte.conversation.commands import (
    CancelFlow,
    CorrectSlot,
    LabelScore,
    OptOut,
    OtherLanguage,
    Question,
    SetSlot,
    TurnReading,
    Unclear,
)
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.snapshot import MessagesReceived, Snapshot
from gatte.conversation.states import State
from tests.unit.conversation.simulated_conversation import Talk, heard

ASKED_DOCUMENT = Snapshot(
    State.COLLECTING,
    datetime(2026, 3, 11, 10, 20, tzinfo=UTC),
    flow="lead",
    requested_slot="document",
    slots={"product": "e-CPF A1", "name": "Ana Souza"},
)
MENU = replace(ASKED_DOCUMENT, state=State.MENU, flow=None, requested_slot=None, slots={})


def read(text, *commands):
    return reader.read(ASKED_DOCUMENT, [UnderstoodText(text)], "", TurnReading(commands=commands))


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


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("hola, necesito renovar el certificado", "es"),
        ("no sé cuál me corresponde", "es"),
        ("hello? is anybody there?", "en"),
        ("my usb token stopped working\nplease open a ticket", "en"),
        ("bonjour, vous vendez des certificats?", ""),
    ],
)
def test_another_language_is_named_where_it_is_plain(text, language):
    labelled = TurnReading(labels=(LabelScore("OtherLanguage", 0.9),))
    said = [UnderstoodText(text)]

    assert read(text, OtherLanguage()) == (OtherLanguage(language),)
    (by_label,) = reader.read(MENU, said, "", labelled)
    assert (by_label.command, by_label.language) == ("OtherLanguage", language)


def test_who_writes_in_spanish_or_english_is_told_so_in_that_language():
    reading = TurnReading(labels=(LabelScore("OtherLanguage", 0.9),))

    spanish = Talk(State.MENU).takes(MessagesReceived((heard("hola, necesito ayuda"),), reading))
    english = Talk(State.MENU).takes(MessagesReceived((heard("hi, i need help"),), reading))

    assert "atendemos en portugués" in spanish.replied
    assert "a person of our team will help you" in english.replied
    assert spanish.state == english.state == State.WAITING_HUMAN
