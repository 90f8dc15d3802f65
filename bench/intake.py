"""Intake: signed webhooks from wrk, one message each, against web processes alone; beside it a
receiver on pywa that stores nothing.

Both run under the same gunicorn settings and get the same bodies, in turns, so that what else the
machine does hits both. Every customer is new, and every text differs.
"""

import re
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import httpx

from bench import cpu_accounting, pywa_receiver
from bench.environment import BenchEnvironment, scalar, stores, system
from bench.report import ReportPart, ReportRow, WrongCount, must_equal
from bench.texts import distinct
from tests.fakes import payloads
from tests.process_system import APP_SECRET, NUMBER, System, until

SECONDS = 4
ROUNDS = 7
CONNECTIONS = (64, 128)
PROCESSES = 2
BODIES = 10_000  # a second: more than any door takes
STATUS_POSTS = 40
FAST = "≥ 3,300 messages/s, p99 < 250 ms"

SCRIPT = """
local lines, position, threads = {}, 0, 0
function setup(thread) thread:set("id", threads); threads = threads + 1 end
function init(args)
  for line in io.lines(args[1]) do lines[#lines + 1] = line end
end
function request()
  position = position + 1
  local line = lines[position * 2 - id] or lines[1]
  local headers = {["X-Hub-Signature-256"] = line:sub(1, 71), ["Content-Type"] = "application/json"}
  return wrk.format("POST", "/webhook/whatsapp", headers, line:sub(73))
end
"""


@dataclass(frozen=True)
class IntakeRun:
    """What wrk saw in one run, and what it took: processor milliseconds a request by process."""

    rate: float
    p99_ms: float
    acknowledged: int
    refused: int
    cost: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Doors:
    """Our web processes and pywa's, both up."""

    place: BenchEnvironment
    ours: System
    other: System
    counts: Path


def measure() -> ReportPart:
    """Messages and statuses a second that were stored and acknowledged; WrongCount when these
    differ.
    """
    with _doors() as doors:
        compared = {connections: Compared(connections) for connections in CONNECTIONS}
        for number in range(ROUNDS):
            for place, one in enumerate(compared.values()):
                with _bodies(number * len(CONNECTIONS) + place) as folder:
                    one.add(doors, folder, ours_first=number % 2 == 0)
        rows = [row for one in compared.values() for row in (_row(one), _compared(one))]
        return ReportPart([*rows, _statuses(doors)], _below(list(compared.values())))


@dataclass
class Compared:
    """Runs of both doors in turns, each with so many connections; each is first equally often."""

    connections: int
    ours: list[IntakeRun] = field(default_factory=list)
    others: list[IntakeRun] = field(default_factory=list)

    def add(self, doors: Doors, folder: Path, *, ours_first: bool) -> None:
        runs = [(_ours, self.ours), (_others, self.others)]
        for drive_one, found in runs if ours_first else reversed(runs):
            found.append(drive_one(doors, folder, self.connections))


@contextmanager
def _doors() -> Iterator[Doors]:
    same = {"WEB_CONCURRENCY": str(PROCESSES)}
    with stores() as place, tempfile.TemporaryDirectory() as name:
        rival = {"APPLICATION": "bench.pywa_receiver:create()", pywa_receiver.COUNTS: name}
        with system(place, "web", **same) as ours, system(place, "web", **same, **rival) as other:
            if not (until(lambda: answers(ours), 30) and until(lambda: answers(other), 30)):
                raise TimeoutError(ours.log_tail() + other.log_tail())
            yield Doors(place, ours, other, Path(name))


def answers(door: System) -> bool:
    """Whether a web process serves requests."""
    try:
        return httpx.get(f"{door.url}/webhook/whatsapp", timeout=2).status_code < 500
    except httpx.HTTPError:
        return False


