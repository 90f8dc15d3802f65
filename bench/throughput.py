"""Turns at full rate: customers write steadily; Gemini answers in 1 s, Meta in 100 ms, each in a
process of its own.
"""

from dataclasses import dataclass

from bench import cpu_accounting, own_time
from bench import http_load as load
from bench.consistency import check, drain
from bench.cpu_accounting import CpuUsage
from bench.customers import CUSTOMERS, Load, requests
from bench.environment import scalar
from bench.http_load import LoadResult
from bench.load_environment import LoadEnvironment, ground
from bench.report import ReportPart, ReportRow

SECONDS = 40
RATE = 80
ACQUAINTING_RATE = 30
LARGEST_MB = {"web": 150, "worker": 500, "scheduler": 150}
LONG, LOOKS = 20_000, 10
FLAT_MB = 10
START_SECONDS, STARTS = 5.0, 3
SHARED = "customers, Gemini and Meta are ours too and share the cores"


@dataclass(frozen=True)
class TurnsRun:
    """One load at full rate, and what the bot knows."""

    load: Load
    knowledge: bool = True

    def __str__(self) -> str:
        base = "the demo knowledge base" if self.knowledge else "an empty knowledge base"
        return f"{self.load}, {base}"


# Who comes back to an empty base is soon handed to a person: that would measure silence.
RUNS = (TurnsRun(Load.NEW), TurnsRun(Load.NEW, knowledge=False), TurnsRun(Load.REPEATING))


def measure(rate: int = RATE, seconds: int = SECONDS) -> ReportPart:
    """Answers a second, our own time in a turn, and what bounds it: processor time by process."""
    parts = [_measure(run, rate, seconds) for run in RUNS]
    rows = [row for part in parts for row in part.rows]
    return ReportPart(rows, "\n\n".join(part.below for part in parts))


def measure_start() -> ReportPart:
    """A worker's start to its first turn, while a message waits; the best of some."""
    with ground() as place:
        starts = [place.start_cold() for _ in range(STARTS)]
    seconds, spent = (min(values) for values in zip(*starts, strict=True))
    note = (
        f"best of {STARTS}; two processes, models trained, message waiting; "
        f"the answer took 2.1 s of it; {spent:.1f} s of processor time"
    )
    mine = seconds - own_time.OF_OTHERS_SECONDS
    what = "a worker's start to its first turn, cold"
    return ReportPart(
        [ReportRow(what, f"< {START_SECONDS:.0f} s", f"{mine:.1f} s", note, mine < START_SECONDS)]
    )


def measure_memory(turns: int = LONG, rate: int = RATE) -> ReportPart:
    """Memory of each process over many turns: flat, or growing."""
    with ground() as place:
        looks = [place.look()]
        for first in range(0, turns, turns // LOOKS):
            load.send(place.url, requests(Load.NEW, place.url, first, turns // LOOKS), rate)
            drain(place)
            looks.append(place.look())
        check(place, turns)
        title = f"Memory of the largest process, in MB, over {turns:,} turns ({Load.NEW}):"
        return ReportPart(_growth(looks, turns), f"{title}\n\n{_looks(looks, turns)}")


def _measure(run: TurnsRun, rate: int, seconds: int) -> ReportPart:
    with ground(knowledge=run.knowledge) as place:
        known = _make_known(place) if run.load is Load.REPEATING else 0
        written = requests(run.load, place.url, known, rate * seconds)
        since, answered, before = own_time.now(place.place), place.answered(), place.look()
        sent = load.send(place.url, written, rate)
        behind = len(written) + answered - place.answered()
        took = drain(place)
        after = place.look()
        check(place, known + len(written))
        rows = _speed(place, run, sent, since, f"{behind} waited then, answered {took:.1f} s later")
        if run == RUNS[0]:
            rows += _memory(before, after)
        title = f"Processor time of {len(written)} turns at {rate}/s, {run} ({SHARED}):"
        table = cpu_accounting.profile(before, after, len(written), sent.seconds + took)
        return ReportPart(rows, f"{title}\n\n{table}")


def _make_known(place: LoadEnvironment) -> int:
    """Let all who will come back write a first time; how many they are."""
    place.send(requests(Load.NEW, place.url, 0, CUSTOMERS), ACQUAINTING_RATE)
    return CUSTOMERS


def _speed(
    place: LoadEnvironment, run: TurnsRun, sent: LoadResult, since: float, behind: str
) -> list[ReportRow]:
    reached = scalar(place.place, SPEED.format(since))
    rate = f"{sent.acknowledged / sent.seconds:.0f}/s came in for {sent.seconds:.0f} s"
    refused = f"; refused and sent again: {sent.refused}" if sent.refused else ""
    note = f"worker warm; {rate}; {behind}; 0 lost, 0 twice"
    webhook = (
        f"webhook beside it: p50 {sent.percentile(0.5):.1f} ms, "
        f"p99 {sent.percentile(0.99):.0f} ms{refused}"
    )
    return [
        ReportRow(
            f"turns, Gemini 1 s, Meta 100 ms: {run}",
            f"≥ {RATE} answers/s",
            f"{reached:.1f}/s",
            note,
            reached >= 0.98 * RATE,
        ),
        own_time.row(place.place, f"our own time in a turn, at that load: {run}", since, webhook),
    ]


SPEED = """
    SELECT (count(*) - 1) / extract(epoch FROM max(accepted_at) - min(accepted_at)) FROM outbox
    WHERE accepted_at > to_timestamp({})
"""


def _memory(before: dict[str, CpuUsage], after: dict[str, CpuUsage]) -> list[ReportRow]:
    return [
        _memory_row(name, before[name].largest, after[name].largest, most)
        for name, most in LARGEST_MB.items()
    ]


def _memory_row(name: str, start: float, end: float, most: int) -> ReportRow:
    return ReportRow(
        f"memory: {name}",
        f"< {most} MB a process",
        f"{end:.0f} MB",
        f"largest process; {start:.0f} MB at the start",
        end < most,
    )


def _growth(looks: list[dict[str, CpuUsage]], turns: int) -> list[ReportRow]:
    """How much each process grew in the second half, when all caches are warm."""
    middle, end = looks[len(looks) // 2], looks[-1]
    grown = {
        name: end[name].largest - middle[name].largest for name in ("web", "worker", "scheduler")
    }
    said = ", ".join(f"{name} {value:+.0f} MB" for name, value in grown.items())
    flat = all(value < FLAT_MB for value in grown.values())
    return [
        ReportRow(
            f"memory over {turns:,} turns",
            "flat",
            f"worker {end['worker'].largest:.0f} MB",
            f"second half: {said}",
            flat,
        )
    ]


def _looks(looks: list[dict[str, CpuUsage]], turns: int) -> str:
    names = [*looks[0]]
    lines = [f"| turns | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    step = turns // LOOKS
    return "\n".join(
        [
            *lines,
            *(
                _line(index * step, [look[name].largest for name in names])
                for index, look in enumerate(looks)
            ),
        ]
    )


def _line(count: int, sizes: list[float]) -> str:
    return f"| {count:,} | {' | '.join(f'{size:.0f}' for size in sizes)} |"
