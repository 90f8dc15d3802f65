"""Pairs of values, the files here and those of another commit, and the table of their ratios."""

import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

ENOUGH = 0.95
ENOUGH_PAIRS = 5
Side = TypeVar("Side")


@dataclass(frozen=True)
class Measure:
    """What is measured, and in which unit; less is better unless it says otherwise."""

    what: str
    unit: str
    more_is_better: bool = False


Values = dict[Measure, float]
Pair = tuple[Values, Values]  # here, and there


def take_pairs(
    sides: tuple[Side, Side], step: Callable[[Side, int], Values], count: int, ends: float
) -> list[Pair]:
    """Do a step with both sides in turns, each the first as often; fewer times when the time runs
    out.
    """
    taken: list[Pair] = []
    lasted = 0.0
    for number in range(count):
        started = time.monotonic()
        if started + lasted > ends:
            break
        taken.append(_pair(sides, step, number))
        lasted = time.monotonic() - started
        print(f"pair {number + 1} of {count}: {lasted:.0f} s", file=sys.stderr, flush=True)
    return taken


def _pair(sides: tuple[Side, Side], step: Callable[[Side, int], Values], number: int) -> Pair:
    here, there = sides
    if number % 2 == 0:
        first = step(here, number)
        return first, step(there, number)
    first = step(there, number)
    return step(here, number), first


def table(pairs: list[Pair], name: str) -> str:
    """The median of each measure on both sides, the ratios, and what is worse here."""
    lines = [
        f"| | here | {name} | ratio | least | most | pairs |",
        "|---|---|---|---|---|---|---|",
        *(_line(measure, pairs) for measure in _measures(pairs)),
    ]
    return "\n".join([*lines, "", worse(pairs), *_warnings(pairs)])


def _warnings(pairs: list[Pair]) -> list[str]:
    fewest = min((len(ratios(measure, pairs)) for measure in _measures(pairs)), default=0)
    if fewest >= ENOUGH_PAIRS:
        return []
    return [
        (
            f"The time was up after {fewest} pairs of some rows: "
            "too few to judge by (the machine is slow, or busy)."
        )
    ]


def worse(pairs: list[Pair]) -> str:
    """A line that names what reaches less than 95 % of what it was."""
    named = [
        f"{one.what}, {one.unit} ({statistics.median(ratios(one, pairs)):.2f})"
        for one in _measures(pairs)
        if statistics.median(ratios(one, pairs)) < ENOUGH
    ]
    return f"Below {ENOUGH}: {'; '.join(named) if named else 'nothing'}."


def ratios(measure: Measure, pairs: list[Pair]) -> list[float]:
    """How many times better it is here, pair by pair."""
    return [
        _ratio(measure, here[measure], there[measure]) for here, there in pairs if measure in here
    ]


def _ratio(measure: Measure, here: float, there: float) -> float:
    good, bad = (here, there) if measure.more_is_better else (there, here)
    if good == bad:
        return 1.0
    return good / bad if bad else float("inf")


def _measures(pairs: list[Pair]) -> list[Measure]:
    return list(dict.fromkeys(measure for here, _ in pairs for measure in here))


def _line(measure: Measure, pairs: list[Pair]) -> str:
    here, there = (
        statistics.median(pair[side][measure] for pair in pairs if measure in pair[side])
        for side in (0, 1)
    )
    found = ratios(measure, pairs)
    middle, least, most = statistics.median(found), min(found), max(found)
    numbers = f"{_short(here)} | {_short(there)} | {middle:.2f} | {least:.2f} | {most:.2f}"
    return f"| {measure.what}, {measure.unit} | {numbers} | {len(found)} |"


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.3g}"
