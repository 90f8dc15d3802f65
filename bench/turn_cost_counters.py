"""What turns cost: processor time by process, and what they ask the stores."""

from dataclasses import dataclass

from bench.cpu_accounting import CpuUsage
from bench.customers import Load, requests
from bench.http_load import LoadResult
from bench.load_environment import LoadEnvironment
from bench.proxy import Counts

GATTE = ("worker", "web", "scheduler", "Postgres", "Valkey")


@dataclass(frozen=True)
class Asked:
    """What one process asked the stores for a turn."""

    statements: float
    trips: float
    trips_to_valkey: float


@dataclass(frozen=True)
class Cost:
    """A turn's milliseconds of processor time by group of processes, and what a process asked for
    it.
    """

    milliseconds: dict[str, float]
    asked: dict[str, Asked]
    sent: LoadResult

    @property
    def total(self) -> float:
        """Processor milliseconds of all that is ours; customers, Gemini and Meta are not."""
        return sum(self.milliseconds[name] for name in GATTE)


def of_load(ground: LoadEnvironment, load: Load, first: int, count: int, rate: float) -> Cost:
    """Send a load and say what each turn of it cost; whoever comes back is one of the last `count`
    new customers.
    """
    written = requests(load, ground.url, first, count, customers=count)
    before, passed = ground.look(), ground.passed()
    sent = ground.send(written, rate)
    after, through = ground.look(), ground.passed()
    asked = {name: _asked(passed[name], through[name], count) for name in passed}
    return Cost(_milliseconds(before, after, count), asked, sent)


def _milliseconds(
    before: dict[str, CpuUsage], after: dict[str, CpuUsage], count: int
) -> dict[str, float]:
    return {
        name: (taken.seconds - before[name].seconds) * 1000 / count for name, taken in after.items()
    }


def _asked(before: tuple[Counts, Counts], after: tuple[Counts, Counts], count: int) -> Asked:
    sql, fast = (
        Counts(late.trips - early.trips, late.statements - early.statements)
        for early, late in zip(before, after, strict=True)
    )
    return Asked(sql.statements / count, sql.trips / count, fast.trips / count)
