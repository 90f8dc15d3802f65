"""What the job layer costs: empty jobs through Redis, RQ and the threads of one worker process."""

import itertools
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

from bench.environment import stores
from bench.report import ReportRow
from gatte.infra.rq_queue import BatchedJob, JobBatch, JobName, QueueName, enqueue_batches
from gatte.jobs import definitions
from gatte.jobs.job_context import job
from gatte.jobs.worker.runner import JobRunner
from tests.app_fixture import application
from tests.process_system import until

JOBS = 3000
THREADS = 32
TARGET = "< 2.5 ms CPU"

_done = itertools.count(1)
_last = [0]


@job
def _nothing() -> None:
    _last[0] = next(_done)


def measure() -> list[ReportRow]:
    """Jobs a second and the worker's CPU time for each, alone and in bundles; all of them are there
    from the start.
    """
    definitions.apply_statuses = _nothing
    with _worker():
        _run(100, 1)
        return [
            _row("an empty job, alone", 1),
            _row("an empty job in a bundle of 4", 4),
            _row("an empty job in a bundle of 8", 8),
        ]


@contextmanager
def _worker() -> Iterator[None]:
    with stores() as urls, application(urls.database, urls.redis, gatte_log_level="ERROR") as app:
        pool = JobRunner(app, THREADS)
        thread = threading.Thread(target=pool.run)
        thread.start()
        with app.app_context():
            yield
        pool.stop()
        thread.join()


def _row(what: str, size: int) -> ReportRow:
    wall, cpu = _run(JOBS, size)
    return ReportRow(what, TARGET, f"{cpu * 1000 / JOBS:.2f} ms CPU", f"{JOBS / wall:.0f} jobs/s")


def _run(jobs: int, size: int) -> tuple[float, float]:
    """Seconds from the start to the last job's end, and CPU seconds of all threads but this one."""
    target = _last[0] + jobs
    parts = (BatchedJob(JobName.APPLY_STATUSES, ()),) * size
    begun, cpu, mine = time.perf_counter(), time.process_time(), time.thread_time()
    enqueue_batches(
        [JobBatch(uuid4().hex, QueueName.MAINTENANCE, parts) for _ in range(jobs // size)]
    )
    until(lambda: _last[0] >= target, 120, 0.01)
    return time.perf_counter() - begun, (time.process_time() - cpu) - (time.thread_time() - mine)
