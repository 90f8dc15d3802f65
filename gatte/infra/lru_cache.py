"""The one bounded cache of a process; each place that keeps something for a while has its own."""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LruCache(Generic[Key, Value]):
    """The entries used last, shared by the threads of a process; a full cache drops the entry that
    was not used for the longest time. No value is None.

    `ttl_seconds`: an entry is gone so long after it was put, however often it was used since.
    """

    def __init__(
        self,
        max_size: int,
        ttl_seconds: float = float("inf"),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._max_size = max_size
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._entries: OrderedDict[Key, tuple[Value, float]] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Key) -> bool:
        """Whether the key is there; this does not count as a use."""
        entry = self._entries.get(key)
        return entry is not None and self._clock() < entry[1]

    def get(self, key: Key) -> Value | None:
        """The value of a key, or None."""
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                return None
            value, expires_at = entry
            if self._clock() >= expires_at:
                del self._entries[key]
                return None
            self._entries.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Set the value of a key."""
        with self._lock:
            now = self._clock()
            self._entries[key] = (value, now + self._ttl_seconds)
            self._entries.move_to_end(key)
            if len(self._entries) > self._max_size:
                self._entries.popitem(last=False)
            self._drop_expired(now)

    def _drop_expired(self, now: float) -> None:
        """Drop expired entries from the end that was not used for long, so that what nobody asks
        for again does not stay.
        """
        while self._entries:
            oldest = next(iter(self._entries))
            if now < self._entries[oldest][1]:
                return
            del self._entries[oldest]

    def pop(self, key: Key) -> Value | None:
        """Remove a key; its value, or None."""
        with self._lock:
            entry = self._entries.pop(key, None)
            return None if entry is None else entry[0]

    def get_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made now when it is missing; two threads may make it at once."""
        value = self.get(key)
        if value is None:
            value = make()
            self.put(key, value)
        return value
