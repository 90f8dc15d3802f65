"""How much a worker process takes in hand: so many jobs at once, in whatever batches they come."""

import threading


class JobSlots:
    """Counts the jobs in hand; a batch that is larger than what is left still fits, else it would
    wait for ever.
    """

    def __init__(self, size: int) -> None:
        self._left = size
        self._changed = threading.Condition()

    def wait_for_free(self, seconds: float) -> bool:
        """Whether one more job may be taken in hand before the time is over."""
        with self._changed:
            return self._changed.wait_for(lambda: self._left > 0, seconds)

    def reserve(self, jobs: int) -> "SlotReservation":
        """Take so many jobs in hand."""
        with self._changed:
            self._left -= jobs
        return SlotReservation(self, jobs)

    def release(self, jobs: int) -> None:
        """So many jobs ended; `SlotReservation` calls it."""
        with self._changed:
            self._left += jobs
            self._changed.notify()


class SlotReservation:
    """The jobs of one batch: each gives its room back when it ends, the batch's end gives back
    what is left.
    """

    def __init__(self, room: JobSlots, jobs: int) -> None:
        self.jobs = jobs
        self._room = room
        self._left = jobs
        self._changing = threading.Lock()

    def release_one(self) -> None:
        """One of the jobs has ended."""
        self._end(1)

    def release_all(self) -> None:
        """All have ended, or none will be run."""
        self._end(self.jobs)

    def _end(self, jobs: int) -> None:
        with self._changing:
            ended = min(jobs, self._left)
            self._left -= ended
        self._room.release(ended)
