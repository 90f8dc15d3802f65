"""Recorded histories: of this version and of the one before, whose turns stay readable."""

import json
from pathlib import Path

import pytest

from gatte.conversation import decision_history
from gatte.conversation.decision_history import from_json, replay, to_json
from gatte.conversation.snapshot import MessagesReceived
from gatte.conversation.states import State
from tests.unit.conversation.talking import Talk, heard

FORMER = json.loads((Path(__file__).parent / "data" / "traces_version_1.json").read_text())


@pytest.mark.parametrize("recorded", FORMER, ids=range(len(FORMER)))
def test_a_history_of_version_1_takes_the_same_steps_when_it_is_replayed(recorded):
    history = from_json(recorded)

    assert replay(history).decision.steps == history.decision.steps


def test_what_version_1_recorded_is_all_there():
    first = from_json(FORMER[1])

    assert first.start.state is State.MENU
    assert first.inputs[0].utterances[0].understanding.source == "local"
    assert first.decision.snapshot.requested_slot is not None


def test_a_history_says_its_version_and_comes_back_as_it_was():
    snapshot = Talk(State.MENU).snapshot
    history = decision_history.start(snapshot).apply(MessagesReceived((heard("oi"),)))

    assert to_json(history)["version"] == 3
    assert from_json(to_json(history)) == history
