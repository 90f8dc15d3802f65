"""Greenlets instead of threads, for processes that mostly wait: gunicorn's and the worker's.
Whoever waits lets the others go on.

Nothing else of GATTE knows of them: in tests, the scheduler and commands the same code runs on
threads. `begin` comes before anything is imported that makes a lock.
"""

from typing import Any
from weakref import WeakKeyDictionary

from gevent import get_hub, monkey
from gevent.socket import wait_read, wait_write
from psycopg2 import OperationalError, extensions

CONNECT_SECONDS = (
    5  # libpq keeps no connect_timeout in this mode; a connection that is there has its keepalives
)

_watchers: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()


def patch() -> None:
    """From now on the standard library and psycopg2 wait as greenlets do."""
    monkey.patch_all()
    extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:  # noqa: ANN401 - psycopg2's connection
    while (state := connection.poll()) != extensions.POLL_OK:
        if state == extensions.POLL_READ and connection.status in {
            extensions.STATUS_READY,
            extensions.STATUS_BEGIN,
        }:
            _wait_for_an_answer(connection)
        else:
            _wait_for_the_server(connection, reading=state == extensions.POLL_READ)


def _wait_for_an_answer(connection: Any) -> None:  # noqa: ANN401
    """A watcher is kept for each connection: to make one, and a time limit, cost as much as a small
    query.
    """
    hub = get_hub()
    watcher = _watchers.get(connection)
    if watcher is None:
        watcher = _watchers[connection] = hub.loop.io(connection.fileno(), 1)
    hub.wait(watcher)


def _wait_for_the_server(connection: Any, *, reading: bool) -> None:  # noqa: ANN401
    (wait_read if reading else wait_write)(
        connection.fileno(), CONNECT_SECONDS, OperationalError("no answer in time")
    )
