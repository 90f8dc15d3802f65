"""A system whose processes die at ordered points, and are started again as a supervisor would."""

import os
import sys
from pathlib import Path

from tests.chaos.kill_orders import VARIABLE, Order, give
from tests.chaos.kill_points import Point, Process
from tests.process_system import System, until

PROCESSES = ("web", "worker", "worker2", "scheduler")
DEATH_SECONDS = 10.0
GRACE_SECONDS = (
    3600  # more than any run takes: only the workload lets it pass, however slow the machine is
)
SETTINGS = {"GATTE_WORKER_PROCESSES": "1", "GATTE_UNCERTAIN_GRACE_SECONDS": str(GRACE_SECONDS)}


class NotKilled(AssertionError):
    """A process said that it dies, and lives; or one ended that nobody killed."""


class SupervisedSystem(System):
    """Two workers, a scheduler and a web server under orders."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.orders = folder / "orders"
        give(self.orders, None)
        super().__init__(folder, {**environment, **SETTINGS, VARIABLE: str(self.orders)})

    def start(self, *names: str) -> None:
        super().start(*(names or PROCESSES))

    def _command(self, name: str) -> list[str]:
        kind = name.rstrip("2")
        return [
            sys.executable,
            "-m",
            "tests.chaos.instrumented_process",
            kind,
            *super()._command(kind),
        ]

    def arm(self, number: int, point: Point, *, group: bool) -> Order:
        """Let the next process that reaches the point die there."""
        order = Order(number, point, self.folder / f"struck-{number}", group)
        give(self.orders, order)
        return order

    def confirm_kill(self, order: Order) -> None:
        """See that the process which was killed is dead, and that no other one ended by
        itself.
        """
        pid = order.pid()
        give(self.orders, None)
        if pid is None or not until(lambda: not _lives(pid), DEATH_SECONDS, 0.01):
            raise NotKilled(order.point.name)
        ended = [name for name, process in self.processes.items() if process.poll() is not None]
        if ended:
            raise NotKilled(f"{ended} ended\n{self.log_tail()}")

    def restart(self, process: Process) -> None:
        """Kill and start a process, for a point at its start."""
        self.kill(process.value)
        self.start(process.value)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (ProcessLookupError, FileNotFoundError):
        return False
