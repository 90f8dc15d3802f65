"""A run that ends in time, and ends what it started: on Ctrl-C, on SIGTERM, and when its time is
up.
"""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM, signal.SIGALRM)


class Stopped(BaseException):
    """Somebody, or the clock, ended the run."""


@contextmanager
def bounded(seconds: int) -> Iterator[None]:
    """Raise Stopped inside when the time is up or a signal asks to stop; what cleans up then is not
    interrupted again.
    """
    before = {number: signal.signal(number, _stop) for number in STOPS}
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, _: FrameType | None) -> None:
    for other in STOPS:
        signal.signal(other, signal.SIG_IGN)
    raise Stopped(signal.Signals(number).name)
