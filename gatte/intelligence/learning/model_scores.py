"""How well two models read the same turns, label by label, with what chance makes of the
difference, and whether the one may take the place of the other.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gatte.conversation.thresholds import LABEL_THRESHOLD
from gatte.intelligence.learning.batch_checks import Refusal, RefusalReason
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.turn_examples import TurnExample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Flags = NDArray[np.bool_]
    Numbers = NDArray[np.float64]

RESAMPLES = 1_000
INTERVAL = (2.5, 97.5)
SEED = 1
LARGEST_DROP = 2.0
"""Points of F1 that a label may lose."""
LARGEST_OVERALL_DROP = 0.5
"""Points of F1 over all labels that count as no loss."""


@dataclass(frozen=True)
class Difference:
    """The F1 of champion and challenger on the same turns, in points (0 to 100), and the interval
    (95 %) of what the challenger gains.
    """

    count: int
    champion: float
    challenger: float
    low: float
    high: float

    @property
    def gain(self) -> float:
        """What the challenger has more."""
        return round(self.challenger - self.champion, 1)

    @property
    def is_real_loss(self) -> bool:
        """Whether the challenger has less, by more than chance makes of it."""
        return self.gain < 0 and self.high < 0

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "count": self.count,
            "champion": self.champion,
            "challenger": self.challenger,
            "low": self.low,
            "high": self.high,
        }


@dataclass(frozen=True)
class Comparison:
    """Champion and challenger on the shipped turns and on held-out corrections, over all labels,
    and on both together by label.
    """

    shipped: Difference
    corrections: Difference
    by_label: dict[str, Difference]

    def refusals(self) -> Iterator[Refusal]:
        """Why the challenger may not take the champion's place; none when it may."""
        if self.shipped.gain < -LARGEST_OVERALL_DROP or self.shipped.is_real_loss:
            detail = _told(self.shipped)
            yield Refusal(RefusalReason.WORSE_OVERALL, detail)
        if self.corrections.gain < 0:
            detail = _told(self.corrections)
            yield Refusal(RefusalReason.WORSE_ON_CORRECTIONS, detail)
        for label, one in self.by_label.items():
            if one.gain < -LARGEST_DROP and one.is_real_loss:
                yield Refusal(RefusalReason.CLASS_DROPPED, f"{label} {_told(one)}")

    def to_json(self) -> dict[str, Any]:
        """The figures as JSON values."""
        return {
            "shipped": self.shipped.to_json(),
            "corrections": self.corrections.to_json(),
            "labels": {label: one.to_json() for label, one in self.by_label.items()},
        }


def _told(one: Difference) -> str:
    return f"{one.champion} -> {one.challenger} ({one.low} to {one.high})"


def compare(
    champion: CommandModel,
    challenger: CommandModel,
    shipped: Sequence[TurnExample],
    corrections: Sequence[TurnExample],
) -> Comparison:
    """Let both models read the same turns, of which neither has learned."""
    import numpy as np

    turns = [*shipped, *corrections]
    labels = champion.labels
    meant = np.array([[label in one.labels for label in labels] for one in turns], bool)
    before = _counts(_told_labels(champion, turns), meant)
    after = _counts(_told_labels(challenger, turns), meant)
    before_all, after_all = before.sum(axis=2, keepdims=True), after.sum(axis=2, keepdims=True)
    first, rest = np.s_[:, : len(shipped)], np.s_[:, len(shipped) :]
    of_shipped = _differences(before_all[first], after_all[first], [len(shipped)])
    of_corrections = _differences(before_all[rest], after_all[rest], [len(corrections)])
    by_label = _differences(before, after, meant.sum(axis=0))
    return Comparison(
        shipped=of_shipped[0],
        corrections=of_corrections[0],
        by_label=dict(zip(labels, by_label, strict=True)),
    )


def _told_labels(model: CommandModel, turns: Sequence[TurnExample]) -> "Flags":
    """Which labels a model is sure of, a row a turn."""
    import numpy as np

    rows = [model.chances(one.messages, one.context) for one in turns]
    sure: Flags = np.array(rows) >= LABEL_THRESHOLD
    return sure


def _counts(told: "Flags", meant: "Flags") -> "Numbers":
    """For each turn and label whether it was told rightly, and whether it was told wrongly or
    missed: two tables of 0 and 1.
    """
    import numpy as np

    counts: Numbers = np.array([told & meant, told ^ meant], np.float64)
    return counts


def _differences(before: "Numbers", after: "Numbers", counts: Sequence[int]) -> list[Difference]:
    """The difference of each label, with its interval over resampled turns."""
    import numpy as np

    turn_count = before.shape[1]
    random = np.random.default_rng(SEED)
    chosen = random.multinomial(turn_count, np.full(turn_count, 1 / turn_count), RESAMPLES)
    gains = _f1(chosen @ after) - _f1(chosen @ before)
    low, high = np.percentile(gains, INTERVAL, axis=0)
    champion, challenger = _f1(before.sum(axis=1)), _f1(after.sum(axis=1))
    rows = zip(counts, champion, challenger, low, high, strict=True)
    return [
        Difference(int(count), *(round(float(figure), 1) for figure in figures))
        for count, *figures in rows
    ]


def _f1(sums: "Numbers") -> "Numbers":
    """F1 in points from how often labels were told rightly, and wrongly or not at all; 100 where
    there was nothing to tell.
    """
    import numpy as np

    right, wrong = sums
    told = 2 * right + wrong
    scores: Numbers = np.where(told > 0, 200 * right / np.maximum(told, 1), 100.0)
    return scores
