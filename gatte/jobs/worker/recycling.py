"""A worker that has done its part is replaced: after so many jobs, or when its memory has grown
beyond a limit.

It takes no more jobs and finishes those it has. One that works alone starts anew in the same
process (exec), so its supervisor notices nothing; one of several is forked again by its parent. So
every host keeps as many workers as it has, and what one leaves in the queue is taken by its
successor or by another host.
"""

import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import NoReturn

import structlog

from gatte.jobs.worker.processes import RECYCLED
from gatte.settings import Settings

log = structlog.get_logger(__name__)

JITTER = 0.1  # workers that were started together do not all go at once
LOOK_SECONDS = 1.0
STATM = Path("/proc/self/statm")


class RecyclePolicy:
    """How much a worker process has done; for all its threads."""

    def __init__(self, settings: Settings) -> None:
        self._most_jobs = round(settings.gatte_worker_max_jobs * random.uniform(1 - JITTER, 1))  # noqa: S311 - not a secret
        self._most_memory = settings.gatte_worker_max_memory_mb * 1024 * 1024
        self._jobs = 0
        self._counting = threading.Lock()
        self._looked_at = 0.0
        self._memory = 0

    def record(self, jobs: int) -> None:
        """So many more jobs were run."""
        with self._counting:
            self._jobs += jobs

    def should_recycle(self) -> bool:
        """Whether the process should be replaced."""
        has_done_its_jobs = self._most_jobs and self._jobs >= self._most_jobs
        has_grown_too_large = self._most_memory and self._memory >= self._most_memory
        return bool(has_done_its_jobs or has_grown_too_large)

    def measure_memory(self) -> None:
        """Note the memory in use, once a second, where the system tells it; a limit that the models
        alone exceed is no limit.
        """
        if time.monotonic() - self._looked_at <= LOOK_SECONDS:
            return
        first = not self._looked_at
        self._looked_at = time.monotonic()
        resident_pages = int(STATM.read_text().split()[1]) if STATM.exists() else 0
        self._memory = resident_pages * os.sysconf("SC_PAGE_SIZE")
        if first and self._most_memory and self._memory >= self._most_memory:
            log.warning("worker_memory_limit_too_low", memory_mb=self._memory // 1024**2)
            self._most_memory = 0

    def log_recycling(self) -> None:
        """Say that the process is worn out."""
        log.info("worker_recycled", jobs=self._jobs, memory_mb=self._memory // 1024**2)


def reexec() -> NoReturn:
    """Run the same command in this process; threads that are still at work end here."""
    sys.stdout.flush()
    sys.stderr.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command


def exit_recycled() -> NoReturn:
    """End this process, which a parent forked, so that the parent forks another."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(RECYCLED)
