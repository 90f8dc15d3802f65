"""A system whose processes die at ordered points, and are started again as a supervisor would."""

import os
import signal
import sys
import time
from pathlib import Path

from tests.killing.orders import VARIABLE, Order, give
from tests.killing.points import Point, Process
from tests.running import System, until

PROCESSES = ("web", "worker", "worker2", "scheduler")
DEATH_SECONDS = 10.0


class NotKilled(AssertionError):
    """A process said that it dies, and lives."""


class Doomed(System):
    """Two workers, a scheduler and a web server under orders."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self.orders = folder / "orders"
        give(self.orders, None)
        self.order: Order | None = None
        super().__init__(folder, {**environment, VARIABLE: str(self.orders), "GATTE_WORKER_PROCESSES": "1"})

    def start(self, *names: str) -> None:
        super().start(*(names or PROCESSES))

    def _command(self, name: str) -> list[str]:
        kind = name.rstrip("2")
        return [sys.executable, "-m", "tests.killing.victim", kind, *super()._command(kind)]

    def arm(self, number: int, point: Point, *, group: bool) -> Order:
        """Let the next process that reaches the point die there."""
        self.order = Order(number, point, self.folder / f"struck-{number}", group)
        give(self.orders, self.order)
        return self.order

    def mourn(self, order: Order) -> None:
        """See that the process which the blow struck is dead by SIGKILL, and start again what is down."""
        pid = order.pid()
        give(self.orders, None)
        if pid is None or not until(lambda: not self._lives(pid), DEATH_SECONDS):
            raise NotKilled(order.point.name)
        struck = next((process for process in self.processes.values() if process.pid == pid), None)
        if struck is not None and struck.wait(DEATH_SECONDS) != -signal.SIGKILL:
            raise NotKilled(f"{order.point.name}: ended with {struck.returncode}")
        self.revive()

    def _lives(self, pid: int) -> bool:
        for process in self.processes.values():
            process.poll()  # a child of ours that died is a zombie until somebody asks
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return False
        return "Z" not in Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]

    def revive(self) -> None:
        """Start what is down; a gunicorn that lost all its group is one."""
        time.sleep(0.05)
        for name in PROCESSES:
            if self.processes[name].poll() is not None:
                self.start(name)

    def restart(self, process: Process) -> None:
        """Kill and start a process, for a point at its start."""
        self.kill(process.value)
        self.start(process.value)
