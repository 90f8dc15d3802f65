"""The one bounded cache of a process; each place that keeps something for a while has its own."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from hashlib import blake2b
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class LruCache(Generic[Key, Value]):
    """The entries used last, shared by the threads of a process; a full cache drops the entry that
    was not used for the longest time. No value is None.
    """

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._entries: OrderedDict[Key, Value] = OrderedDict()
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: Key) -> bool:
        """Whether the key is there; this does not count as a use."""
        return key in self._entries

    def get(self, key: Key) -> Value | None:
        """The value of a key, or None."""
        with self._lock:
            value = self._entries.get(key)
            if value is not None:
                self._entries.move_to_end(key)
            return value

    def put(self, key: Key, value: Value) -> None:
        """Set the value of a key."""
        with self._lock:
            self._entries[key] = value
            self._entries.move_to_end(key)
            if len(self._entries) > self._max_size:
                self._entries.popitem(last=False)

    def pop(self, key: Key) -> Value | None:
        """Remove a key; its value, or None."""
        with self._lock:
            return self._entries.pop(key, None)

    def get_or_make(self, key: Key, make: Callable[[], Value]) -> Value:
        """The value of a key, made now when it is missing; two threads may make it at once."""
        value = self.get(key)
        if value is None:
            value = make()
            self.put(key, value)
        return value


def text_digest(text: str) -> bytes:
    """The key of a text that must not itself stay in memory."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
