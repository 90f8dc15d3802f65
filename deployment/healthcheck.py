"""`python -m deployment.healthcheck worker`: exit code 0 while a process of that kind on this host
gives signs of life.
"""

import socket
import sys

from redis import Redis

from gatte.infra.rq_queue import ProcessKind, list_alive
from gatte.settings import settings_or_exit


def is_healthy(kind: ProcessKind) -> bool:
    url = settings_or_exit().redis_url.get_secret_value()
    this_host = f"{socket.gethostname()}:"
    with Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as redis:
        return any(who.startswith(this_host) for who in list_alive(kind, redis))


if __name__ == "__main__":
    sys.exit(0 if is_healthy(ProcessKind(sys.argv[1])) else 1)
