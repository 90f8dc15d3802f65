"""The worker: one loop takes batches of jobs off the queues, and threads run them, for a turn
mostly waits for a model.

In a worker process these threads are greenlets (`gatte.infra.gevent_mode`).

Only public parts of RQ are used: `Queue.dequeue_any` to fetch, `SimpleWorker.execute_job` to run.
An RQ worker keeps a table of what it executes, so one serves all threads of a process. RQ's
scheduler, cron and remote commands are not: each would run what Redis names.
"""

import os
import secrets
import signal
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NoReturn, cast

import structlog
from flask import Flask
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from gatte import services
from gatte.infra.garbage_collection import freeze_startup_objects
from gatte.infra.rq_queue import ProcessKind, QueueName, get_queue
from gatte.intelligence import champion, service
from gatte.jobs.job_context import set_job_app
from gatte.jobs.worker import heartbeat, job_batch, shutdown
from gatte.jobs.worker.batch_job import BatchJob
from gatte.jobs.worker.recycling import RecyclePolicy
from gatte.jobs.worker.slots import JobSlots, SlotReservation
from gatte.observability import error_reports, spans

log = structlog.get_logger(__name__)

FETCH_SECONDS = 1
PAUSE_SECONDS = 1.0
MAINTENANCE_SECONDS = 60.0


class Worker(SimpleWorker):
    """The RQ worker of a process; jobs have time limits of their own, so nothing needs a signal."""

    death_penalty_class = TimerDeathPenalty


class JobRunner:
    """Runs about `threads` jobs at once until stopped; then waits for those under way.

    Each batch has a thread that keeps RQ's books of it. A job that came alone runs there, those
    that came together on threads of their own.
    """

    def __init__(self, app: Flask, threads: int) -> None:
        self._app = app
        self._room = JobSlots(threads)
        self._batches = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self._parts = ThreadPoolExecutor(threads, thread_name_prefix="job-part")
        self._local = threading.local()
        self._stopping = threading.Event()
        self._queues: list[Queue] = []
        self._rq: Worker | None = None
        self._tidied_at = -MAINTENANCE_SECONDS
        self.recycle_policy = RecyclePolicy(app.extensions["gatte_settings"])

    def stop(self) -> None:
        """Take no more jobs."""
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether this worker was told to stop, and not only worn out."""
        return self._stopping.is_set()

    def run(self) -> None:
        """Fetch and run jobs until stopped or worn out; what is still running after the grace time
        is left to others.
        """
        set_job_app(self._app)
        job_batch.set_executor(self)
        with self._app.app_context():
            service.preload_search()
            champion.refresh()
            freeze_startup_objects()
            self._queues = [get_queue(name, BatchJob) for name in QueueName]
            log.info("worker_started", queues=[one.name for one in self._queues])
            while not (self.stopping or self.recycle_policy.should_recycle()):
                heartbeat.send_heartbeat(ProcessKind.WORKER)
                champion.refresh_if_due()
                self.recycle_policy.measure_memory()
                self._run_next()
        self._finish()

    def submit(self, function: Callable[..., None], /, *arguments: object) -> "Future[None]":
        """Run a part of the batch that the calling thread keeps the books of."""
        return self._parts.submit(self._run_part, self._local.taken, function, *arguments)

    def _run_next(self) -> None:
        """Fetch a batch, if there is one and room for it, and have it run."""
        if not self._room.wait_for_free(FETCH_SECONDS):
            return
        try:
            worker = self._worker()
            self._run_maintenance(worker)
            fetched = self._fetch()
        except RedisError as error:
            log.warning("worker_redis_unavailable", error=type(error).__name__)
            self._stopping.wait(PAUSE_SECONDS)
            return
        if fetched is not None:
            job, source = fetched
            reservation = self._room.reserve(_job_count(job))
            self._batches.submit(self._run, worker, job, source, reservation)

    def _fetch(self) -> tuple[BatchJob, Queue] | None:
        """The next batch and its queue; None when none came in time, or what came is not ours:
        then it is removed.
        """
        try:
            fetched = Queue.dequeue_any(
                self._queues,
                FETCH_SECONDS,
                connection=services.redis(),
                job_class=BatchJob,
                serializer=JSONSerializer,
            )
        except DequeueTimeout:
            return None
        except (ValueError, TypeError) as error:
            # an id that RQ cannot read; it is off the queue already
            log.warning("job_refused", reason=f"unreadable: {type(error).__name__}")
            return None
        if fetched is None:
            return None
        job, source = cast("tuple[BatchJob, Queue]", fetched)
        if job.refusal is not None:
            log.warning("job_refused", job_id=job.id, queue=source.name, reason=job.refusal)
            services.redis().delete(job.key)
            return None
        return job, source

    def _run_maintenance(self, worker: Worker) -> None:
        """Let RQ strike from its lists, now and then, what ended or what died with its worker."""
        if time.monotonic() - self._tidied_at < MAINTENANCE_SECONDS:
            return
        self._tidied_at = time.monotonic()
        try:
            worker.run_maintenance_tasks()  # type: ignore[no-untyped-call]
        except RedisError:
            raise
        except Exception:  # what RQ makes of a foreign job must not end the worker
            log.exception("queue_maintenance_failed")

    def _run(self, worker: Worker, job: BatchJob, source: Queue, taken: SlotReservation) -> None:
        self._local.taken = taken
        try:
            job.redis_server_version = worker.get_redis_server_version()  # type: ignore[no-untyped-call]
            worker.execute_job(job, source)
        except RedisError as error:
            log.warning("worker_redis_unavailable", error=type(error).__name__)
        except Exception:  # jobs report their own errors; this one is RQ's
            log.exception("job_crashed", job_id=job.id)
        finally:
            self.recycle_policy.record(taken.jobs)
            taken.release_all()

    def _run_part(
        self, taken: SlotReservation, function: Callable[..., None], /, *arguments: object
    ) -> None:
        try:
            function(*arguments)
        finally:
            taken.release_one()

    def _worker(self) -> Worker:
        """The RQ worker of this process; RedisError when it cannot be made yet."""
        if self._rq is None:
            name = f"{socket.gethostname()}.{os.getpid()}.{secrets.token_hex(4)}"
            self._rq = Worker(
                self._queues,
                name=name,
                connection=services.redis(),
                job_class=BatchJob,
                serializer=JSONSerializer,
            )
            self._rq.log_job_description = False
        return self._rq

    def _finish(self) -> None:
        self._batches.shutdown(wait=False, cancel_futures=True)
        self._parts.shutdown(wait=False, cancel_futures=True)
        shutdown.drain(_no_job_runs)
        shutdown.release_leases(self._app)
        log.info("worker_stopped")


def _no_job_runs() -> bool:
    job_threads = [one for one in threading.enumerate() if one.name.startswith("job")]
    return not any(thread.is_alive() for thread in job_threads)


def _job_count(job: BatchJob) -> int:
    """How many jobs a batch holds."""
    return len(job.args[0])


def run(app: Flask, threads: int, replace: Callable[[], NoReturn]) -> None:
    """Work in this process until SIGTERM or SIGINT; a worn-out worker ends with `replace`, which
    sees to a new one.
    """
    pool = JobRunner(app, threads)

    def stop(*_: object) -> None:
        if not pool.stopping:
            shutdown.arm_hard_deadline()
        pool.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    pool.run()
    spans.stop()
    error_reports.stop()
    if not pool.stopping:
        pool.recycle_policy.log_recycling()
        replace()
    os._exit(0)  # a thread that still waits for a model must not hold the process
