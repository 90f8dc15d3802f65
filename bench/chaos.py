"""`make chaos`: customers write while every process is killed at every step, Redis is flushed and
Postgres crashes; then it is counted.

The check is made from outside, at the stand-in for Meta, which delivers again what was not
acknowledged and sends its statuses, some of both twice and out of order. Exit code 1 when anything
was lost, came twice or out of order, or is left undone.

    make chaos ARGS="100 --seed 4"    so many kills, spread over all points, and what chance decides
    make chaos ARGS=--write           the outcome goes into docs/kill-points.md, too
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from bench.environment import TOKEN
from devstack.stores import Stores, Urls
from gatte.infra.schema import migrate
from tests import process_system
from tests.chaos.experiment import CRASHED, FLUSHED, Experiment, Outcome, schedule
from tests.chaos.kill_points import BY_NAME, POINTS
from tests.chaos.supervised_system import SupervisedSystem
from tests.chaos.workload import Outside, Workload
from tests.fakes.meta import FakeMeta

DOCUMENT = process_system.PROJECT / "docs" / "kill-points.md"
CROWD = 6
SETTINGS = {
    "WHATSAPP_ACCESS_TOKEN": TOKEN,
    "GATTE_QUIET_SECONDS": "0.2",
    "GATTE_LEASE_SECONDS": "8",
}
STORES = {
    FLUSHED: (
        "every job that waits in a queue",
        "Postgres is the schedule: what is due is put again",
    ),
    CRASHED: (
        "open transactions, and every connection",
        "what was not committed is rolled back and done again; no 200 without a commit",
    ),
}
HEAD = """# Kill points

Written by `make chaos ARGS=--write`; the table of points is in `tests/chaos/kill_points.py`. At
each point a process is killed by SIGKILL while customers write and Meta delivers some webhooks and
statuses twice or out of order. The count is made from outside, at a stand-in for Meta: which
answers each customer received, and in which order. The last columns count answers of all customers
who were waiting when a fault was injected.

Where Meta has an answer and we do not know it, a status with the outbox id settles it. Only if Meta
accepted an answer and sends no status within the grace time is it sent again: the one case in which
a customer may get a second copy (`GATTE_UNCERTAIN_POLICY=agent` leaves such an answer to people
instead). Here that time passes only for answers which Meta did not take, however slow the machine
is, so each second copy in this table is a fault.
"""


def main() -> int:
    """Run, print, and write when asked; 0 when all is well."""
    options = _options()
    process_system.build_models()
    seed = options.seed if options.seed is not None else int(time.time())
    outcome = run(options.kills, options.flushes, options.crashes, seed, options.crowd)
    told = f"Seed {seed}: {_told(outcome)}"
    print("\n".join(_table(outcome)))
    print(told)
    for story in outcome.stories:
        print(story)
    if options.write:
        DOCUMENT.write_text("\n".join([HEAD, told, "", *_table(outcome)]) + "\n")
    return 0 if outcome.fine else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("kills", type=int, nargs="?", default=100)
    parser.add_argument("--flushes", type=int, default=2, help="how often Redis is emptied")
    parser.add_argument("--crashes", type=int, default=3, help="how often Postgres is killed")
    parser.add_argument(
        "--crowd",
        type=int,
        default=CROWD,
        help="customers who write at once; a hundred are too many for two cores",
    )
    parser.add_argument("--seed", type=int, help="the same injections in the same order")
    parser.add_argument("--write", action="store_true", help=f"write {DOCUMENT.name}")
    return parser.parse_args()


def run(kills: int, flushes: int, crashes: int, seed: int, crowd: int = CROWD) -> Outcome:
    """One experiment over stores and processes of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="gatte-chaos-") as name,
        FakeMeta(token=TOKEN) as meta,
    ):
        stores = Stores(Path(name) / "stores")
        urls = stores.start()
        try:
            migrate(urls.database)
            environment = process_system.settings(
                urls.database, urls.redis, WHATSAPP_API_BASE_URL=meta.url, **SETTINGS
            )
            process_system.prepare(environment)
            system = SupervisedSystem(Path(name), environment)
            workload = Workload(Outside(system.url, meta.url, urls.database), seed, crowd)
            try:
                system.start()
                system.wait_until_ready()
                return _inject_all(
                    Experiment(system, workload), stores, urls, _plan(kills, flushes, crashes, seed)
                )
            finally:
                system.stop()
                workload.close()
        finally:
            stores.stop()


def _plan(kills: int, flushes: int, crashes: int, seed: int) -> list[str]:
    """The injections in their order: the stores' fall evenly between the kills."""
    injections = [point.name for point in schedule(kills, random.Random(seed))]
    for what, count in ((FLUSHED, flushes), (CRASHED, crashes)):
        for number in range(count):
            injections.insert(len(injections) * (2 * number + 1) // (2 * count), what)
    return injections


def _inject_all(experiment: Experiment, stores: Stores, urls: Urls, plan: list[str]) -> Outcome:
    for number, injection in enumerate(plan, 1):
        print(f"{number}/{len(plan)} {injection}", file=sys.stderr, flush=True)
        if injection == FLUSHED:
            experiment.flush(urls.redis)
        elif injection == CRASHED:
            experiment.crash(stores.postgres)
        else:
            experiment.inject(BY_NAME[injection])
    return experiment.wait_for_steady_state()


def _told(outcome: Outcome) -> str:
    kills = Counter(
        {
            injection: count
            for injection, count in outcome.injections.items()
            if injection in BY_NAME
        }
    )
    total, left = outcome.total, {what: count for what, count in outcome.left.items() if count}
    return (
        f"{kills.total()} kills at {len(kills)} of {len(POINTS)} points, "
        f"{outcome.injections[FLUSHED]} flushes of Redis, "
        f"{outcome.injections[CRASHED]} crashes of Postgres, in {outcome.seconds:.0f} s. "
        f"{outcome.customers} customers, {outcome.messages} messages acknowledged, "
        f"{outcome.messages - outcome.unstored} of them stored, "
        f"{outcome.repeated} bodies delivered twice: "
        f"{total.lost} lost, {total.twice} answered twice, "
        f"{total.out_of_order} out of order; left undone: {left or 'nothing'}."
    )


def _table(outcome: Outcome) -> list[str]:
    lines = [
        "| point | in danger | what comes of it | injections | lost | twice | out of order |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    known = {point.name: (point.at_risk, point.expected) for point in POINTS} | STORES
    for injection, (danger, comes) in known.items():
        if outcome.injections[injection]:
            verdict = outcome.verdicts[injection]
            counts = (
                outcome.injections[injection],
                verdict.lost,
                verdict.twice,
                verdict.out_of_order,
            )
            counted = " | ".join(str(count) for count in counts)
            lines.append(f"| `{injection}` | {danger} | {comes} | {counted} |")
    return lines


if __name__ == "__main__":
    sys.exit(main())
