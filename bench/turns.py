"""Turns: customers write at a steady rate; Gemini answers in 1 s, Meta in 100 ms, each in a process of its own."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx

from bench import load, processes
from bench.load import Sent
from bench.place import TOKEN, Place, scalar, standin_process, stores, system
from bench.processes import Taken
from bench.report import Part, Row, must_equal
from tests import running
from tests.running import System, until

SECONDS = 60
RATE = 80
LARGEST_MB = {"web": 150, "worker": 500, "scheduler": 150}
LONG, LOOKS = 20_000, 10
WARM_UP = 40
FLAT_MB = 10
DRAIN_SECONDS = 300
QUIET_MS = 200
CUSTOMERS = 1_000  # each comes back every 12 s at the full rate
NEWCOMERS = 900_000
WORDS = "xyzzy plugh frobnicar certificado?"  # the local classifier is unsure of it: Gemini is asked twice
SETTINGS = {
    "WHATSAPP_ACCESS_TOKEN": TOKEN,
    "GEMINI_API_KEY": "bench",
    "GATTE_QUIET_SECONDS": str(QUIET_MS / 1000),
    "GATTE_WORKER_PROCESSES": "2",
    "GATTE_WORKER_THREADS": "96",
    "GATTE_POOL_SIZE": "5",
    "GATTE_NUMBER_RATE_PER_SECOND": "1000",
    "GATTE_CONTACT_RATE_PER_MINUTE": "60",
}


@dataclass(frozen=True)
class Ground:
    """The whole system under load: where it is, what it is made of, and how many customers wrote so far."""

    place: Place
    started: System
    meta: str
    groups: dict[str, int]

    def look(self) -> dict[str, Taken]:
        return processes.look(self.groups)


def measure(rate: int = RATE, seconds: int = SECONDS) -> Part:
    """Answers a second, our own time in a turn, and what bounds it: processor time by process."""
    with _ground() as ground:
        requests = load.talks(ground.started.url, 0, rate * seconds, CUSTOMERS)
        before = ground.look()
        sent = load.send(ground.started.url, requests, rate)
        behind = rate * seconds + WARM_UP - _answered(ground)
        took = _drain(ground)
        after = ground.look()
        _check(ground, rate * seconds + WARM_UP)
        rows = [*_speed(ground, sent, rate, behind, took), *_memory(before, after)]
        title = f"Processor time of {rate * seconds} turns at {rate}/s (customers, Gemini and Meta are ours too and share the cores):"
        return Part(rows, f"{title}\n\n{processes.profile(before, after, rate * seconds, sent.seconds + took)}")


def measure_calm(rate: int = RATE // 2, seconds: int = SECONDS // 2) -> Part:
    """Our own time in a turn while the machine is not full."""
    with _ground() as ground:
        sent = load.send(ground.started.url, load.talks(ground.started.url, 0, rate * seconds, CUSTOMERS), rate)
        _drain(ground)
        _check(ground, rate * seconds + WARM_UP)
        return Part([_own_time(ground.place, f"the same at {rate} messages a second, {sent.seconds:.0f} s")])


def measure_memory(turns: int = LONG, rate: int = RATE) -> Part:
    """Memory of each process over many turns: flat, or growing."""
    with _ground() as ground:
        looks = [ground.look()]
        for first in range(0, turns, turns // LOOKS):
            load.send(ground.started.url, load.talks(ground.started.url, first, turns // LOOKS, CUSTOMERS), rate)
            _drain(ground)
            looks.append(ground.look())
        _check(ground, turns + WARM_UP)
        return Part(_growth(looks, turns), f"Memory of the largest process, in MB, over {turns:,} turns:\n\n{_looks(looks, turns)}")


@contextmanager
def _ground() -> Iterator[Ground]:
    slow_gemini = standin_process("gemini", "--delay-ms", "1000")
    with stores() as place, slow_gemini as gemini, standin_process("meta", "--delay-ms", "100") as meta:
        running.prepare(running.settings(place.database, place.redis))
        settings = SETTINGS | {"WHATSAPP_API_BASE_URL": meta.url, "GEMINI_BASE_URL": gemini.url}
        with system(place, "web", "worker", "scheduler", **settings) as started:
            started.wait_until_ready()
            ours = {name: process.pid for name, process in started.processes.items()}
            others = {"stand-in for Gemini": gemini.pid, "stand-in for Meta": meta.pid, "customers": os.getpid()}
            ground = Ground(place, started, meta.url, ours | place.pids | others)
            load.send(started.url, load.questions(started.url, WORDS, NEWCOMERS, WARM_UP), 20)
            _drain(ground)
            yield ground


def _answered(ground: Ground) -> int:
    accepted: int = httpx.get(f"{ground.meta}/__control/health", timeout=30).json()["accepted"]
    return accepted


UNDONE = """
    SELECT (SELECT count(*) FROM inbox_message WHERE filed_at IS NULL)
        + (SELECT count(*) FROM message WHERE author IN ('customer', 'phone') AND turn_id IS NULL)
        + (SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'uncertain'))
