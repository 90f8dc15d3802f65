"""`python -m bench [PART ...]`: measure and print; with no part named, all of them, and keep it in
docs/bench.md.

make bench ARGS="intake turns"            only that; with --write, docs/bench.md holds only that,
too make bench ARGS="--against COMMIT"        the files here against those of a commit, at most 25
minutes make bench ARGS="--against COMMIT --quick"  at most 8 minutes
"""

import argparse
import os
import platform
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from bench import (
    comparison,
    held_snapshot,
    intake,
    machine_speed,
    per_step_cost,
    retrieval_speed,
    scaling,
    throughput,
    turn_cost,
)
from bench.checkout import NoSuchCommit
from bench.customers import QUESTIONS
from bench.report import ReportPart, WrongCount, table
from bench.time_limit import Stopped, bounded
from tests import process_system

PARTS: dict[str, Callable[[], ReportPart]] = {
    "small": per_step_cost.measure,
    "intake": intake.measure,
    "retrieval": retrieval_speed.measure,
    "turns": throughput.measure,
    "cost": turn_cost.measure,
    "start": throughput.measure_start,
    "growth": scaling.measure,
    "snapshot": held_snapshot.measure,
    "memory": throughput.measure_memory,
}
LIMIT_SECONDS = 2 * 60 * 60
PAGE = Path(__file__).parents[1] / "docs" / "bench.md"
HEAD = """# What it reaches

Measured by `make bench` on {when}: {machine}; {versions}; everything (stores, stand-ins, load) on
one machine. {shared}

Figures of one run: compare them within a run, not between machines; `make bench ARGS="--against
COMMIT"` compares two versions in one run. `make bench ARGS="turns"` measures one part and writes
nothing here. A run whose counts of messages stored, acknowledged and answered differ gives no
figures but an error. Where a target is missed, the tables of processor time below say what bounds
it: all that is listed shares the cores. Parts of this run: {parts}.

Loads: a *new customer* never wrote before; a *returning* one did, and comes back after some
seconds. *Distinct* texts differ all, in their words and not in numbers alone; *repeated* ones are
{questions} questions, each second time with an order number. Workers are *warm* (some turns of
strangers went before) unless a row says *cold*.
"""
VARIED = (
    "Between the parts, the same piece of Python work took {:.1f} to {:.1f} ms of processor time."
)
ALONE = "The machine was free of other work."
SHARED = (
    "The machine was shared: between the parts, when nothing of this run was up, "
    "other processes took {:.0f} to {:.0f} % of its cores. "
    "Rates and times are then those of what they left; processor times and counts say more."
)
FREE_PERCENT = 10
PACKAGES = ("flask", "gunicorn", "sqlalchemy", "rq", "pywa")


@dataclass(frozen=True)
class Moment:
    """How the machine is while nothing of ours runs: how busy with other work, and how fast."""

    busy_percent: float
    milliseconds: float


def main() -> int:
    options = _options()
    process_system.build_models()
    try:
        return _compare(options) if options.against else _measure(options)
    except WrongCount as error:
        print(error, file=sys.stderr)
    except NoSuchCommit as error:
        print(f"no such commit: {error}", file=sys.stderr)
    except Stopped as stopped:
        print(f"stopped: {stopped}", file=sys.stderr)
    return 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("parts", nargs="*", metavar="PART", help=", ".join(PARTS))
    parser.add_argument(
        "--write", action="store_true", help=f"keep it in {PAGE.name}, whatever is named"
    )
    parser.add_argument(
        "--seconds",
        type=int,
        default=throughput.SECONDS,
        help="how long customers write at full rate",
    )
    parser.add_argument("--against", metavar="COMMIT", help="compare with this commit")
    parser.add_argument("--quick", action="store_true", help="compare with smaller loads")
    parser.add_argument("--pairs", type=int, help="how many times each is measured, if time allows")
    options = parser.parse_args()
    if unknown := set(options.parts) - set(PARTS):
        parser.error(f"no such part: {', '.join(unknown)}")
    return options


def _compare(options: argparse.Namespace) -> int:
    size = comparison.QUICK if options.quick else comparison.USUAL
    size = replace(size, pairs=options.pairs or size.pairs)
    with bounded(size.limit_seconds):
        begun = time.monotonic()
        moments = [_moment()]
        print(comparison.compare(options.against, size))
        moments.append(_moment())
    print(f"\n{_about_machine(moments)}\nIt took {(time.monotonic() - begun) / 60:.0f} minutes.")
    return 0


def _measure(options: argparse.Namespace) -> int:
    names = options.parts or [*PARTS]
    parts: list[ReportPart] = []
    with bounded(LIMIT_SECONDS):
        moments = [_moment()]
        for name in names:
            print(name, file=sys.stderr, flush=True)
            parts.append(
                throughput.measure(seconds=options.seconds) if name == "turns" else PARTS[name]()
            )
            moments.append(_moment())
    text = _text(parts)
    print(f"{text}\n\n{_about_machine(moments)}")
    if options.write or not options.parts:
        PAGE.write_text(f"{_head(names, moments)}\n{text}\n", encoding="utf-8")
    return 0


def _moment() -> Moment:
    return Moment(psutil.cpu_percent(2), machine_speed.milliseconds())


def _about_machine(moments: list[Moment]) -> str:
    busy = [moment.busy_percent for moment in moments]
    speeds = [moment.milliseconds for moment in moments]
    shared = SHARED.format(min(busy), max(busy)) if max(busy) > FREE_PERCENT else ALONE
    return f"{shared} {VARIED.format(min(speeds), max(speeds))}"


def _head(names: list[str], moments: list[Moment]) -> str:
    return HEAD.format(
        when=datetime.now(UTC).date(),
        machine=_machine(),
        versions=_versions(),
        shared=_about_machine(moments),
        parts=", ".join(names),
        questions=len(QUESTIONS),
    )


def _machine() -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{os.cpu_count()} cores, {memory:.0f} GiB"


def _versions() -> str:
    return ", ".join(
        [f"Python {platform.python_version()}", *(f"{name} {version(name)}" for name in PACKAGES)]
    )


def _text(parts: list[ReportPart]) -> str:
    rows = [row for part in parts for row in part.rows]
    return "\n\n".join([table(rows), *(part.below for part in parts if part.below)])


if __name__ == "__main__":
    sys.exit(main())
