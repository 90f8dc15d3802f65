"""Runs a command of ours in a process that dies at a kill point: `python -m
tests.chaos.instrumented_process worker .venv/bin/flask worker`.

The product knows nothing of it: the functions of the table are wrapped here before the command
starts. The point comes by the orders file that the environment names; a place that does not exist
ends the process at once. As a supervisor would, this process starts the command again when it died
by SIGKILL; it is a fork of this one, which has imported everything already.
"""

import sys

if __name__ == "__main__" and sys.argv[1] in {"web", "worker"}:
    from gatte.infra import gevent_mode

    gevent_mode.patch()

import ctypes
import os
import runpy
import signal
import threading
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

from sqlalchemy.exc import OperationalError

from tests.chaos.kill_orders import MARK, VARIABLE, Order, Reader
from tests.chaos.kill_points import FAILS, Process, Trigger, When, owner_of, places_of

DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG
HEAVY = {
    Process.WORKER: (
        "gatte.intelligence.understanding.classifier",
        "gatte.intelligence.knowledge.retrieval",
    )
}


class MadeUp(Exception):
    """A fault that a point needs."""


class Executioner:
    """Watches the places of one process and strikes when the ordered point is reached."""

    def __init__(self, orders: Path) -> None:
        self._orders = Reader(orders)
        self._thread = threading.local()

    def watch(self, place: str) -> None:
        """Wrap the function of a place."""
        owner, name, function = owner_of(place)
        setattr(owner, name, self._wrapped(place, function))

    def _wrapped(self, place: str, function: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(function)
        def watched(*arguments: Any, **named: Any) -> Any:
            self._pass_by(place, When.BEFORE, arguments)
            result = function(*arguments, **named)
            self._pass_by(place, When.AFTER, arguments)
            return result

        return watched

    def _pass_by(self, place: str, when: When, arguments: tuple[Any, ...]) -> None:
        order = self._orders.now()
        if order is None or order.pid():
            return
        point = order.point
        if when is When.BEFORE and place == point.since:
            self._thread.since = order.number
        if when is When.BEFORE and FAILS.get(point.trigger) == place and MARK in repr(arguments):
            raise (
                OperationalError("made up", None, MadeUp())
                if point.trigger is Trigger.PASSING
                else MadeUp
            )
        here = place == point.place and when is point.when
        if here and (not point.since or getattr(self._thread, "since", None) == order.number):
            strike(order)


def strike(order: Order) -> None:
    """Leave a word for the harness and die as by `kill -9`; returns only when another process was
    faster.
    """
    try:
        word = os.open(order.struck, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError:
        return
    os.write(word, str(os.getpid()).encode())
    if order.group:
        os.killpg(0, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    while True:
        time.sleep(1)


class Nest:
    """Starts a command and starts it again whenever it was killed; SIGTERM is passed on, and any
    other end is ours too.
    """

    def __init__(self, command: list[str]) -> None:
        self._command = command
        self._child = 0
        signal.signal(signal.SIGTERM, lambda *_: os.killpg(self._child, signal.SIGTERM))

    def keep(self) -> int:
        """Return the exit code of the first run that was not killed."""
        status = self._run()
        while os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            status = self._run()
        return os.waitstatus_to_exitcode(status)

    def _run(self) -> int:
        if threading.active_count() > 1:
            raise RuntimeError(
                "importing the product starts threads: they would be missing in a fork"
            )
        self._child = os.fork()
        if self._child == 0:
            self._become_the_command()
        return os.waitpid(self._child, 0)[1]

    def _become_the_command(self) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        os.setsid()
        ctypes.CDLL(None).prctl(DIE_WITH_PARENT, signal.SIGKILL)
        sys.argv = self._command
        try:
            runpy.run_path(self._command[0], run_name="__main__")
        except SystemExit as end:
            os._exit(end.code if isinstance(end.code, int) else int(end.code is not None))
        os._exit(0)


def main() -> int:
    """Wrap what the table names for this process, then keep the command running as if it had been
    started itself.
    """
    process, *command = sys.argv[1:]
    ctypes.CDLL(None).prctl(
        DIE_WITH_PARENT, signal.SIGKILL
    )  # an interrupted test run leaves nothing behind
    executioner = Executioner(Path(os.environ[VARIABLE]))
    for place in sorted(places_of(Process(process))):
        executioner.watch(place)
    for module in HEAVY.get(Process(process), ()):
        __import__(module)
    return Nest(command).keep()


if __name__ == "__main__":
    sys.exit(main())
