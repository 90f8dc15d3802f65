"""Ctrl-C and SIGTERM while a statement runs: libpq alone would not return before the statement
ends.
"""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from psycopg2.extensions import set_wait_callback
from psycopg2.extras import wait_select


class _SignalState:
    to_stop = False


def was_interrupted() -> bool:
    """Whether someone asked this run to stop; the statement then ends with an error of its own."""
    return _SignalState.to_stop


@contextmanager
def interruptible() -> Iterator[None]:
    """Within, Ctrl-C and SIGTERM cancel the statement that runs."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, _interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    set_wait_callback(wait_select)
    try:
        yield
    finally:
        set_wait_callback(None)
        _SignalState.to_stop = False
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    _SignalState.to_stop = True
    raise KeyboardInterrupt
