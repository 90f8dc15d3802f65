"""For gunicorn's gevent worker, in which all requests of a process share one thread: whoever waits for Postgres lets the others go on.

Nothing else of GATTE knows of greenlets: in tests, workers and commands the same code runs on threads.
"""

from typing import Any

import psycopg2
from gevent.socket import wait_read, wait_write
from psycopg2 import extensions

CONNECT_SECONDS = 5  # libpq keeps no connect_timeout in this mode
ANSWER_SECONDS = 40  # beyond the server's own statement_timeout
CONNECTED = {extensions.STATUS_READY, extensions.STATUS_BEGIN, extensions.STATUS_PREPARED}


def wait_for_postgres() -> None:
    """From now on psycopg2 waits like a greenlet."""
    extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:  # noqa: ANN401 - psycopg2's connection
    limit = ANSWER_SECONDS if connection.status in CONNECTED else CONNECT_SECONDS
    while (state := connection.poll()) != extensions.POLL_OK:
        wait = wait_read if state == extensions.POLL_READ else wait_write
        wait(connection.fileno(), limit, psycopg2.OperationalError("no answer in time"))
