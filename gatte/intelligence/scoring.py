"""How good a classifier is on texts it never saw: accuracy, macro-F1, calibration, and error against coverage."""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gatte.conversation.understanding import Intent, Understanding
from gatte.intelligence.classifier import Classifier

BINS = 10


@dataclass(frozen=True)
class Outcome:
    """What a text means and what was understood; `part` names the slice of the set it belongs to."""

    text: str
    expected: Intent
    understood: Understanding
    part: str = ""

    @property
    def right(self) -> bool:
        return self.understood.intent is self.expected


@dataclass(frozen=True)
class Coverage:
    """Acting only on guesses of at least this confidence: the share of texts that are acted on, and the share of those that are wrong."""

    threshold: float
    covered: float
    wrong: float


def outcomes_of(classifier: Classifier, path: Path) -> tuple[Outcome, ...]:
    """Every text of a file with the columns intent, slice and text, classified."""
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            Outcome(row["text"], Intent(row["intent"]), classifier.classify(row["text"]), row["slice"]) for row in csv.DictReader(file)
        )


def accuracy(outcomes: Sequence[Outcome]) -> float:
    """The share of right intents."""
    return sum(outcome.right for outcome in outcomes) / len(outcomes)


def f1_by_intent(outcomes: Sequence[Outcome]) -> dict[Intent, float]:
    """F1 of each intent that is expected at least once."""
    return {intent: _f1(outcomes, intent) for intent in Intent if any(outcome.expected is intent for outcome in outcomes)}


def macro_f1(outcomes: Sequence[Outcome]) -> float:
    """The mean F1 over intents, each counting the same."""
    scores = f1_by_intent(outcomes).values()
    return sum(scores) / len(scores)


def _f1(outcomes: Sequence[Outcome], intent: Intent) -> float:
    hits = sum(outcome.right and outcome.expected is intent for outcome in outcomes)
    said = sum(outcome.understood.intent is intent for outcome in outcomes)
    meant = sum(outcome.expected is intent for outcome in outcomes)
    return 2 * hits / (said + meant)


def calibration_error(outcomes: Sequence[Outcome]) -> float:
    """Expected calibration error: how far confidence is from the share of right intents, over ten bins of confidence."""
    bins: list[list[Outcome]] = [[] for _ in range(BINS)]
    for outcome in outcomes:
        bins[min(int(outcome.understood.confidence * BINS), BINS - 1)].append(outcome)
    gaps = (abs(sum(outcome.right - outcome.understood.confidence for outcome in filled)) for filled in bins)
    return sum(gaps) / len(outcomes)


def risk_coverage(outcomes: Sequence[Outcome], thresholds: Iterable[float]) -> tuple[Coverage, ...]:
    """For each threshold, how many texts are acted on and how many of those wrongly."""
    return tuple(_coverage(outcomes, threshold) for threshold in thresholds)


def _coverage(outcomes: Sequence[Outcome], threshold: float) -> Coverage:
    sure = [outcome for outcome in outcomes if outcome.understood.confidence >= threshold]
    wrong = 1 - accuracy(sure) if sure else 0.0
    return Coverage(threshold, len(sure) / len(outcomes), wrong)
