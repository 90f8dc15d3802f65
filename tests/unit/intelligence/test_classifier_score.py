"""The score of the local classifier on texts that were written apart from its examples and are
never learned from.
"""

from pathlib import Path

import pytest

from gatte.conversation.thresholds import CONFIDENCE_THRESHOLD
from gatte.intelligence.understanding.classifier import load
from tests.unit.intelligence import scoring

HELDOUT = Path(__file__).parent / "data" / "intents_heldout.csv"
MODELS = Path(__file__).parents[3] / ".gatte" / "tests" / "models"  # trained once for every run
THRESHOLDS = (0.0, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)


@pytest.fixture(scope="module")
def outcomes():
    return scoring.score_examples(load(MODELS), HELDOUT)


def test_the_heldout_set_has_twelve_texts_of_every_intent_and_a_robustness_slice(outcomes):
    expected = [outcome.expected for outcome in outcomes]

    assert min(expected.count(intent) for intent in set(expected)) >= 12
    assert len(set(expected)) == 19
    assert sum(outcome.part == "robust" for outcome in outcomes) >= 60


def test_macro_f1_stays_above_its_floor(outcomes):
    assert scoring.macro_f1(outcomes) >= 0.90  # reached: 0.930


def test_no_intent_falls_behind(outcomes):
    assert min(scoring.f1_by_intent(outcomes).values()) >= 0.80  # reached: 0.83 (talk_to_human)


def test_typos_slang_and_missing_accents_are_understood(outcomes):
    assert (
        scoring.accuracy([outcome for outcome in outcomes if outcome.part == "robust"]) >= 0.85
    )  # reached: 0.885


def test_confidence_can_be_believed(outcomes):
    assert scoring.calibration_error(outcomes) <= 0.06  # reached: 0.036


def test_what_is_acted_on_is_rarely_wrong(outcomes, record_property):
    table = scoring.risk_coverage(outcomes, (*THRESHOLDS, CONFIDENCE_THRESHOLD))
    record_property("risk_coverage", str(table))

    assert table[-1].covered >= 0.90  # reached: 0.94
    assert table[-1].wrong <= 0.07  # reached: 0.054


def test_the_right_intent_is_among_the_first_three(outcomes):
    first = [
        {
            outcome.understood.intent,
            *(guess.intent for guess in outcome.understood.alternatives[:2]),
        }
        for outcome in outcomes
    ]

    assert (
        sum(outcome.expected in guesses for outcome, guesses in zip(outcomes, first, strict=True))
        / len(outcomes)
        >= 0.97
    )  # reached: 0.99
