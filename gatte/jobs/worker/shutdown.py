"""How a worker ends within ten seconds: running jobs get most of them, the leases of those that
need longer are given back.
"""

import os
import signal
import time
from collections.abc import Callable

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from gatte.turns import held_leases

log = structlog.get_logger(__name__)

GRACE_SECONDS = 8.0
HARD_DEADLINE_SECONDS = 9.5  # whatever happens: a supervisor kills soon after


def arm_hard_deadline() -> None:
    """End this process in any case when the time is over; for a signal handler, which must not wait
    for anything itself.
    """
    signal.signal(signal.SIGALRM, lambda *_: os._exit(0))
    signal.setitimer(signal.ITIMER_REAL, HARD_DEADLINE_SECONDS)


def drain(idle: Callable[[], bool]) -> None:
    """Wait until nothing runs any more, for the grace time at most."""
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and not idle():
        time.sleep(0.05)


def release_leases(app: Flask) -> None:
    """Let others take the turns that did not end in time.

    Without a database their leases run out by themselves.
    """
    with app.app_context():
        try:
            held_leases.release_all_held()
        except SQLAlchemyError as error:
            log.warning("lease_release_failed", error=type(error).__name__)
