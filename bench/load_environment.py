"""The whole system under load: web, worker and scheduler, stores of its own, and stand-ins for
Gemini and Meta.

It is driven by the outside contract alone, so that any version of the code can stand on it.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from bench import cpu_accounting, http_load
from bench.checkout import HERE, Checkout
from bench.cpu_accounting import CpuUsage
from bench.customers import QUESTIONS, request_of
from bench.environment import TOKEN, BenchEnvironment, environment, standin_process, stores, system
from bench.http_load import LoadResult
from bench.proxy import Counts, Proxy, proxies
from tests.process_system import System

OURS = ("web", "worker", "scheduler")
COUNTED = ("web", "worker")
QUIET_MS, GEMINI_MS, META_MS = 200, 1_000, 100
STUCK_SECONDS = 120
START_SECONDS = 600  # the first worker of a version may have to train its models
STILL_SECONDS = 0.5
STRANGERS = 5_000_000  # customers of the warm-up, who belong to no load
WARM_UP = 40
WARM_UP_RATE = 20
WARM_UP_WORDS = (
    "xyzzy plugh frobnicar certificado {}?"  # nobody is sure of it: Gemini is asked twice
)
ARTICLES = Path("gatte/intelligence/content/articles.toml")
SETTINGS = {
    "WHATSAPP_ACCESS_TOKEN": TOKEN,
    "GEMINI_API_KEY": "bench",
    "GATTE_QUIET_SECONDS": str(QUIET_MS / 1000),
    "GATTE_WORKER_PROCESSES": "2",
    "GATTE_WORKER_CONCURRENCY": "96",
    "GATTE_DB_POOL_SIZE": "5",
    "GATTE_NUMBER_RATE_PER_SECOND": "1000",
    "GATTE_CONTACT_RATE_PER_MINUTE": "60",
}


@dataclass
class LoadEnvironment:
    """A running system; `others` are the process ids of what is not GATTE, `strangers` counts who
    only warmed it up.
    """

    place: BenchEnvironment
    started: System
    meta: str
    others: dict[str, int]
    doors: dict[str, tuple[Proxy, Proxy]] = field(default_factory=dict)
    strangers: int = 0

    @property
    def url(self) -> str:
        return self.started.url

    def look(self) -> dict[str, CpuUsage]:
        """What each group of processes took so far."""
        ours = {name: self.started.processes[name].pid for name in OURS}
        return cpu_accounting.look(ours | self.place.pids | self.others)

    def passed(self) -> dict[str, tuple[Counts, Counts]]:
        """What passed so far between a process and Postgres, and Valkey, where that is counted."""
        return {name: (_now(sql), _now(fast)) for name, (sql, fast) in self.doors.items()}

    def answered(self) -> int:
        """How many answers Meta accepted so far."""
        said = httpx.get(f"{self.meta}/__control/health", timeout=30).json()
        return int(said["accepted"])

    def wait_for_answers(self, count: int) -> None:
        """Return when Meta accepted so many answers, and the last one's books are closed."""
        if not comes_to_nothing(lambda: count - self.answered(), 0.1):
            raise TimeoutError(f"{self.answered()} of {count} answers\n{self.started.log_tail()}")
        time.sleep(STILL_SECONDS)

    def send(self, requests: list[bytes], rate: float) -> LoadResult:
        """Send requests at a rate, and wait until all are answered."""
        before = self.answered()
        sent = http_load.send(self.url, requests, rate)
        self.wait_for_answers(before + len(requests))
        return sent

    def warm_up(self, count: int = WARM_UP) -> None:
        """Some turns of strangers, with texts of their own; then every question that is asked again
        and again.
        """
        said = [WARM_UP_WORDS.format(self.strangers + number) for number in range(count)]
        self.send([self._of_stranger(words) for words in (*said, *QUESTIONS)], WARM_UP_RATE)

    def start_cold(self) -> tuple[float, float]:
        """Stop the worker, let a stranger write, start it: seconds to the answer, and its processor
        seconds till then.
        """
        self.started.terminate("worker")
        before = self.answered()
        http_load.send(self.url, [self._of_stranger(WARM_UP_WORDS.format(self.strangers))], 1)
        begun = time.perf_counter()
        self._start("worker")
        comes_to_nothing(lambda: before + 1 - self.answered(), 0.02)
        return time.perf_counter() - begun, self.look()["worker"].seconds

    def _of_stranger(self, words: str) -> bytes:
        self.strangers += 1
        return request_of(words, STRANGERS + self.strangers, self.url)

    def _start(self, name: str) -> None:
        more = {}
        if name in self.doors:
            sql, fast = self.doors[name]
            more = {"DATABASE_URL": sql.url, "REDIS_URL": fast.url}
        self.started.start(name, **more)

    def start_all(self) -> None:
        for name in OURS:
            self._start(name)
        self.started.wait_until_ready(START_SECONDS)


@contextmanager
def ground(
    code: Checkout = HERE, *, knowledge: bool = True, counted: bool = False
) -> Iterator[LoadEnvironment]:
    """A system of this version, ready and warm; `counted` lets it reach its stores through doors
    that count.
    """
    with ExitStack() as stack:
        gemini = stack.enter_context(standin_process("gemini", "--delay-ms", str(GEMINI_MS)))
        meta = stack.enter_context(standin_process("meta", "--delay-ms", str(META_MS)))
        place = stack.enter_context(stores(code))
        if knowledge:
            code.flask(
                environment(code, place), "knowledge", "import", str(code.project / ARTICLES)
            )
        doors = _doors(stack, place) if counted else {}
        more = SETTINGS | {"WHATSAPP_API_BASE_URL": meta.url, "GEMINI_BASE_URL": gemini.url}
        started = stack.enter_context(system(place, code=code, **more))
        pids = {"stand-in for Gemini": gemini.pid, "stand-in for Meta": meta.pid}
        made = LoadEnvironment(place, started, meta.url, pids | {"customers": os.getpid()}, doors)
        made.start_all()
        made.warm_up()
        yield made


def comes_to_nothing(left: Callable[[], float], pause: float) -> bool:
    """Wait until nothing is left; False when nothing becomes less for two minutes."""
    least, changed = left(), time.monotonic()
    while least > 0:
        time.sleep(pause)
        if (now := left()) < least:
            least, changed = now, time.monotonic()
        elif time.monotonic() - changed > STUCK_SECONDS:
            return False
    return True


def _doors(stack: ExitStack, place: BenchEnvironment) -> dict[str, tuple[Proxy, Proxy]]:
    made = stack.enter_context(proxies(*[place.database, place.redis] * len(COUNTED)))
    return {name: (made[2 * at], made[2 * at + 1]) for at, name in enumerate(COUNTED)}


def _now(proxy: Proxy) -> Counts:
    return Counts(proxy.counts.trips, proxy.counts.statements)
