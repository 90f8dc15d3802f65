"""What the dispatcher has put lately, so that a row which waits in the queue is not put again at
every look.

A row is put again when it is still due some time after it was put and its batch waits in the queue
no more: then Redis or a worker lost it. When it only has not come to its turn within its batch, it
runs twice, and the second run finds nothing to do.
"""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from gatte.infra.rq_queue import QueueName, queued_ids

RETRY_AFTER_SECONDS = 2.0
SNAPSHOT_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Put:
    batch: str
    queue: QueueName
    at: float


class DispatchDeduplicator:
    """Remembers by need. `waiting` tells the ids of a queue's batches that nobody has fetched."""

    def __init__(
        self,
        waiting: Callable[[QueueName], Collection[str]] = queued_ids,
        again_seconds: float = RETRY_AFTER_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._waiting = waiting
        self._again_seconds = again_seconds
        self._clock = clock
        self._put: dict[str, _Put] = {}
        self._seen: dict[QueueName, tuple[float, Collection[str]]] = {}

    def should_enqueue(self, need: str) -> bool:
        """Whether the row is to be put: for the first time, or because it got lost."""
        put = self._put.get(need)
        if put is None:
            return True
        return self._clock() - put.at >= self._again_seconds and put.batch not in self._waiting_now(
            put.queue
        )

    def record(self, need: str, batch: str, queue: QueueName) -> None:
        """The row was put."""
        self._put[need] = _Put(batch, queue, self._clock())

    def prune(self, due: Collection[str]) -> None:
        """Forget what is due no more and was not put just now."""
        horizon = self._clock() - self._again_seconds
        self._put = {
            need: put for need, put in self._put.items() if put.at > horizon or need in due
        }

    def _waiting_now(self, queue: QueueName) -> Collection[str]:
        at, ids = self._seen.get(queue, (-SNAPSHOT_SECONDS, ()))
        if self._clock() - at >= SNAPSHOT_SECONDS:
            at = self._clock()
            ids = self._waiting(queue)
            self._seen[queue] = at, ids
        return ids
