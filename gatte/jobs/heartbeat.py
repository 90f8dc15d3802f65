"""Signs of life: each worker and scheduler process says in Redis that it is there, for `/health/ready`."""

import os
import socket
import time
from contextlib import suppress

from redis.exceptions import RedisError

from gatte import queue
from gatte.queue import BEAT_SECONDS, Kind

_last: dict[Kind, float] = {}


def beat(kind: Kind) -> None:
    """Say that this process is alive, at most once in a few seconds; without Redis nobody hears it."""
    if time.monotonic() - _last.get(kind, -BEAT_SECONDS) < BEAT_SECONDS:
        return
    _last[kind] = time.monotonic()
    with suppress(RedisError):
        queue.beat(kind, f"{socket.gethostname()}:{os.getpid()}")
