"""`python -m deployment.alive worker`: exit code 0 while a process of that kind on this host gives signs of life."""

import socket
import sys

from redis import Redis

from gatte.queue import beat_key
from gatte.settings import settings_or_exit


def is_alive(process: str) -> bool:
    url = settings_or_exit().redis_url.get_secret_value()
    with Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as redis:
        return next(redis.scan_iter(match=beat_key(process, f"{socket.gethostname()}:*"), count=1000), None) is not None


if __name__ == "__main__":
    sys.exit(0 if is_alive(sys.argv[1]) else 1)
