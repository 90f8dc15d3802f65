"""Makes the command model's probabilities honest: a second stage that sees the scores of all labels
of a turn (stacking), fitted on turns of voices that the first stage has not learned from.

What one label says of another is learned here: a sure `CorrectSlot` speaks against `SetSlot`, a
question beside a yes for neither. `python -m gatte.intelligence.understanding.calibration` trains a
model for each group of voices (`voice_folds`), about a minute each, and writes the file anew; after
that the thresholds are to be looked at again.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gatte.intelligence.understanding import turn_examples, voice_folds
from gatte.intelligence.understanding.command_model import CommandModel, evidence_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Matrix = NDArray[np.float64]

CALIBRATION = Path(__file__).parents[1] / "content" / "calibration.json"
PRICE = 60.0
"""How much the second stage may not leave the first one's own score."""
LEAST_CASES = 5
"""Labels with fewer turns keep their own score."""
DIGITS = 4


@dataclass(frozen=True)
class Calibration:
    """The second stage: for each label an offset, and weights of the evidence: the bounded scores
    of all labels, then their probabilities (`command_model.evidence_of`).
    """

    labels: tuple[str, ...]
    offsets: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]


def read(path: Path = CALIBRATION) -> Calibration:
    """The calibration of a file."""
    stored = json.loads(path.read_text(encoding="utf-8"))
    weights = tuple(tuple(stored["weights"][label]) for label in stored["labels"])
    return Calibration(tuple(stored["labels"]), tuple(stored["offsets"]), weights)


def dumps(made: Calibration) -> str:
    """A calibration as JSON, the weights of a label in one line."""
    rows = zip(made.labels, made.weights, strict=True)
    lines = [f"  {json.dumps(label)}: {json.dumps(list(row))}" for label, row in rows]
    weights = ",\n".join(lines)
    labels, offsets = json.dumps(list(made.labels)), json.dumps(list(made.offsets))
    return f'{{\n "labels": {labels},\n "offsets": {offsets},\n "weights": {{\n{weights}\n }}\n}}\n'


def fit(labels: Sequence[str], scores: "Matrix", truth: "Matrix") -> Calibration:
    """The second stage under which these scores surprise least: a row a turn, a column a label;
    `truth` holds 1 where the label is meant, else 0.
    """
    import numpy as np

    evidence = evidence_of(scores)
    offsets, weights = [], []
    for own in range(len(labels)):
        if truth[:, own].sum() < LEAST_CASES:
            offset, row = 0.0, np.eye(evidence.shape[1])[own]
        else:
            offset, row = _fit_label(evidence, truth[:, own], own)
        offsets.append(round(offset, DIGITS))
        weights.append(tuple(np.round(row, DIGITS).tolist()))
    return Calibration(tuple(labels), tuple(offsets), tuple(weights))


def _fit_label(evidence: "Matrix", truth: "Matrix", own: int) -> "tuple[float, Matrix]":
    """The offset and the weights of one label, held near its own score alone."""
    import numpy as np
    from scipy.optimize import minimize

    middle = evidence.mean(axis=0)
    spread = evidence.std(axis=0) + 1e-6
    scaled = (evidence - middle) / spread
    own_score = np.zeros(1 + len(spread))
    own_score[1 + own] = spread[own]

    def loss(found: "Matrix") -> "tuple[float, Matrix]":
        moved = found[0] + scaled @ found[1:]
        surprise = float(np.sum(np.logaddexp(0, moved) - truth * moved))
        miss = 1 / (1 + np.exp(-moved)) - truth
        away = found - own_score
        away[0] = 0
        slope = np.concatenate([[miss.sum()], scaled.T @ miss]) + PRICE * away
        return surprise + PRICE * float(away @ away) / 2, slope

    best = minimize(loss, own_score, jac=True, method="L-BFGS-B").x
    weights: Matrix = best[1:] / spread
    return float(best[0] - weights @ middle), weights


def scores_left_out(folder: Path) -> "tuple[tuple[str, ...], Matrix, Matrix]":
    """Labels, the scores of all turns of the folds by models that have not learned from them, and
    which labels are meant; models are kept in the folder.
    """
    import numpy as np

    models = [(fold, voice_folds.model_without(fold, folder)) for fold in voice_folds.FOLDS]
    labels = tuple(sorted({label for _, model in models for label in model.labels}))
    scores, truth = [], []
    for fold, model in models:
        for one in turn_examples.turns_of(fold):
            scores.append(_aligned(model, labels, model.scores(one.messages, one.context)))
            truth.append([float(label in one.labels) for label in labels])
    return labels, np.array(scores), np.array(truth)


def _aligned(model: CommandModel, labels: Sequence[str], scores: "Matrix") -> "list[float]":
    """The scores in the order of `labels`; a label that the model does not know is never meant."""
    known = dict(zip(model.labels, scores.tolist(), strict=True))
    return [known.get(label, -100.0) for label in labels]


def main() -> None:
    """Fit the second stage on voices that are left out in turn, and write it."""
    with tempfile.TemporaryDirectory() as folder:
        made = fit(*scores_left_out(Path(folder)))
    CALIBRATION.write_text(dumps(made), encoding="utf-8")


if __name__ == "__main__":
    main()
