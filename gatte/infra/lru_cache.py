"""What was made of a text before: customers write the same few words again and again."""

from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b
from threading import Lock
from typing import Generic, TypeVar

Made = TypeVar("Made")


class LruCache(Generic[Made]):
    """The latest texts of a process and what was made of them; a text itself is not kept, only its
    digest.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: OrderedDict[bytes, Made] = OrderedDict()
        self._lock = Lock()

    def get(self, text: str, make: Callable[[str], Made]) -> Made:
        """What `make` gives for a text, which must always be the same; two threads may make it at
        once.
        """
        key = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        with self._lock:
            if key in self._known:
                self._known.move_to_end(key)
                return self._known[key]
        made = make(text)
        with self._lock:
            self._known[key] = made
            if len(self._known) > self._most:
                self._known.popitem(last=False)
        return made