@contextmanager
def _bodies(number: int) -> Iterator[Path]:
    """A folder with the script for wrk and the bodies of a round, each with its signature."""
    with tempfile.TemporaryDirectory() as name:
        write_bodies(Path(name), number * BODIES * SECONDS, BODIES * SECONDS)
        yield Path(name)


def write_bodies(folder: Path, first: int, count: int) -> None:
    """What `drive` needs: the script for wrk, and signed bodies with a message each, of other
    customers from `first` on.
    """
    with (folder / "bodies").open("wb") as file:
        for index in range(first, first + count):
            part = payloads.text(distinct(index))
            raw = payloads.encode(payloads.body(part, payloads.person(index), number=NUMBER))
            file.write(payloads.sign(raw, APP_SECRET).encode() + b" " + raw + b"\n")
    (folder / "post.lua").write_text(SCRIPT)


def _ours(doors: Doors, folder: Path, connections: int) -> IntakeRun:
    """Drive our door: every message that it acknowledged is a row, and there is no other row."""
    before = scalar(doors.place, "SELECT count(*) FROM inbox_message")
    counted = _acknowledged(doors.ours)
    run = drive(doors.ours, folder, doors.place, connections)
    if not until(
        lambda: (
            scalar(doors.place, "SELECT count(*) FROM inbox_message") - before
            == _acknowledged(doors.ours) - counted
        ),
        5,
    ):
        stored = scalar(doors.place, "SELECT count(*) FROM inbox_message") - before
        raise WrongCount(
            f"acknowledged {_acknowledged(doors.ours) - counted:.0f}, stored {stored:.0f}"
        )
    must_cover(
        run,
        scalar(doors.place, "SELECT count(*) FROM inbox_message") - before,
        "stored",
        connections,
    )
    return run


def _others(doors: Doors, folder: Path, connections: int) -> IntakeRun:
    """Drive pywa's door: every request reached the handler, else the comparison is void."""
    before = pywa_receiver.handled(doors.counts)
    run = drive(doors.other, folder, doors.place, connections)
    must_equal("pywa's refusals", 0, run.refused)
    time.sleep(0.5)
    must_cover(run, pywa_receiver.handled(doors.counts) - before, "handled by pywa", connections)
    return run


def must_cover(run: IntakeRun, found: float, what: str, connections: int) -> None:
    """What wrk saw acknowledged was done; beyond that there can be only what was under way when wrk
    stopped.
    """
    if not run.acknowledged <= found <= run.acknowledged + run.refused + connections:
        raise WrongCount(f"{what}: {found:.0f}, acknowledged: {run.acknowledged}")


def _acknowledged(door: System) -> float:
    """How many requests our door answered 200, by its own count."""
    said = httpx.get(f"{door.url}/metrics", timeout=10).text
    found = re.search(
        r'^gatte_webhook_requests_total\{outcome="stored"\} (\S+)', said, re.MULTILINE
    )
    return float(found[1]) if found else 0.0


def drive(
    door: System, folder: Path, place: BenchEnvironment, connections: int, seconds: int = SECONDS
) -> IntakeRun:
    """Let wrk post the bodies of a folder as fast as they are answered."""
    command = [
        "wrk",
        "-t2",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(folder / "post.lua"),
        door.url,
        "--",
    ]
    groups = {"web": door.processes["web"].pid, "Postgres": place.pids["Postgres"]}
    before, own = cpu_accounting.look(groups), _of_children()
    said = subprocess.run(
        [*command, str(folder / "bodies")], capture_output=True, text=True, check=True
    ).stdout
    after = cpu_accounting.look(groups)
    requests = int(_number(r"(\d+) requests in", said))
    if requests >= BODIES * seconds:
        raise WrongCount(f"{requests} requests are more than there are bodies")
    spent = {name: after[name].seconds - before[name].seconds for name in groups} | {
        "wrk": _of_children() - own
    }
    refused = int(_number(r"Non-2xx or 3xx responses: (\d+)", said))
    cost = {name: seconds / requests * 1000 for name, seconds in spent.items()}
    return IntakeRun(
        _number(r"Requests/sec:\s+([\d.]+)", said),
        _milliseconds(said),
        requests - refused,
        refused,
        cost,
    )