"""


def _drain(ground: Ground) -> float:
    """Wait until everything is answered; the seconds it took."""
    begun = time.perf_counter()
    if not until(lambda: scalar(ground.place, UNDONE) == 0, DRAIN_SECONDS, 0.5):
        raise TimeoutError(f"{scalar(ground.place, UNDONE):.0f} rows undone\n{ground.started.log_tail()}")
    return time.perf_counter() - begun


def _check(ground: Ground, wrote: int) -> None:
    """Everything acknowledged is stored; every customer got one answer at the stand-in for Meta, and nothing twice."""
    said = httpx.get(f"{ground.meta}/__control/summary", timeout=60).json()
    must_equal("messages stored", wrote, scalar(ground.place, "SELECT count(*) FROM inbox_message"))
    must_equal("messages read by a turn", wrote, scalar(ground.place, "SELECT count(*) FROM message WHERE author = 'customer'"))
    must_equal("messages without an answer", 0, scalar(ground.place, UNANSWERED))
    must_equal("turns with other than one answer", 0, scalar(ground.place, NOT_ONE_ANSWER))
    must_equal("answers that came to Meta", scalar(ground.place, "SELECT count(*) FROM outbox"), said["accepted"])
    must_equal("answers that came twice", 0, len(said["twice"]))


UNANSWERED = """
    SELECT count(*) FROM message m WHERE m.author = 'customer' AND NOT EXISTS (
        SELECT FROM message a JOIN outbox o USING (id) WHERE a.turn_id = m.turn_id AND o.accepted_at IS NOT NULL)
"""
NOT_ONE_ANSWER = "SELECT count(*) FROM turn t WHERE (SELECT count(*) FROM message a WHERE a.turn_id = t.id AND a.author = 'bot') <> 1"
SPEED = """
    SELECT (count(*) - 1) / extract(epoch FROM max(accepted_at) - min(accepted_at)) FROM outbox
    WHERE accepted_at > (SELECT max(received_at) FROM inbox_message) - make_interval(secs => {})
"""
OWN_TIME = f"""
    SELECT percentile_cont({{}}) WITHIN GROUP (ORDER BY
        extract(epoch FROM t.at - m.received_at) * 1000 - {QUIET_MS}
        - (SELECT coalesce(sum(latency_ms), 0) FROM model_call c WHERE c.turn_id = t.id))
    FROM turn t JOIN message m ON m.turn_id = t.id AND m.author = 'customer'
"""  # noqa: S608 - numbers
WHOLE_TIME = """
    SELECT percentile_cont({}) WITHIN GROUP (ORDER BY extract(epoch FROM o.accepted_at - m.received_at) * 1000)
    FROM outbox o JOIN message answer ON answer.id = o.id JOIN message m ON m.turn_id = answer.turn_id AND m.author = 'customer'
"""


def _speed(ground: Ground, sent: Sent, rate: int, behind: int, took: float) -> list[Row]:
    place = ground.place
    reached = scalar(place, SPEED.format(sent.seconds))
    note = f"{rate}/s came in for {sent.seconds:.0f} s; when the last was in, {behind} waited, answered {took:.1f} s later; 0 lost, 0 twice"
    whole = [scalar(place, WHOLE_TIME.format(share)) for share in (0.5, 0.95)]
    refused = f"; refused and sent again: {sent.refused}" if sent.refused else ""
    return [
        Row("turns, Gemini 1 s, Meta 100 ms", f"≥ {RATE} answers/s", f"{reached:.1f}/s", note, reached >= 0.98 * RATE),
        _own_time(place, "our own time in a turn, at that load"),
        Row("from a message to Meta's acceptance of its answer", "", f"p95 {whole[1]:.0f} ms", f"p50 {whole[0]:.0f} ms"),
        Row("webhook beside it", "", f"p99 {sent.percentile(0.99):.0f} ms", f"p50 {sent.percentile(0.5):.1f} ms{refused}"),
    ]


def _own_time(place: Place, what: str) -> Row:
    half, most = (scalar(place, OWN_TIME.format(share)) for share in (0.5, 0.95))
    return Row(what, "p95 < 60 ms", f"{most:.0f} ms", f"p50 {half:.0f} ms; waiting in queues included", most < 60)


def _memory(before: dict[str, Taken], after: dict[str, Taken]) -> list[Row]:
    return [_memory_row(name, before[name].largest, after[name].largest, most) for name, most in LARGEST_MB.items()]


def _memory_row(name: str, start: float, end: float, most: int) -> Row:
    return Row(f"memory: {name}", f"< {most} MB a process", f"{end:.0f} MB", f"largest process; {start:.0f} MB at the start", end < most)


def _growth(looks: list[dict[str, Taken]], turns: int) -> list[Row]:
    """How much each process grew in the second half, when all caches are warm."""
    middle, end = looks[len(looks) // 2], looks[-1]
    grown = {name: end[name].largest - middle[name].largest for name in ("web", "worker", "scheduler")}
    said = ", ".join(f"{name} {value:+.0f} MB" for name, value in grown.items())
    flat = all(value < FLAT_MB for value in grown.values())
    return [Row(f"memory over {turns:,} turns", "flat", f"worker {end['worker'].largest:.0f} MB", f"second half: {said}", flat)]


def _looks(looks: list[dict[str, Taken]], turns: int) -> str:
    names = [*looks[0]]
    lines = [f"| turns | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    step = turns // LOOKS
    return "\n".join([*lines, *(_line(index * step, [look[name].largest for name in names]) for index, look in enumerate(looks))])


def _line(count: int, sizes: list[float]) -> str:
    return f"| {count:,} | {' | '.join(f'{size:.0f}' for size in sizes)} |"
