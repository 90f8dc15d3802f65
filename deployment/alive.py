"""`python -m deployment.alive worker`: exit code 0 while a process of that kind on this host gives signs of life."""

import socket
import sys

from redis import Redis

from gatte.queue import Kind, list_alive
from gatte.settings import settings_or_exit


def is_alive(kind: Kind) -> bool:
    url = settings_or_exit().redis_url.get_secret_value()
    with Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as redis:
        return any(who.startswith(f"{socket.gethostname()}:") for who in list_alive(kind, redis))


if __name__ == "__main__":
    sys.exit(0 if is_alive(Kind(sys.argv[1])) else 1)
