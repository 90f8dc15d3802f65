"""`python -m bench [small] [intake] ...`: measure, print, and keep all in docs/bench.md when nothing is named."""

import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from os import cpu_count
from pathlib import Path

from bench import growth, intake, retrieval, small, turns
from bench.report import Part, WrongCount, table

PARTS: dict[str, Callable[[], Part]] = {
    "small": small.measure,
    "intake": intake.measure,
    "retrieval": retrieval.measure,
    "turns": turns.measure,
    "growth": growth.measure,
    "memory": turns.measure_memory,
}
PAGE = Path(__file__).parents[1] / "docs" / "bench.md"
HEAD = """# What it reaches

Measured by `make bench` on {when}: {cores} cores, Python {python}, everything (stores, stand-ins, load) on one machine. Figures of one
run: compare them within a run, not between machines.
"""


def main(wanted: list[str]) -> int:
    parts: list[Part] = []
    for name in wanted or PARTS:
        try:
            parts.append(PARTS[name]())
        except WrongCount as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
    text = _text(parts)
    print(text)
    if not wanted:
        head = HEAD.format(when=datetime.now(UTC).date(), cores=cpu_count(), python=platform.python_version())
        PAGE.write_text(f"{head}\n{text}\n", encoding="utf-8")
    return 0


def _text(parts: list[Part]) -> str:
    rows = [row for part in parts for row in part.rows]
    return "\n\n".join([table(rows), *(part.below for part in parts if part.below)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
