"""`python -m bench --against COMMIT`: the files here against those of a commit, in alternating
pairs of one run.

Both versions are up at the same time, each on stores of its own, and are driven by the outside
contract alone, one after the other: what else the machine does hits both. A ratio says how many
times better the files here are.
"""

import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench import cpu_accounting, intake, panel_client, turn_cost_counters
from bench.checkout import HERE, Checkout, checked_out
from bench.customers import Load
from bench.environment import BenchEnvironment, environment, scalar, stores, system
from bench.load_environment import COUNTED, LoadEnvironment, ground
from bench.pairs import Measure, Pair, Values, table, take_pairs
from bench.turn_cost_counters import GATTE, Cost
from tests.process_system import System, until

CONNECTIONS = 64
RATE = 20
AFTER_START = 20  # turns that warm a worker which was just started
RESERVE_SECONDS = 60  # for the end: reports, and stopping what was started
WARMING_POSTS = 3
DOOR_SHARE = 0.25  # of the time, at most
TITLE = """The files here against {commit}, each measured in turns with the other, {wrote}. The
ratio says how many times better it is here (above 1: faster, or cheaper), as the median of the
pairs, with the least and the most. Customers are new unless they are said to return, texts are
distinct, workers are warm but for the cold start, the knowledge base is the demo's."""


@dataclass(frozen=True)
class Size:
    """How long a run may last, how many pairs it takes at most, and how large its loads are."""

    limit_seconds: int
    pairs: int
    turns: int
    intake_seconds: int
    status_posts: int
    pages: int


USUAL = Size(25 * 60, pairs=7, turns=80, intake_seconds=3, status_posts=10, pages=40)
QUICK = Size(8 * 60, pairs=5, turns=40, intake_seconds=2, status_posts=5, pages=20)


def compare(commit: str, size: Size) -> str:
    """The table of all rows, and which of them are worse here."""
    began, limit = time.monotonic(), size.limit_seconds
    with checked_out(commit) as other:
        pairs = _at_the_door(other, size, began + limit * DOOR_SHARE)
        pairs += _whole(other, size, began + limit - RESERVE_SECONDS)
    title = TITLE.format(commit=commit, wrote=f"{size.turns} turns a load")
    return f"{title}\n\n{table(pairs, commit)}"


# --- the door: web processes alone ---


@dataclass(frozen=True)
class Door:
    """The web processes of one version, and their stores."""

    place: BenchEnvironment
    web: System


def _at_the_door(other: Checkout, size: Size, ends: float) -> list[Pair]:
    with ExitStack() as stack:
        doors = _door(stack, HERE), _door(stack, other)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))

        def step(door: Door, number: int) -> Values:
            _start_anew(door)
            bodies = _bodies(folder, number, intake.BODIES * size.intake_seconds)
            return _webhook(door, bodies, size.intake_seconds) | _statuses(door, size.status_posts)

        return take_pairs(doors, step, size.pairs, ends)


def _door(stack: ExitStack, code: Checkout) -> Door:
    place = stack.enter_context(stores(code))
    count = str(intake.PROCESSES)
    return Door(place, stack.enter_context(system(place, "web", code=code, WEB_CONCURRENCY=count)))


def _start_anew(door: Door) -> None:
    """Other processes in each pair: where things lie in the memory of one makes it a tenth faster
    or slower for all its life.
    """
    door.web.terminate("web")
    door.web.start("web")
    if not until(lambda: intake.answers(door.web)):
        raise TimeoutError(door.web.log_tail())
    intake.post_statuses(door.web, WARMING_POSTS)


def _bodies(folder: Path, number: int, count: int) -> Path:
    """What wrk posts in a pair, the same to both."""
    bodies = folder / str(number)
    if not bodies.exists():
        bodies.mkdir()
        intake.write_bodies(bodies, number * count, count)
    return bodies


