"""`python -m bench [small] [intake] ...`: measure, print, and keep all in docs/bench.md when nothing is named."""

import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from bench import growth, intake, retrieval, small, speed, turns
from bench.report import Part, WrongCount, table
from tests import running

PARTS: dict[str, Callable[[], Part]] = {
    "small": small.measure,
    "intake": intake.measure,
    "retrieval": retrieval.measure,
    "turns": turns.measure,
    "calm": turns.measure_calm,
    "growth": growth.measure,
    "memory": turns.measure_memory,
}
PAGE = Path(__file__).parents[1] / "docs" / "bench.md"
HEAD = """# What it reaches

Measured by `make bench` on {when}: {machine}; {versions}; everything (stores, stand-ins, load) on one machine. Figures of one run: compare
them within a run, not between machines. `make bench ARGS="turns"` measures one part and writes nothing here; a run whose counts of
messages stored, acknowledged and answered differ gives no figures but an error. Where a target is missed, the tables of processor time
below say what bounds it: all that is listed shares the cores.
"""
VARIED = "The machine itself: between the parts, the same piece of Python work took {:.1f} to {:.1f} ms of processor time."
PACKAGES = ("flask", "gunicorn", "sqlalchemy", "rq", "pywa")


def main(wanted: list[str]) -> int:
    running.build_models()
    parts: list[Part] = []
    speeds = [speed.milliseconds()]
    for name in wanted or PARTS:
        try:
            parts.append(PARTS[name]())
        except WrongCount as error:
            print(f"{name}: {error}", file=sys.stderr)
            return 1
        speeds.append(speed.milliseconds())
    text = f"{_text(parts)}\n\n{VARIED.format(min(speeds), max(speeds))}"
    print(text)
    if not wanted:
        head = HEAD.format(when=datetime.now(UTC).date(), machine=_machine(), versions=_versions())
        PAGE.write_text(f"{head}\n{text}\n", encoding="utf-8")
    return 0


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB"


def _versions() -> str:
    return ", ".join([f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)])


def _text(parts: list[Part]) -> str:
    rows = [row for part in parts for row in part.rows]
    return "\n\n".join([table(rows), *(part.below for part in parts if part.below)])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
