"""The table of a bench."""

from dataclasses import dataclass, field


class WrongCount(Exception):
    """What was stored, or sent, is not what was acknowledged: the figures of the run are worth
    nothing.
    """


REACHED = {True: "yes", False: "**no**", None: ""}


@dataclass(frozen=True)
class ReportRow:
    """One measured figure beside its target; `reached` is None where there is no target."""

    what: str
    target: str
    measured: str
    note: str = ""
    reached: bool | None = None


@dataclass(frozen=True)
class ReportPart:
    """The rows of a part of the bench, and what is to be said below the table (Markdown)."""

    rows: list[ReportRow] = field(default_factory=list)
    below: str = ""


def table(rows: list[ReportRow]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | target | measured | reached | |", "|---|---|---|---|---|"]
    return "\n".join(
        [
            *lines,
            *(
                f"| {row.what} | {row.target} | {row.measured} "
                f"| {REACHED[row.reached]} | {row.note} |"
                for row in rows
            ),
        ]
    )


def must_equal(what: str, expected: float, found: float) -> None:
    """Raise WrongCount unless these are the same."""
    if expected != found:
        raise WrongCount(f"{what}: expected {expected:.0f}, found {found:.0f}")
