"""`python -m bench [small] [intake] [turns]`: measure, print, and keep the table in docs/bench.md."""

import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path

from bench import intake, small, turns
from bench.report import Row, table

PARTS: dict[str, Callable[[], list[Row]]] = {"small": small.measure, "intake": intake.measure, "turns": turns.measure}
PAGE = Path(__file__).parents[1] / "docs" / "bench.md"
HEAD = """# What it reaches

Measured by `make bench` on {when}: {cores} cores, Python {python}, everything (stores, stand-ins, load) on one machine. Figures of one
run: compare them within a run, not between machines.
"""


def main(wanted: list[str]) -> None:
    rows = [row for name in wanted or PARTS for row in PARTS[name]()]
    print(table(rows))
    if not wanted:
        head = HEAD.format(when=datetime.now(UTC).date(), cores=cpu_count(), python=platform.python_version())
        PAGE.write_text(f"{head}\n{table(rows)}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
