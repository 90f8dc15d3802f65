"""How good a classifier is on texts it never saw: accuracy, macro-F1, calibration, and error
against coverage.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatte.conversation.nlu import Intent, IntentPrediction
from gatte.intelligence.understanding.classifier import Classifier

BINS = 10


@dataclass(frozen=True)
class ScoredExample:
    """What a text means and what was understood; `part` names its slice of the set."""

    text: str
    expected: Intent
    understood: IntentPrediction
    part: str = ""

    @property
    def right(self) -> bool:
        return self.understood.intent is self.expected


@dataclass(frozen=True)
class RiskCoverage:
    """Acting only on guesses of at least this confidence: the share of texts that are acted on, and
    the share of those that are wrong.
    """

    threshold: float
    covered: float
    wrong: float


def score_examples(classifier: Classifier, path: Path) -> tuple[ScoredExample, ...]:
    """Every text of a file with the columns intent, slice and text, classified."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            ScoredExample(
                row["text"], Intent(row["intent"]), classifier.classify(row["text"]), row["slice"]
            )
            for row in csv.DictReader(file)
        )


def accuracy(outcomes: Sequence[ScoredExample]) -> float:
    """The share of right intents."""
    return sum(outcome.right for outcome in outcomes) / len(outcomes)


def f1_by_intent(outcomes: Sequence[ScoredExample]) -> dict[Intent, float]:
    """F1 of each intent that is expected at least once."""
    return {
        intent: _f1(outcomes, intent)
        for intent in Intent
        if any(outcome.expected is intent for outcome in outcomes)
    }


def macro_f1(outcomes: Sequence[ScoredExample]) -> float:
    """The mean F1 over intents, each counting the same."""
    scores = f1_by_intent(outcomes).values()
    return sum(scores) / len(scores)


def _f1(outcomes: Sequence[ScoredExample], intent: Intent) -> float:
    hits = sum(outcome.right and outcome.expected is intent for outcome in outcomes)
    said = sum(outcome.understood.intent is intent for outcome in outcomes)
    meant = sum(outcome.expected is intent for outcome in outcomes)
    return 2 * hits / (said + meant)


def calibration_error(outcomes: Sequence[ScoredExample]) -> float:
    """Expected calibration error: how far confidence is from the share of right intents, over ten
    bins of confidence.
    """
    bins: list[list[ScoredExample]] = [[] for _ in range(BINS)]
    for outcome in outcomes:
        bins[min(int(outcome.understood.confidence * BINS), BINS - 1)].append(outcome)
    gaps = (
        abs(sum(outcome.right - outcome.understood.confidence for outcome in filled))
        for filled in bins
    )
    return sum(gaps) / len(outcomes)


def risk_coverage(
    outcomes: Sequence[ScoredExample], thresholds: Iterable[float]
) -> tuple[RiskCoverage, ...]:
    """For each threshold, how many texts are acted on and how many of those wrongly."""
    return tuple(_coverage(outcomes, threshold) for threshold in thresholds)


def _coverage(outcomes: Sequence[ScoredExample], threshold: float) -> RiskCoverage:
    sure = [outcome for outcome in outcomes if outcome.understood.confidence >= threshold]
    wrong = 1 - accuracy(sure) if sure else 0.0
    return RiskCoverage(threshold, len(sure) / len(outcomes), wrong)
