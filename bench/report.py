"""The table of a bench."""

from dataclasses import dataclass, field


class WrongCount(Exception):
    """What was stored, or sent, is not what was acknowledged: the figures of the run are worth nothing."""


@dataclass(frozen=True)
class Row:
    """One measured figure beside its target."""

    what: str
    target: str
    measured: str
    note: str = ""


@dataclass(frozen=True)
class Part:
    """The rows of a part of the bench, and what is to be said below the table (Markdown)."""

    rows: list[Row] = field(default_factory=list)
    below: str = ""


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | target | measured | |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {row.what} | {row.target} | {row.measured} | {row.note} |" for row in rows)])


def must_equal(what: str, expected: float, found: float) -> None:
    """Raise WrongCount unless these are the same."""
    if expected != found:
        raise WrongCount(f"{what}: expected {expected:.0f}, found {found:.0f}")
