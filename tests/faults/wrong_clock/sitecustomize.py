"""Loaded first by processes whose clock is wrong: under libfaketime 0.9.10 `time.sleep` fails when
the monotonic clock is left alone.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
