"""One run: kills, each when a process has reached its point, while the workload goes on."""

import random
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import redis

from devstack.postgres import Postgres
from tests.chaos.inspection import rows_about
from tests.chaos.kill_points import POINTS, RESENT, Point, Process, Trigger
from tests.chaos.simulated_customers import Customer, Verdict
from tests.chaos.supervised_system import SupervisedSystem
from tests.chaos.workload import UNSTORED, Workload

REACH_SECONDS = 180.0  # far more than is needed: who waits so long for nothing has found a fault
SETTLE_SECONDS = 300.0
SECOND_COPY_SECONDS = 6.0  # a second answer, if there is one, has come by then

FLUSHED, CRASHED = "redis.flushed", "postgres.crashed"


class NotReached(AssertionError):
    """No process came to a point although the workload gave reason to."""


@dataclass
class Outcome:
    """What was counted at the end: by injection, and over all."""

    injections: Counter[str]
    verdicts: dict[str, Verdict]
    total: Verdict
    customers: int
    messages: int
    repeated: int
    left: dict[str, int]
    seconds: float = 0.0
    stories: list[str] = field(default_factory=list)

    @property
    def unstored(self) -> int:
        return self.left[UNSTORED]

    @property
    def fine(self) -> bool:
        return self.total.fine and not any(self.left.values())

    def told(self) -> str:
        """What went wrong, whole: the count, what was left undone, and the story of each customer
        who fared badly.
        """
        left = {what: number for what, number in self.left.items() if number}
        return "\n".join([f"{self.total}, left: {left}", *self.stories])


class Experiment:
    """Injects faults, and counts what came of them."""

    def __init__(self, system: SupervisedSystem, workload: Workload) -> None:
        self.system, self.workload = system, workload
        self.injections: Counter[str] = Counter()
        self._begun = time.monotonic()

    def inject(self, point: Point) -> None:
        """Let the next process that reaches the point die there; NotReached when none does."""
        group = point.process is Process.WEB and self.workload.chance.random() < 0.3
        order = self.system.arm(self.injections.total() + 1, point, group=group)
        self.workload.weather()
        if point.trigger is Trigger.RESTART:
            self.system.restart(point.process)
        if not self.workload.live_until(
            lambda: order.pid() is not None, REACH_SECONDS, point.trigger
        ):
            raise NotReached(f"{self.system.log_tail(1000)}\nnot reached: {point.name}")
        self._note(point.name)
        self.system.confirm_kill(order)

    def flush(self, redis_url: str) -> None:
        """Empty Redis while turns wait in its queues."""
        self._gather_work()
        with redis.Redis.from_url(redis_url) as client:
            client.flushall()
        self._note(FLUSHED)

    def crash(self, postgres: Postgres) -> None:
        """Kill Postgres and all its backends while messages come in and turns run, and start it
        again.
        """
        self._gather_work()
        postgres.crash()
        self.workload.live_until(lambda: False, self.workload.chance.uniform(0.2, 2.0))
        postgres.start()
        self._note(CRASHED)

    def _gather_work(self) -> None:
        self.workload.provoke(Trigger.BURST)
        self.workload.live_until(lambda: False, self.workload.chance.uniform(0.1, 0.6))

    def _note(self, injection: str) -> None:
        self.workload.note_injection(injection)
        self.injections[injection] += 1

    def wait_for_steady_state(self, *, hurry: bool = False) -> Outcome:
        """Let everything come to its end; what was counted. In a hurry the claims of dead processes
        run out at once.
        """
        deadline = time.monotonic() + SETTLE_SECONDS
        while time.monotonic() < deadline and not self.workload.live_until(
            self.workload.settled, 2
        ):
            if hurry:
                self.workload.let_a_claim_run_out()
        self.workload.live_until(lambda: False, SECOND_COPY_SECONDS)
        return self._count()

    def _count(self) -> Outcome:
        verdicts = [(one, one.verdict()) for one in self.workload.customers]
        by_injection = {
            injection: _sum(verdict for one, verdict in verdicts if injection in one.injections)
            for injection in self.injections
        }
        stories = [
            self._story(one, verdict)
            for one, verdict in verdicts
            if not (verdict.fine and one.content)
        ]
        return Outcome(
            injections=self.injections,
            verdicts=by_injection,
            total=_sum(verdict for _, verdict in verdicts),
            customers=len(self.workload.customers),
            messages=len(self.workload.post.acknowledged),
            repeated=self.workload.post.repeated,
            left=self.workload.left(),
            seconds=time.monotonic() - self._begun,
            stories=stories,
        )

    def _story(self, one: Customer, verdict: Verdict) -> str:
        """How a customer fared, and what the database holds about it: whether an answer is late,
        lost, or was never to come.
        """
        facts = [f"{one.person.phone} {verdict}", str(one.injections), str(one.heard)]
        return "\n  ".join(facts + rows_about(self.workload.outside.database, one.wamids))


def _sum(verdicts: Iterable[Verdict]) -> Verdict:
    found = list(verdicts)
    return Verdict(
        sum(v.lost for v in found), sum(v.twice for v in found), sum(v.out_of_order for v in found)
    )


def schedule(count: int, chance: random.Random) -> list[Point]:
    """So many injections, spread evenly over all points in an order of chance."""
    planned: list[Point] = []
    while len(planned) < count:
        planned += _in_good_order(chance.sample(POINTS, len(POINTS)))
    return planned[:count]


def _in_good_order(points: list[Point]) -> list[Point]:
    """First what takes half a minute to heal and leaves claims of dead processes, then what needs
    such a claim.
    """
    return sorted(
        points,
        key=lambda point: (
            1 if point.trigger is Trigger.PATIENCE else 2 * (point.expected is not RESENT)
        ),
    )
