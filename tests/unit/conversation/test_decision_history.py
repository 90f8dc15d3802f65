"""Recorded histories: of this version and of those before, whose turns stay readable."""

import json
from pathlib import Path

import pytest

from gatte.conversation import decision_history
from gatte.conversation.decision_history import from_json, replay, to_json
from gatte.conversation.effects import EscalationReason
from gatte.conversation.snapshot import MessagesReceived
from gatte.conversation.states import State
from tests.unit.conversation.simulated_conversation import Talk, heard

DATA = Path(__file__).parent / "data"
VERSION_1 = json.loads((DATA / "traces_version_1.json").read_text())
VERSION_2 = json.loads((DATA / "traces_version_2.json").read_text())


@pytest.mark.parametrize("recorded", VERSION_1, ids=range(len(VERSION_1)))
def test_a_history_of_version_1_takes_the_same_steps_when_it_is_replayed(recorded):
    history = from_json(recorded)

    assert replay(history).decision.steps == history.decision.steps


@pytest.mark.parametrize("recorded", VERSION_2, ids=range(len(VERSION_2)))
def test_a_history_of_version_2_decides_the_same_when_it_is_replayed(recorded):
    history = from_json(recorded)

    assert recorded["version"] == 2
    again = replay(history).decision
    assert again.effects == history.decision.effects
    assert again.resolutions == history.decision.resolutions


def test_reasons_under_their_names_of_version_2_are_todays():
    legal = from_json(VERSION_2[2]).decision.resolutions[0].command

    assert legal.reason is EscalationReason.LEGAL_THREAT
    assert from_json(VERSION_2[0]).inputs[0].reading.probability("Escalate:legal_threat") == 0.71


def test_a_recorded_command_keeps_the_name_of_its_class():
    recorded = to_json(from_json(VERSION_2[2]))["decision"]["resolutions"]

    assert [one["command"]["command"] for one in recorded] == ["Escalate", "SetSlot"]


def test_what_version_1_recorded_is_all_there():
    first = from_json(VERSION_1[1])

    assert first.start.state is State.MENU
    assert first.inputs[0].utterances[0].understanding.source == "local"
    assert first.decision.snapshot.requested_slot is not None


def test_a_history_says_its_version_and_comes_back_as_it_was():
    snapshot = Talk(State.MENU).snapshot
    history = decision_history.start(snapshot).apply(MessagesReceived((heard("oi"),)))

    assert to_json(history)["version"] == 4
    assert from_json(to_json(history)) == history
