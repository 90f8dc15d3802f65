"""Makes the command model's probabilities honest: a slope and an offset on the score of each label
(Platt's scaling), fitted on turns of voices that the model has not learned from.

`python -m gatte.intelligence.understanding.calibration` learns from all other voices and writes the
file anew, in about a minute; after that the thresholds are to be looked at again.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from gatte.intelligence.understanding import command_model, turn_examples
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.turn_examples import TurnExample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Column = NDArray[np.float64]

CALIBRATION = Path(__file__).parents[1] / "content" / "calibration.json"
LEFT_OUT = frozenset({"aposentada", "condominio", "feirante", "vendedor"})
"""The voices on which the lines are fitted."""
SLOPE_PRICE, OFFSET_PRICE = 20.0, 5.0
"""How much a label's line may not leave that of all labels: rare ones have too few turns."""
LEAST_CHANCE = 1e-4
Line = tuple[float, float]
IDENTITY: Line = (1.0, 0.0)


def read(path: Path = CALIBRATION) -> dict[str, Line]:
    """The slope and the offset of each label."""
    lines = json.loads(path.read_text(encoding="utf-8"))
    return {label: (slope, offset) for label, (slope, offset) in lines.items()}


def fit(
    chances: Mapping[str, Sequence[float]], truth: Mapping[str, Sequence[bool]]
) -> dict[str, Line]:
    """The lines under which these chances of labels surprise least, label by label."""
    import numpy as np

    scores = {label: _scores(column) for label, column in chances.items()}
    targets = {label: np.array(truth[label], np.float64) for label in chances}
    common = _line(
        np.concatenate([scores[label] for label in scores]),
        np.concatenate([targets[label] for label in scores]),
        IDENTITY,
        0.0,
    )
    return {label: _line(scores[label], targets[label], common, 1.0) for label in scores}


def _scores(chances: Sequence[float]) -> "Column":
    import numpy as np

    bounded = np.clip(np.array(chances), LEAST_CHANCE, 1 - LEAST_CHANCE)
    scores: Column = np.log(bounded / (1 - bounded))
    return scores


def _line(scores: "Column", targets: "Column", common: Line, price: float) -> Line:
    """The line of least surprise, held near the common one at this price."""
    import numpy as np
    from scipy.optimize import minimize

    def loss(line: "Column") -> float:
        moved = line[0] * scores + line[1]
        surprise = float(np.sum(np.logaddexp(0, moved) - targets * moved))
        slope_away = float(line[0]) - common[0]
        offset_away = float(line[1]) - common[1]
        away = SLOPE_PRICE * slope_away**2 + OFFSET_PRICE * offset_away**2
        return surprise + price * away

    slope, offset = minimize(loss, common).x
    return round(float(slope), 2), round(float(offset), 2)


def chances_of(model: CommandModel, examples: Sequence[TurnExample]) -> Iterator[dict[str, float]]:
    """What an uncalibrated model says of each turn; labels that it does not tell have none."""
    for one in examples:
        reading = model.read(one.messages, one.context)
        yield {score.label: score.probability for score in reading.labels}


def main() -> None:
    """Fit the lines on the voices that are left out, and write them."""
    learned = turn_examples.read_turns(without=LEFT_OUT)
    unseen = turn_examples.turns_of(LEFT_OUT)
    model = command_model.fit(learned, "calibration")
    found = list(chances_of(model, unseen))
    chances = {label: [one.get(label, 0.0) for one in found] for label in model.labels}
    truth = {label: [label in one.labels for one in unseen] for label in model.labels}
    lines = fit(chances, truth)
    CALIBRATION.write_text(json.dumps(lines, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
