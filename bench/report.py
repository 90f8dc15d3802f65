"""The table of a bench."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured figure beside its target."""

    what: str
    target: str
    measured: str
    note: str = ""


def table(rows: list[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | target | measured | |", "|---|---|---|---|"]
    return "\n".join([*lines, *(f"| {row.what} | {row.target} | {row.measured} | {row.note} |" for row in rows)])
