"""Signs of life: each worker and scheduler process says in Redis that it is there, for `/health/ready`."""

import os
import socket
import time
from contextlib import suppress

from redis.exceptions import RedisError

from gatte.queue import BEAT_SECONDS, beat_key, redis

_last: dict[str, float] = {}


def beat(process: str) -> None:
    """Say that this process is alive, at most once in a few seconds; without Redis nobody hears it."""
    if time.monotonic() - _last.get(process, -BEAT_SECONDS) < BEAT_SECONDS:
        return
    _last[process] = time.monotonic()
    with suppress(RedisError):
        redis().set(beat_key(process, f"{socket.gethostname()}:{os.getpid()}"), int(time.time()), ex=BEAT_SECONDS * 5)
