"""Signs of life: each worker and scheduler process says in Redis that it is there, for
`/health/ready`.
"""

import os
import socket
import time
from contextlib import suppress

from redis.exceptions import RedisError

from gatte.infra import rq_queue
from gatte.infra.rq_queue import HEARTBEAT_SECONDS, ProcessKind

_last: dict[ProcessKind, float] = {}


def send_heartbeat(kind: ProcessKind) -> None:
    """Say that this process is alive, at most once in a few seconds; a missing Redis is ignored."""
    if time.monotonic() - _last.get(kind, -HEARTBEAT_SECONDS) < HEARTBEAT_SECONDS:
        return
    _last[kind] = time.monotonic()
    with suppress(RedisError):
        rq_queue.send_heartbeat(kind, f"{socket.gethostname()}:{os.getpid()}")
