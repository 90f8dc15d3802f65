"""Redis as a short memory: it answers at once or not at all, and whoever asks goes on without it.

The queue waits for Redis with patience; what is asked here (limits, caches) is worth a few
milliseconds and no more.
"""

from collections.abc import Callable
from typing import TypeVar

import structlog
from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

from gatte.infra.circuit_breaker import CircuitBreaker
from gatte.settings import Settings

log = structlog.get_logger(__name__)
T = TypeVar("T")

TIMEOUT_SECONDS = 0.2
# after a failure nobody asks for this long, so that a Redis that hangs costs a process one wait,
# not one a message
RESET_TIMEOUT_SECONDS = 5.0


class RedisUnavailable(Exception):
    """Redis cannot be asked now."""


class FailFastRedis:
    """Redis with little patience; shared by the threads of a process."""

    def __init__(
        self, settings: Settings, reset_timeout_seconds: float = RESET_TIMEOUT_SECONDS
    ) -> None:
        self._breaker = CircuitBreaker(1, reset_timeout_seconds)
        self._redis = Redis.from_url(
            settings.redis_url.get_secret_value(),
            socket_connect_timeout=TIMEOUT_SECONDS,
            socket_timeout=TIMEOUT_SECONDS,
            # once more at once: Redis may have started again, and closed what the pool holds
            retry=Retry(NoBackoff(), 1),
        )

    def execute(self, question: Callable[["Redis"], T]) -> T:
        """What Redis answers; RedisUnavailable when it does not, or did not a moment ago."""
        if not self._breaker.allow_request():
            raise RedisUnavailable
        try:
            answer = question(self._redis)
        except RedisError as error:
            self._breaker.record_failure()
            log.warning("redis_unavailable", error=type(error).__name__)
            raise RedisUnavailable from error
        self._breaker.record_success()
        return answer
