"""The one RQ job: a batch of jobs, each run on a thread of its own.

It ends when the last of them has ended, so RQ knows what is under way and what failed.
"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import lru_cache
from importlib import import_module
from typing import Protocol

from gatte.infra.rq_queue import JobName

MAX_START_DELAY = 0.25  # the dispatcher looks ahead no further; more would be a clock that is wrong


class Executor(Protocol):
    """What runs the parts of a batch side by side."""

    def submit(self, function: Callable[..., None], /, *arguments: object) -> "Future[None]":
        """Run it soon; the future knows what came of it."""


class _BatchProcess:
    """The threads of this process."""

    threads: Executor = ThreadPoolExecutor(1)


def set_executor(threads: Executor) -> None:
    """Run the parts of this process's batches on these threads."""
    _BatchProcess.threads = threads


def run_batch(parts: Sequence[tuple[str, Sequence[str], float]]) -> None:
    """Run every part; those that failed are raised together when all have ended."""
    if len(parts) == 1:
        run_job(*parts[0])
        return
    futures = [_BatchProcess.threads.submit(run_job, *part) for part in parts]
    failed = [error for future in futures if (error := future.exception())]
    if failed:
        raise BaseExceptionGroup("parts of a batch failed", failed)


def run_job(name: str, arguments: Sequence[str], start_at: float = 0.0) -> None:
    """Run one job by its name, not before its time; KeyError when this version has none of that
    name.
    """
    time.sleep(min(max(start_at - time.time(), 0), MAX_START_DELAY))
    function_of(JobName[name])(*arguments)


@lru_cache
def function_of(job: JobName) -> Callable[..., None]:
    """The function of a job."""
    module, _, name = job.value.rpartition(".")
    function: Callable[..., None] = getattr(import_module(module), name)
    return function
