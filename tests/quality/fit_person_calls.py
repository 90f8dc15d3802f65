"""`python -m tests.quality.fit_person_calls`: the weights of `person_calls`, fitted on readings of
voices that the model had not learned from, and what each threshold costs on voices that the fit
has not seen either. Some minutes of processor time.
"""

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from gatte.conversation.command_reader.call_evidence import Spot, evidence
from gatte.conversation.commands import TurnReading
from gatte.intelligence.understanding import calibration, turn_examples, voice_folds
from gatte.intelligence.understanding.command_model import CommandModel
from gatte.intelligence.understanding.turn_features import TurnContext
from gatte.intelligence.understanding.voice_folds import FOLDS, Fold
from tests.quality.left_out import FOLDERS

Numbers = NDArray[np.float64]
PRICE = 5.0
"""What weights cost: some of the evidence says nearly the same."""
WEIGHT_OF_TURN = 0.25
CALLS = frozenset({"Escalate", "RequestHuman", "Complain"})
SPOTS = {"queue": Spot.QUEUE, "confirm": Spot.CONFIRM, "slot": Spot.SLOT}
STORIES = frozenset({"subject", "description", "value"})
THRESHOLDS = np.arange(0.2, 0.75, 0.05)


@dataclass(frozen=True)
class Case:
    """What was read somewhere: its evidence, whether it calls for a person, how much it counts,
    whether it is a sentence of a voice, whether it was said in the queue, and its fold.
    """

    evidence: dict[str, float]
    calls: bool
    weight: float
    is_sentence: bool
    queued: bool
    fold: int


def main() -> int:
    """Fit, and print the weights and what each threshold costs."""
    cases = [case for number, fold in enumerate(FOLDS) for case in _cases(number, fold)]
    rows = np.array([list(one.evidence.values()) for one in cases])
    folds = np.array([one.fold for one in cases])
    chances = np.zeros(len(cases))
    for number in range(len(FOLDS)):
        others = folds != number
        bias, weights = _fit(rows[others], [one for one in cases if one.fold != number])
        chances[~others] = 1 / (1 + np.exp(-bias - rows[~others] @ weights))
    for threshold in THRESHOLDS:
        sys.stdout.write(_line(cases, chances, float(threshold)))
    bias, weights = _fit(rows, cases)
    named = zip(cases[0].evidence, weights.tolist(), strict=True)
    found = {name: round(weight, 2) for name, weight in named}
    sys.stdout.write(f"BIAS = {bias:.2f}\n{json.dumps(found, indent=1)}\n")
    return 0


def _cases(number: int, fold: Fold) -> Iterator[Case]:
    model = voice_folds.model_without(fold, FOLDERS).calibrated(calibration.read())
    for line in _lines(turn_examples.SENTENCES, fold):
        if line["kind"] in {"must_reach_person", "look_alike"}:
            context = turn_examples.PLACES[line["place"]]
            calls = line["kind"] == "must_reach_person"
            counts = not (calls and context.waiting and line["reason"] in {"human", "complaint"})
            yield _case(model, (line["text"],), context, calls, float(counts), number, True)
    for line in _lines(turn_examples.TURNS, fold):
        turn = turn_examples.from_json(line)
        names = {label.partition(":")[0] for label in turn.labels}
        wanted = {"Escalate"} if turn.context.waiting else CALLS
        if turn.context.slot not in STORIES:
            calls = bool(names & wanted)
            yield _case(model, turn.messages, turn.context, calls, WEIGHT_OF_TURN, number, False)


def _lines(folder: Path, fold: Fold) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem in fold:
            texts = path.read_text(encoding="utf-8").splitlines()
            yield from (json.loads(text) for text in texts if text.strip())


def _case(
    model: CommandModel,
    messages: Sequence[str],
    context: TurnContext,
    calls: bool,
    weight: float,
    fold: int,
    is_sentence: bool,
) -> Case:
    reading: TurnReading = model.read(messages, context)
    spot = SPOTS.get(context.place, Spot.START)
    found = evidence(messages, reading, spot)
    return Case(found, calls, weight, is_sentence, context.waiting, fold)


def _fit(rows: Numbers, cases: Sequence[Case]) -> tuple[float, Numbers]:
    """Bias and weights of least surprise; evidence is priced by how much it varies."""
    calls = np.array([one.calls for one in cases], np.float64)
    counts = np.array([one.weight for one in cases])
    middle, spread = rows.mean(axis=0), rows.std(axis=0) + 1e-9
    scaled = (rows - middle) / spread

    def loss(found: Numbers) -> tuple[float, Numbers]:
        scores = found[0] + scaled @ found[1:]
        surprise = counts @ (np.logaddexp(0, scores) - calls * scores)
        miss = counts * (1 / (1 + np.exp(-scores)) - calls)
        slope = np.concatenate([[miss.sum()], scaled.T @ miss + PRICE * found[1:]])
        return float(surprise + PRICE / 2 * (found[1:] ** 2).sum()), slope

    best = minimize(loss, np.zeros(rows.shape[1] + 1), jac=True, method="L-BFGS-B").x
    weights: Numbers = best[1:] / spread
    return float(best[0] - weights @ middle), weights


def _line(cases: Sequence[Case], chances: Numbers, threshold: float) -> str:
    """What a threshold costs: who is in the queue is reached already."""
    heard = chances >= threshold
    paired = list(zip(cases, heard.tolist(), strict=True))
    must = [so or one.queued for one, so in paired if one.is_sentence and one.calls]
    alike = [so for one, so in paired if one.is_sentence and not one.calls]
    return f"{threshold:.2f}: reached {np.mean(must):.3f}, look-alikes {np.mean(alike):.3f}\n"


if __name__ == "__main__":
    sys.exit(main())