def _webhook(door: Door, folder: Path, seconds: int) -> Values:
    """As many messages as the door takes; each that it acknowledged is stored."""
    before = scalar(door.place, STORED)
    run = intake.drive(door.web, folder, door.place, CONNECTIONS, seconds)
    time.sleep(0.5)  # what was under way when wrk stopped
    stored = scalar(door.place, STORED) - before
    intake.must_cover(run, stored, "stored", CONNECTIONS)
    return {
        Measure("webhook, 64 connections", "messages/s", more_is_better=True): run.rate,
        Measure("webhook: web", "CPU ms a message"): run.cost["web"],
        Measure("webhook: Postgres", "CPU ms a message"): run.cost["Postgres"],
    }


STORED = "SELECT count(*) FROM inbox_message"


def _statuses(door: Door, posts: int) -> Values:
    groups = {"web": door.web.processes["web"].pid, "Postgres": door.place.pids["Postgres"]}
    before = cpu_accounting.look(groups)
    spent = intake.post_statuses(door.web, posts)
    after = cpu_accounting.look(groups)
    used = {name: after[name].seconds - before[name].seconds for name in groups}
    return {
        Measure("POST of 1,000 statuses", "statuses/s", more_is_better=True): posts * 1000 / spent,
        Measure("POST of 1,000 statuses: web", "CPU ms"): used["web"] * 1000 / posts,
        Measure("POST of 1,000 statuses: Postgres", "CPU ms"): used["Postgres"] * 1000 / posts,
    }


# --- the whole system ---


@dataclass(frozen=True)
class Whole:
    """One version with all its processes, and a person who looks at its panel."""

    ground: LoadEnvironment
    browser: panel_client.Browser


def _whole(other: Checkout, size: Size, ends: float) -> list[Pair]:
    with ExitStack() as stack:
        sides = _system(stack, HERE), _system(stack, other)

        def step(side: Whole, number: int) -> Values:
            return (
                _cold(side.ground)
                | _turns(side.ground, number, size.turns)
                | _page(side, size.pages)
            )

        return take_pairs(sides, step, size.pairs, ends)


def _system(stack: ExitStack, code: Checkout) -> Whole:
    made = stack.enter_context(ground(code, counted=True))
    panel_client.add_person(code, environment(code, made.place))
    return Whole(made, panel_client.logged_in(made.url))


def _cold(side: LoadEnvironment) -> Values:
    seconds, spent = side.start_cold()
    side.warm_up(AFTER_START)
    return {
        Measure("cold start of a worker to its first answer", "s"): seconds,
        Measure("cold start: worker", "CPU s"): spent,
    }


def _turns(side: LoadEnvironment, number: int, count: int) -> Values:
    """New customers, and the same ones again."""
    values: Values = {}
    for load, who in ((Load.NEW, "new"), (Load.RETURNING, "returning")):
        values |= _values(
            turn_cost_counters.of_load(side, load, number * count, count, RATE), f"a turn, {who}"
        )
    return values


def _values(found: Cost, what: str) -> Values:
    values = {Measure(f"{what}: {name}", "CPU ms"): found.milliseconds[name] for name in GATTE}
    values[Measure(f"{what}: all of GATTE", "CPU ms")] = found.total
    for name in COUNTED:
        asked = found.asked[name]
        values[Measure(f"{what}: {name}", "SQL statements")] = asked.statements
        values[Measure(f"{what}: {name}", "round trips to Postgres")] = asked.trips
        values[Measure(f"{what}: {name}", "round trips to Valkey")] = asked.trips_to_valkey
    return values


def _page(side: Whole, times: int) -> Values:
    before = side.ground.look()
    milliseconds = side.browser.open_page(times)
    after = side.ground.look()
    used = {name: after[name].seconds - before[name].seconds for name in ("web", "Postgres")}
    return {
        Measure("a panel page", "ms"): milliseconds,
        Measure("a panel page: web", "CPU ms"): used["web"] * 1000 / times,
        Measure("a panel page: Postgres", "CPU ms"): used["Postgres"] * 1000 / times,
    }
