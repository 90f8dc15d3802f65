"""The written dialogues of tests/dialogues, through the real system; a file is a test."""

import pytest

from gatte.conversation.effects import EscalationReason
from gatte.conversation.external_events import EXTERNAL_EVENTS
from gatte.conversation.flows.base import FlowName
from gatte.conversation.states import State
from tests.integration.dialogues.scene_assertions import Differs
from tests.stage.script import BadScript, parse, paths, read

FEWEST = 60
played: dict[str, set[str]] = {}


def name_of(path):
    return f"{path.parent.name}/{path.stem}"


@pytest.mark.parametrize("path", paths(), ids=name_of)
def test_dialogue(path, play):
    played[name_of(path)] = play(read(path))


def test_the_dialogues_together_touch_every_flow_state_and_reason():
    if len(played) < len(paths()):
        pytest.skip("only some dialogues were played")
    touched = set().union(*played.values())

    assert len(played) >= FEWEST
    # an echo of the phone owns the conversation at once, and a data request becomes a ticket:
    # neither stands in the queue
    reasons = set(EscalationReason) - {EscalationReason.PHONE_ECHO, EscalationReason.DATA_REQUEST}
    assert {str(one) for one in {*FlowName, *State, *EXTERNAL_EVENTS, *reasons}} <= touched


HEAD = "Título: prova\nPor quê: a própria prova\n"


def test_another_answer_than_the_written_one_is_told_with_its_line(play):
    with pytest.raises(Differs, match=r"linha 4: esperado 'Boa sorte'"):
        play(parse(HEAD + "Cliente: oi\nRobô: Boa sorte"))


def test_an_answer_that_was_not_written_down_is_told(play):
    with pytest.raises(Differs, match="esperadas 0 mensagens do robô, vieram 1"):
        play(parse(HEAD + "Cliente: oi\nEstado: No menu"))


def test_another_state_than_the_written_one_is_told(play):
    with pytest.raises(Differs, match="linha 5: esperado 'Encerrada', está: 'No menu'"):
        play(parse(HEAD + "Cliente: oi\nRobô: Olá\nEstado: Encerrada"))


def test_a_tap_on_a_button_that_is_not_there_is_told(play):
    with pytest.raises(Differs, match="não há botão 'Voar'"):
        play(parse(HEAD + "Cliente: oi\nRobô: Olá\n[botão] Voar"))


def test_a_line_that_nobody_can_read_is_told():
    with pytest.raises(BadScript, match="linha 3"):
        parse(HEAD + "Clinete: oi")
