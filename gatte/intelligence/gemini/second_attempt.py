"""A second attempt at a call to Gemini where it is safe: nothing had left, or the service said that
it was too busy to begin. Both attempts together keep to the time limit of the step.

Nothing else is tried again: an answer that was lost may be billed, a quota is not mended by asking
more, and a customer waits while the local way could answer.
"""

import random
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeVar

LONGEST_BEFORE = 0.25
"""The share of the time limit after which no second attempt begins."""
PAUSE_SECONDS = (0.1, 0.3)
TOO_BUSY = 503

Kept = TypeVar("Kept")
deadline: ContextVar[float | None] = ContextVar("deadline_of_call", default=None)
"""The moment of `time.monotonic` at which the call under way is given up; None without one."""


def call_within(seconds: float, call: Callable[[], Kept]) -> Kept:
    """The result of a call that may take so long, tried twice at most; what it raises."""
    started = time.monotonic()
    with _deadline(started + seconds):
        try:
            return call()
        except Exception as error:  # what is not safe to try again is raised
            spent = time.monotonic() - started
            if not is_safe(error) or spent > LONGEST_BEFORE * seconds:
                raise
        pause = random.uniform(*PAUSE_SECONDS)  # noqa: S311 - spreads load, guards nothing
        time.sleep(min(pause, LONGEST_BEFORE * seconds))
        return call()


def is_safe(error: Exception) -> bool:
    """Whether a call that failed so may be made again: nothing came of it for sure."""
    import httpx2
    from google.genai import errors

    if isinstance(error, errors.APIError):
        return error.code == TOO_BUSY
    return isinstance(error, httpx2.ConnectError)


@contextmanager
def _deadline(moment: float) -> Iterator[None]:
    token = deadline.set(moment)
    try:
        yield
    finally:
        deadline.reset(token)
