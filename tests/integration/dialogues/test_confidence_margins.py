"""The check of the dialogues that finds decisions which a digit of confidence would change."""

import pytest

from gatte.conversation import decision_history as courses
from gatte.conversation.nlu import Intent
from gatte.conversation.snapshot import MessagesReceived
from gatte.conversation.states import State
from tests.integration.dialogues.confidence_margins import too_close
from tests.unit.conversation.simulated_conversation import Talk, guess, heard


def turn(*guesses, text="certificado novo"):
    """The trace of a turn in the menu, in which these were the guesses."""
    (intent, confidence), *others = guesses
    spoke = MessagesReceived((heard(text, guess(intent, confidence, *others)),))
    course = courses.start(Talk(State.MENU).snapshot).apply(spoke)
    return {"history": courses.to_json(course)}


def answered(probability):
    return {"answer": {"probability": probability, "passages": [{"slug": "preco"}]}}


@pytest.mark.parametrize(
    "guesses",
    [
        ((Intent.BUY_CERTIFICATE, 0.61), (Intent.SCHEDULE, 0.2)),
        ((Intent.BUY_CERTIFICATE, 0.59), (Intent.SCHEDULE, 0.2)),
        ((Intent.BUY_CERTIFICATE, 0.45), (Intent.SCHEDULE, 0.31)),
        ((Intent.BUY_CERTIFICATE, 0.38), (Intent.SCHEDULE, 0.26)),
    ],
    ids=["just sure", "nearly sure", "nearly as likely", "just possible"],
)
def test_a_guess_beside_a_threshold_is_told(guesses):
    assert "certificado novo" in too_close(turn(*guesses))[0]


@pytest.mark.parametrize(
    "guesses",
    [
        ((Intent.BUY_CERTIFICATE, 0.9), (Intent.SCHEDULE, 0.05)),
        ((Intent.BUY_CERTIFICATE, 0.45), (Intent.SCHEDULE, 0.38)),
        ((Intent.BUY_CERTIFICATE, 0.74), (Intent.SCHEDULE, 0.05)),
    ],
    ids=["sure", "two possible", "beside a threshold that decides nothing here"],
)
def test_a_decision_that_a_digit_does_not_change_is_well(guesses):
    assert too_close(turn(*guesses)) == []


def test_an_answer_of_which_the_search_is_barely_sure_is_told():
    assert too_close(answered(0.49)) == ["resposta preco: probabilidade 0.490"]
    assert too_close(answered(0.6)) == []
