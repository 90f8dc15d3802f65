"""The catalogue: no text missing, none unused, none too long, every variable known."""

import ast
import re
from pathlib import Path

import pytest

from gatte.conversation import texts
from gatte.conversation.effects import EscalationReason
from gatte.conversation.flows.base import FlowName
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.nlu import Intent

CORE = Path(texts.__file__).parent.parent
KEY = re.compile(r"^[a-z_]+\.[a-z_0-9]+$")


def nodes() -> list[ast.AST]:
    return [
        node
        for path in CORE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]


def literal_keys() -> set[str]:
    """Strings of the code that have the form of a key, in a section that the catalogue has."""
    sections = {key.split(".")[0] for key in texts.catalogue()}
    found = {
        node.value
        for node in nodes()
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    return {
        key
        for key in found
        if KEY.match(key) and key.split(".")[0] in sections and not key.endswith("_")
    }


def made_up_keys() -> list[re.Pattern[str]]:
    """Keys that the code puts together, as patterns: f"flow.{name}" is flow\\.\\w+."""
    parts = [
        "".join(
            re.escape(str(part.value)) if isinstance(part, ast.Constant) else "[a-z_0-9]+"
            for part in node.values
        )
        for node in nodes()
        if isinstance(node, ast.JoinedStr)
    ]
    return [
        re.compile(one)
        for one in parts
        if "\\." in one and re.search(r"[a-z]{2,}_?(?:\\|$|\[)", one)
    ]


def test_the_catalogue_has_no_problem():
    assert texts.problems() == []


def test_a_text_that_is_too_long_or_has_an_unknown_variable_is_a_problem(monkeypatch):
    broken = {"menu.body": "x" * 601, "option.menu": "y" * 21, "menu.ask_away": "Oi, {nobody}"}
    monkeypatch.setattr(texts, "catalogue", lambda _language="pt_br": broken)

    assert [one.split(":")[0] for one in texts.problems()] == [
        "menu.body",
        "option.menu",
        "menu.ask_away",
    ]


def test_every_text_that_the_code_names_is_there():
    assert {key for key in literal_keys() if not texts.exists(key)} == set()


@pytest.mark.parametrize(
    "key", [*(f"reason.{one}" for one in EscalationReason), *(f"flow.{one}" for one in FlowName)]
)
def test_every_reason_and_flow_has_words(key):
    assert texts.exists(key)


@pytest.mark.parametrize("intent", Intent)
def test_every_intent_has_a_button_and_words(intent):
    assert texts.exists(f"option.intent_{intent}")
    assert texts.exists(f"intent.{intent}")


@pytest.mark.parametrize(
    ("flow", "slot"),
    [
        (flow, slot)
        for flow in FLOWS.values()
        for slot in flow.slots
        if slot.name not in {"number", "topic", "certificate"}
    ],
)
def test_every_slot_has_a_question_and_a_label(flow, slot):
    assert texts.exists(f"{flow.name}.ask_{slot.name}") or texts.exists(f"ask.{slot.name}")
    assert texts.exists(f"label.{slot.name}")
    assert len(texts.render(f"label.{slot.name}")) <= 24


def test_no_text_is_left_over():
    named, patterns = literal_keys(), made_up_keys()
    unused = {
        key
        for key in texts.catalogue()
        if key not in named and not any(one.fullmatch(key) for one in patterns)
    }

    assert unused == set()


def test_a_missing_text_or_variable_is_an_error():
    with pytest.raises(texts.MissingText):
        texts.render("menu.nowhere")
    with pytest.raises(KeyError):
        texts.render("greeting.new", company="GATTE")


def test_a_value_with_braces_is_said_as_it_is():
    assert "{x}" in texts.render("greeting.intro", company="{x}")
