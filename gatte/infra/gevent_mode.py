"""Greenlets instead of threads, for processes that mostly wait: gunicorn's and the worker's.
Whoever waits lets the others go on.

Nothing else of GATTE knows of them: in tests, the scheduler and commands the same code runs on
threads. `begin` comes before anything is imported that makes a lock.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeVar, cast

from gevent import Timeout, get_hub, monkey
from gevent.socket import wait_read, wait_write
from psycopg2 import OperationalError, extensions

Result = TypeVar("Result")

# libpq keeps no connect_timeout in this mode; a connection that is there has its keepalives
CONNECT_SECONDS = 5
NO_ANSWER = "no answer in time"
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def patch() -> None:
    """From now on the standard library and psycopg2 wait as greenlets do."""
    monkey.patch_all()
    extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:  # noqa: ANN401 - psycopg2's connection
    """Let other greenlets run until psycopg2 has what it asked for; OperationalError when a server
    takes too long to connect or to read what we send.
    """
    while (state := connection.poll()) != extensions.POLL_OK:
        is_reading = state == extensions.POLL_READ
        is_connected = connection.status in {extensions.STATUS_READY, extensions.STATUS_BEGIN}
        seconds = None if is_reading and is_connected else CONNECT_SECONDS
        wait = wait_read if is_reading else wait_write
        wait(connection.fileno(), _before_deadline(seconds), OperationalError(NO_ANSWER))


def _before_deadline(seconds: float | None) -> float | None:
    """The shorter of a wait and what is left of the time limit around it."""
    deadline = _deadline.get()
    if deadline is None:
        return seconds
    left = max(0.0, deadline - time.monotonic())
    return left if seconds is None else min(left, seconds)


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """Whoever waits for Postgres within this gives up after so many seconds, also where the server
    took a question and never answers: OperationalError of psycopg2. Without greenlets no limit.
    """
    if not monkey.is_module_patched("threading"):
        yield
        return
    token = _deadline.set(time.monotonic() + seconds)
    try:
        # the deadline ends what psycopg2 waits for, the time-out a wait for a free connection
        with Timeout(seconds, OperationalError(NO_ANSWER)):
            yield
    finally:
        _deadline.reset(token)


def run_off_the_loop(function: Callable[..., Result], *values: object) -> Result:
    """Run what computes for long, or waits where gevent cannot see it, on a thread of the system,
    while other greenlets go on; without greenlets on the caller's own. It may use neither the
    database nor a lock of ours.
    """
    if not monkey.is_module_patched("threading"):
        return function(*values)
    return cast("Result", get_hub().threadpool.apply(function, values))
