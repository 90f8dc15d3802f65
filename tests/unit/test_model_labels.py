"""Whatever a model was asked, and however that ended, the panel has words for it."""

import pytest

from gatte.intelligence.calls import CallOutcome, CallPurpose
from gatte.intelligence.grounding_check import Violation
from gatte.web.panel import model_labels


@pytest.mark.parametrize(
    ("members", "words"),
    [
        (CallPurpose, model_labels.PURPOSES),
        (CallOutcome, model_labels.OUTCOMES),
        (Violation, model_labels.VIOLATIONS),
    ],
)
def test_every_member_has_words(members, words):
    assert set(members) == set(words)


def test_a_sum_of_costs_names_what_for_in_words():
    name = model_labels.purpose_and_model("respond · gemini-3.5-flash")

    assert name == "Escrever a resposta · gemini-3.5-flash"
