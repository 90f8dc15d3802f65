"""A circuit breaker: after some failures in a row nobody calls a service for a while, then a single
call tries it.
"""

import time
from collections.abc import Callable
from threading import Lock

FAILURE_THRESHOLD = 5
RESET_TIMEOUT_SECONDS = 30.0


class CircuitBreaker:
    """Closed (calls go), open (none go) or half open (one goes, as a probe); for the threads of one
    process.
    """

    def __init__(
        self,
        failure_threshold: int = FAILURE_THRESHOLD,
        reset_timeout_seconds: float = RESET_TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failure_threshold = failure_threshold
        self._reset_timeout = reset_timeout_seconds
        self._clock = clock
        self._failures = 0
        self._probe_at: float | None = None
        self._lock = Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls are held back now, apart from a probe."""
        with self._lock:
            return self._probe_at is not None

    def allow_request(self) -> bool:
        """Whether a call may go now; a yes while half open makes this call the probe, and it must
        report how it went.
        """
        with self._lock:
            if self._probe_at is None:
                return True
            if self._clock() < self._probe_at:
                return False
            # a probe that never reports is followed by another
            self._probe_at = self._clock() + self._reset_timeout
            return True

    def record_success(self) -> None:
        """The service works."""
        with self._lock:
            self._failures = 0
            self._probe_at = None

    def record_failure(self) -> None:
        """A call failed; enough failures in a row, or a failed probe, open the breaker."""
        with self._lock:
            self._failures += 1
            if self._failures >= self._failure_threshold:
                self._probe_at = self._clock() + self._reset_timeout
