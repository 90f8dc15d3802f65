"""The worker: one loop takes jobs off the queues and hands each to a thread, for a turn mostly waits for a model.

Only public parts of RQ are used: `Queue.dequeue_any` to fetch, `SimpleWorker.execute_job` to run (each thread has a worker of its own).
"""

import os
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor

import structlog
from flask import Flask
from redis.exceptions import RedisError
from rq import Queue, SimpleWorker
from rq.exceptions import DequeueTimeout
from rq.job import Job
from rq.serializers import JSONSerializer
from rq.timeouts import TimerDeathPenalty

from gatte.intelligence import asking
from gatte.jobs import ending, heartbeat
from gatte.jobs.recycling import Wear
from gatte.queue import QueueName, queue, redis, work_for

log = structlog.get_logger(__name__)

FETCH_SECONDS = 1
PAUSE_SECONDS = 1.0


class Worker(SimpleWorker):
    """An RQ worker for one thread; jobs have time limits of their own, so nothing needs a signal."""

    death_penalty_class = TimerDeathPenalty


class Pool:
    """Runs up to `threads` jobs at once until stopped; then waits for those under way."""

    def __init__(self, app: Flask, threads: int) -> None:
        self._app = app
        self._free = threading.BoundedSemaphore(threads)
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="job")
        self._local = threading.local()
        self._stopping = threading.Event()
        self._queues: list[Queue] = []
        self.wear = Wear(app.extensions["gatte_settings"])

    def stop(self, *_: object) -> None:
        """Take no more jobs, and end in time: for a signal handler."""
        if not self.stopping:
            ending.set_deadline()
        self._stopping.set()

    @property
    def stopping(self) -> bool:
        """Whether this worker was told to stop, and not only worn out."""
        return self._stopping.is_set()

    def run(self) -> None:
        """Fetch and run jobs until stopped or worn out; what is still running after the grace time is left to others."""
        work_for(self._app)
        with self._app.app_context():
            asking.warm_up()
            self._queues = [queue(name) for name in QueueName]
            log.info("worker_started", queues=[one.name for one in self._queues])
            while not (self.stopping or self.wear.is_out()):
                heartbeat.beat("worker")
                self._run_next()
        self._finish()

    def _run_next(self) -> None:
        if not self._free.acquire(timeout=FETCH_SECONDS):
            return
        job = None
        try:
            job = self._fetch()
        finally:
            if job is None:
                self._free.release()
        if job is not None:
            self._threads.submit(self._run, *job)

    def _fetch(self) -> tuple[Job, Queue] | None:
        try:
            return Queue.dequeue_any(self._queues, FETCH_SECONDS, connection=redis(), serializer=JSONSerializer)
        except DequeueTimeout:
            return None
        except RedisError as error:
            log.warning("worker_without_queue", error=type(error).__name__)
            self._stopping.wait(PAUSE_SECONDS)
            return None

    def _run(self, job: Job, source: Queue) -> None:
        try:
            with self._app.app_context():
                worker = self._worker()
            job.redis_server_version = worker.get_redis_server_version()  # type: ignore[no-untyped-call]
            worker.execute_job(job, source)
        except RedisError as error:
            log.warning("worker_without_queue", error=type(error).__name__)
        except Exception:
            log.exception("worker_job_broken", job_id=job.id)
        finally:
            self.wear.count()
            self._free.release()

    def _worker(self) -> Worker:
        """The RQ worker of this thread."""
        worker: Worker | None = getattr(self._local, "worker", None)
        if worker is None:
            name = f"{socket.gethostname()}.{os.getpid()}.{threading.get_native_id()}"
            worker = Worker(self._queues, name=name, connection=redis(), serializer=JSONSerializer)
            worker.log_job_description = False
            self._local.worker = worker
        return worker

    def _finish(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        ending.wait_for(lambda: not any(thread.name.startswith("job") and thread.is_alive() for thread in threading.enumerate()))
        ending.give_leases_back(self._app)
        log.info("worker_stopped")


def run(app: Flask, threads: int) -> None:
    """Work in this process until SIGTERM or SIGINT; a worker that is worn out goes on as a new one."""
    pool = Pool(app, threads)
    signal.signal(signal.SIGTERM, pool.stop)
    signal.signal(signal.SIGINT, pool.stop)
    pool.run()
    if not pool.stopping:
        pool.wear.start_anew()
    os._exit(0)  # a thread that still waits for a model must not hold the process
