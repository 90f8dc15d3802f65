"""A clock that a test sets, and what helps on a machine that is busy with other things."""

import functools
import time
from collections.abc import Callable
from typing import Any

import pytest

TRIES = 50


class Clock:
    """Gives the seconds that it was told."""

    def __init__(self, now: float = 1000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def left_of(seconds: float, since: float, tolerance: float = 0.05) -> Any:
    """What may be left of a wait that began after `since` (of time.monotonic), to be compared with
    what is.
    """
    gone = time.monotonic() - since
    return pytest.approx(seconds - gone / 2, abs=gone / 2 + tolerance)


def retry_on_slow_machine(seconds: float) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """A test whose failure counts only when it took no longer than this; else it is run again."""

    def made(test: Callable[..., None]) -> Callable[..., None]:
        @functools.wraps(test)
        def run(*args: Any, **kwargs: Any) -> None:
            for _ in range(TRIES):
                started = time.monotonic()
                try:
                    return test(*args, **kwargs)
                except AssertionError:
                    if time.monotonic() - started <= seconds:
                        raise
            return test(*args, **kwargs)

        return run

    return made
