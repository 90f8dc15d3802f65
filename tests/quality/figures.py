"""Figures with their intervals: the mean over what was played, by bootstrap over whole customers,
since the seeds of one customer are no independent cases.
"""

import tomllib
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from tests.quality import turns
from tests.quality.judge import Grade
from tests.quality.play import Played, Reading
from tests.quality.run import Results
from tests.quality.slot_values import ReadValue
from tests.quality.turns import ReadTurn

FLOORS = Path(__file__).parent / "floors.toml"
RESAMPLES = 2000
RESAMPLES_OF_TURNS = 200
INTERVAL = (2.5, 97.5)


@dataclass(frozen=True)
class Figure:
    """A value from 0 to 1 with its 95 % interval, or a mere count, and over how many cases."""

    value: float
    low: float
    high: float
    cases: int
    is_count: bool = False


Figures = dict[str, Figure]


def of(results: Results, voices: Iterable[str]) -> Figures:
    """All figures of some voices, by name."""
    among = frozenset(voices)
    figures: Figures = {}
    for reading in Reading:
        played = [one for one in results.played if one.voice in among and one.reading is reading]
        figures |= _of_customers(played, reading)
    cases: dict[str, list[tuple[str, float]]] = defaultdict(list)
    for heard in results.heard:
        if heard.voice in among:
            for name, so in heard.counts.items():
                cases[name].append((heard.id, float(so)))
    figures |= {f"sentences: {name}": share(pairs) for name, pairs in sorted(cases.items())}
    figures |= _of_turns([one for one in results.read if one.voice in among])
    return figures | _of_values([one for one in results.values if one.voice in among])


def _of_customers(played: Sequence[Played], reading: Reading) -> Figures:
    judged = [(one, one.verdict) for one in played if one.verdict is not None]
    if not judged:
        return {}
    figures = {
        f"customers, {reading}: {grade}": share(
            [(one.customer, float(verdict.grade is grade)) for one, verdict in judged]
        )
        for grade in Grade
    }
    undone = sum(bool(verdict.irreversible) for _, verdict in judged)
    silent = sum(one.silent_turns for one, _ in judged)
    turns_played = sum(one.turns for one, _ in judged)
    figures[f"customers, {reading}: dialogues with something undone by mistake"] = Figure(
        undone, undone, undone, len(judged), is_count=True
    )
    figures[f"customers, {reading}: turns without a reply"] = Figure(
        silent, silent, silent, turns_played, is_count=True
    )
    return figures | _of_bubbles([one for one, _ in judged], reading)


def _of_bubbles(played: Sequence[Played], reading: Reading) -> Figures:
    """What is said, as it looks on a phone: how long bubbles are, and where more came than one."""
    lengths = [length for one in played for length in one.bubbles]
    if not lengths:
        return {}
    counts = {
        "characters that nine of ten bubbles do not pass": (
            float(np.percentile(lengths, 90)),
            len(lengths),
        ),
        "turns with more than one bubble": (
            sum(one.crowded_turns for one in played),
            sum(one.turns for one in played),
        ),
        "dialogues with a second greeting": (
            sum(one.greetings > 1 for one in played),
            len(played),
        ),
    }
    return {
        f"customers, {reading}: {name}": Figure(value, value, value, cases, is_count=True)
        for name, (value, cases) in counts.items()
    }


def _of_values(read: Sequence[ReadValue]) -> Figures:
    """Values that a slot asked for, by slot: stored as another, or as it was meant."""
    figures: Figures = {}
    for slot in sorted({one.slot for one in read}):
        values = [one for one in read if one.slot == slot]
        figures[f"values: {slot}, misread"] = share([(one.id, one.is_misread) for one in values])
        figures[f"values: {slot}, right at once"] = share(
            [(one.id, one.is_right) for one in values]
        )
    return figures


def _of_turns(read: Sequence[ReadTurn]) -> Figures:
    if not read:
        return {}
    measures: dict[str, Callable[[Sequence[ReadTurn]], float]] = {
        "macro-F1": partial(turns.macro_f1, labels=turns.frequent_labels(read)),
        "micro-F1": turns.micro_f1,
        "exact match": turns.exact_match,
    }
    rng = np.random.default_rng(1)
    samples = [
        [read[place] for place in rng.integers(0, len(read), len(read))]
        for _ in range(RESAMPLES_OF_TURNS)
    ]
    figures: Figures = {}
    for name, measure in measures.items():
        low, high = np.percentile([measure(sample) for sample in samples], INTERVAL)
        figures[f"turns: {name}"] = Figure(measure(read), float(low), float(high), len(read))
    error = turns.calibration_error(read)
    if error is not None:
        figures["turns: calibration error"] = Figure(error, error, error, len(read))
    return figures


def share(pairs: Sequence[tuple[Hashable, float]]) -> Figure:
    """The mean of values, with an interval over whoever they belong to."""
    belonging: dict[Hashable, list[float]] = defaultdict(list)
    for owner, value in pairs:
        belonging[owner].append(value)
    means = np.array([sum(values) / len(values) for values in belonging.values()])
    rng = np.random.default_rng(1)
    drawn = rng.choice(means, (RESAMPLES, len(means))).mean(axis=1)
    low, high = np.percentile(drawn, INTERVAL)
    return Figure(float(means.mean()), float(low), float(high), len(pairs))


def below_floor(figures: Figures) -> list[str]:
    """What is worse than the floors say, a line each; figures that were not measured are let be."""
    floors = tomllib.loads(FLOORS.read_text(encoding="utf-8"))
    least = [
        f"{name}: {figures[name].value:.3f}, at least {floor} is wanted"
        for name, floor in floors["least"].items()
        if name in figures and figures[name].value < floor
    ]
    most = [
        f"{name}: {figures[name].value:.3f}, at most {ceiling} is allowed"
        for name, ceiling in floors["most"].items()
        if name in figures and figures[name].value > ceiling
    ]
    return least + most
