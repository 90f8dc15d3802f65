"""Slows the guessing of passwords down, and locks nobody out: see docs/decisions on login attempts.

Counts are shared by all web processes through Redis. While it is away, each process counts alone.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import structlog
from limits.errors import StorageError
from limits.storage import MemoryStorage, RedisStorage, Storage

from gatte.privacy.crypto import derived_key, keyed_hash
from gatte.settings import Settings

log = structlog.get_logger(__name__)
T = TypeVar("T")

TIMEOUT_SECONDS = 0.5
STATE_TTL_SECONDS = 24 * 3600


@dataclass(frozen=True)
class Backoff:
    """How long to wait after so many failed attempts: nothing at first, then twice as long each
    time.
    """

    free: int
    first_seconds: int
    longest_seconds: int

    def seconds_after(self, attempts: int) -> int:
        """The wait that an attempt of this number begins."""
        if attempts < self.free:
            return 0
        doublings = min(attempts - self.free, 20)
        return min(self.first_seconds << doublings, self.longest_seconds)


BY_ORIGIN = Backoff(free=5, first_seconds=15, longest_seconds=15 * 60)
BY_ACCOUNT = Backoff(free=30, first_seconds=5, longest_seconds=5 * 60)


@dataclass(frozen=True)
class Attempt:
    """Somebody at the login page: the account as typed, and where they try from.

    `device` is set for a browser that logged in to this account before: it then stands for the
    address, and the account's own backoff does not apply.
    """

    account: str
    address: str
    device: str | None = None


class LoginAttempts:
    """The failed attempts of the last day, under keyed hashes."""

    def __init__(self, settings: Settings) -> None:
        self._key = derived_key(settings.secret_key.get_secret_value(), "login attempts")
        self._alone = MemoryStorage()
        self._shared = RedisStorage(
            settings.redis_url.get_secret_value(),
            key_prefix="gatte:login",
            wrap_exceptions=True,
            socket_timeout=TIMEOUT_SECONDS,
            socket_connect_timeout=TIMEOUT_SECONDS,
        )

    def begin(self, attempt: Attempt) -> int:
        """Count an attempt before the password is looked at: 0 when it may be, else seconds to
        wait.

        Counting first leaves nothing to gain by attempts at the same moment.
        """
        for key, backoff in self._counted(attempt):
            if wait := self._ask(partial(_reserve, key=key, backoff=backoff)):
                return wait
        return 0

    def forget(self, attempt: Attempt) -> None:
        """The password was right: what this attempt counted is cleared."""
        for key, _ in self._counted(attempt):
            self._ask(partial(_clear, key=key))

    def _counted(self, attempt: Attempt) -> list[tuple[str, Backoff]]:
        origin = attempt.device or attempt.address
        by_origin = (self._hash("origin", f"{attempt.account}\0{origin}"), BY_ORIGIN)
        if attempt.device:
            return [by_origin]
        return [by_origin, (self._hash("account", attempt.account), BY_ACCOUNT)]

    def _hash(self, kind: str, value: str) -> str:
        return keyed_hash(self._key, kind, value).hex()

    def _ask(self, question: Callable[[Storage], T]) -> T:
        try:
            return question(self._shared)
        except StorageError as error:
            log.warning("login_attempts_counted_alone", error=type(error.storage_error).__name__)
            return question(self._alone)


def _reserve(store: Storage, key: str, backoff: Backoff) -> int:
    """Count one more attempt under a key: 0, or the seconds that are still to wait."""
    waiting = f"{key}:wait"
    if left := _seconds_left(store, waiting):
        return left
    attempts = store.incr(f"{key}:count", STATE_TTL_SECONDS)
    wait = backoff.seconds_after(attempts)
    # Of several at the same moment only the one that begins the wait may go ahead.
    if wait and store.incr(waiting, wait) > 1:
        return max(_seconds_left(store, waiting), 1)
    return 0


def _seconds_left(store: Storage, key: str) -> int:
    return max(math.ceil(store.get_expiry(key) - time.time()), 0)


def _clear(store: Storage, key: str) -> None:
    store.clear(f"{key}:count")
    store.clear(f"{key}:wait")