def _of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _number(pattern: str, said: str) -> float:
    found = re.search(pattern, said)
    return float(found[1]) if found else 0.0


def _milliseconds(said: str) -> float:
    found = re.search(r"99%\s+([\d.]+)(us|ms|s)", said)
    return float(found[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[found[2]] if found else 0.0


def _row(one: Compared) -> ReportRow:
    runs = one.ours
    total, refused = sum(run.acknowledged for run in runs), sum(run.refused for run in runs)
    p99 = statistics.median(run.p99_ms for run in runs)
    note = f"p99 {p99:.0f} ms; acknowledged {total}, stored {total}, refused {refused}"
    what = f"webhook, stored and acknowledged, {one.connections} connections"
    return ReportRow(
        what, FAST, f"{_median(runs):,.0f}/s", note, _median(runs) >= 3300 and p99 < 250
    )


def _compared(one: Compared) -> ReportRow:
    pairs = list(zip(one.ours, one.others, strict=True))
    said = ", ".join(f"{our.rate:,.0f} : {other.rate:,.0f}" for our, other in pairs)
    all_handled = f"all {sum(run.acknowledged for run in one.others)} reached pywa's handler"
    note = f"ours : pywa in turns, {SECONDS} s each: {said}; {all_handled}"
    ratio = statistics.median(our.rate / other.rate for our, other in pairs)
    what = f"the same against a pywa receiver that stores nothing, {one.connections} connections"
    return ReportRow(what, "≥ 1.0 times", f"{ratio:.2f} times", note, ratio >= 1)


def _median(runs: list[IntakeRun]) -> float:
    return statistics.median(run.rate for run in runs)


def _below(compared: list[Compared]) -> str:
    title = (
        f"Webhook, both under gunicorn with {PROCESSES} processes on greenlets, "
        "wrk on the same cores, "
        "new customers and distinct texts; processor time of a request in ms:"
    )
    lines = [title, "", "| | web | Postgres | wrk |", "|---|---|---|---|"]
    for one in compared:
        lines.append(_costs(f"GATTE, {one.connections} connections", one.ours))
        lines.append(_costs(f"pywa, {one.connections} connections", one.others))
    return "\n".join(lines)


def _costs(name: str, runs: list[IntakeRun]) -> str:
    costs = [
        statistics.median(run.cost[process] for run in runs)
        for process in ("web", "Postgres", "wrk")
    ]
    return f"| {name} | {' | '.join(f'{cost:.3f}' for cost in costs)} |"


def _statuses(doors: Doors) -> ReportRow:
    spent = post_statuses(doors.ours, STATUS_POSTS)
    stored = scalar(doors.place, "SELECT count(*) FROM status_event")
    must_equal("statuses stored", STATUS_POSTS * 1000, stored)
    rate, note = stored / spent, f"{stored:.0f} stored, one POST at a time"
    return ReportRow(
        "POST of 1,000 statuses", "≥ 20,000 statuses/s", f"{rate:,.0f}/s", note, rate >= 20_000
    )


def post_statuses(door: System, posts: int) -> float:
    """Post 1,000 statuses so many times, one POST after the other; the seconds that it took."""
    written = [payloads.statuses_body(*_thousand(), number=NUMBER) for _ in range(posts)]
    bodies = [payloads.signed(body, APP_SECRET) for body in written]
    started = time.perf_counter()
    with httpx.Client(timeout=60) as client:
        for body, headers in bodies:
            url = f"{door.url}/webhook/whatsapp"
            client.post(url, content=body, headers=headers).raise_for_status()
    return time.perf_counter() - started


def _thousand() -> list[dict[str, object]]:
    """Statuses of messages that nobody else knows."""
    return [payloads.status(f"wamid.{uuid4().hex}", "delivered") for _ in range(1000)]
