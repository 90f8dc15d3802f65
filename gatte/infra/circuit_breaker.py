"""A breaker around a service: after several failures in a row nobody waits for it any more, until a
single probe succeeds.
"""

import time
from collections.abc import Callable
from threading import Lock

FAILURES = 5
RESET_TIMEOUT_SECONDS = 30.0


class CircuitBreaker:
    """Closed (calls go), open (none go) or half open (one probe goes); for the threads of one
    process.
    """

    def __init__(
        self,
        failures: int = FAILURES,
        rest_seconds: float = RESET_TIMEOUT_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._limit = failures
        self._rest = rest_seconds
        self._clock = clock
        self._failed = 0
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
            self._probe_at = self._clock() + self._rest
            return True

    def record_success(self) -> None:
        """The service works."""
        with self._lock:
            self._failed = 0
            self._probe_at = None

    def record_failure(self) -> None:
        """A call failed; enough in a row, or a failed probe, hold calls back for the rest time."""
        with self._lock:
            self._failed += 1
            if self._failed >= self._limit:
                self._probe_at = self._clock() + self._rest
