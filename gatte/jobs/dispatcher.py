"""The dispatcher: asks Postgres what is due and puts it on the queues, in batches. One leads;
another takes over when it dies.

Leadership is a session lock of Postgres, so it ends with the leader's connection. What was put is
remembered: a row is not put again while its batch waits in the queue, nor soon after; should Redis
or a worker lose it, the row is still due, and put again.
"""

import math
import time
from dataclasses import dataclass, field
from uuid import uuid4

import psycopg2
import structlog
from redis.exceptions import RedisError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gatte import services
from gatte.extensions import db
from gatte.infra.rq_queue import (
    QUEUE_BY_JOB,
    BatchedJob,
    JobBatch,
    JobName,
    ProcessKind,
    QueueName,
    enqueue_batches,
)
from gatte.jobs import cron
from gatte.jobs.dedup import DispatchDeduplicator
from gatte.jobs.worker import heartbeat
from gatte.observability import metrics
from gatte.store import conversations
from gatte.store.due_work import MAX_ROWS_PER_POLL, DueWork, fetch_due_work, fetch_lately_due

log = structlog.get_logger(__name__)

LEADER_LOCK = 7_000
POLL_SECONDS = 0.05
# more rows share a batch then; turns start no later, for they are found before their time
BUSY_POLL_SECONDS = 0.15
BUSY_ROWS = 4
LEAD_SECONDS = 0.25  # the longest pause between two looks, and the way through the queue
STANDBY_SECONDS = 1.0
REDIS_RETRY_SECONDS = 1.0
WHOLE_LOOK_SECONDS = 1.0
# a whole look reads what a held snapshot keeps: it takes a hundredth of the time, if it can
WHOLE_LOOK_SHARE = 0.01
LONGEST_WHOLE_LOOK_SECONDS = 5.0
APPLY_STATUSES_SECONDS = 0.25  # statuses come in showers, and one job settles all that lie there
JOBS_PER_BATCH = 8
ROUND_ROBIN_SIZE = 16


@dataclass
class Dispatcher:
    """The loop; `stop` ends it after the look that is under way."""

    stopping: bool = False
    _dedup: DispatchDeduplicator = field(default_factory=DispatchDeduplicator)
    _whole_look_at: float = 0.0
    _settled_at: float = -APPLY_STATUSES_SECONDS

    def stop(self) -> None:
        """End the loop soon."""
        self.stopping = True

    def run(self) -> None:
        """Lead when nobody else does, until stopped; a lost database is waited for."""
        while not self.stopping:
            try:
                with db.engine.connect() as connection:
                    # the lock must end with it: kept in a pool, it would be held by nobody for ever
                    connection.detach()
                    connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
                    connection.commit()
                    self._run_as_leader_or_standby(connection)
            except (DBAPIError, psycopg2.Error) as error:
                _report_queue_age([])  # another leads now, and tells
                log.warning("dispatcher_database_unavailable", error=type(error).__name__)
                time.sleep(STANDBY_SECONDS)

    def _run_as_leader_or_standby(self, connection: Connection) -> None:
        leading = False
        while not self.stopping:
            if not leading and (leading := _try_become_leader(connection)):
                log.info("leader_elected")
                _sync_scheduled_jobs()
            pause = STANDBY_SECONDS
            if leading:
                started = time.monotonic()
                wanted = BUSY_POLL_SECONDS if self._poll(connection) >= BUSY_ROWS else POLL_SECONDS
                spent = time.monotonic() - started
                pause = max(wanted - spent, spent)  # with very much to do, half of the time at most
            heartbeat.send_heartbeat(ProcessKind.SCHEDULER)
            time.sleep(pause)

    def _poll(self, connection: Connection) -> int:
        """Put what is due and was not put yet; how many rows that were."""
        started = time.monotonic()
        is_whole = started >= self._whole_look_at
        fetch = fetch_due_work if is_whole else fetch_lately_due
        if is_whole:
            conversations.rearm_timers(connection, MAX_ROWS_PER_POLL)
            connection.commit()
        found = fetch(connection, services.settings(), LEAD_SECONDS)
        connection.rollback()  # no transaction stays open meanwhile
        spent = time.monotonic() - started
        fresh: list[DueWork] = []
        try:
            fresh = [due for due in found if self._should_enqueue(due)]
            self._enqueue(fresh)
        except RedisError as error:
            log.warning("dispatcher_redis_unavailable", error=type(error).__name__)
            time.sleep(REDIS_RETRY_SECONDS)
        if is_whole:
            self._whole_look_at = time.monotonic() + _pause_after_whole_look(spent)
            self._dedup.prune({due.dedup_key for due in found})
            _report_queue_age(found)
        return len(fresh)

    def _should_enqueue(self, due: DueWork) -> bool:
        if (
            due.job is JobName.APPLY_STATUSES
            and time.monotonic() - self._settled_at < APPLY_STATUSES_SECONDS
        ):
            return False
        return self._dedup.should_enqueue(due.dedup_key)

    def _enqueue(self, fresh: list[DueWork]) -> None:
        """Put rows in batches; RedisError when Redis is away, and nothing is remembered then."""
        if not fresh:
            return
        batches = into_batches(fresh)
        enqueue_batches(batch for batch, _ in batches)
        for batch, dues in batches:
            for due in dues:
                self._dedup.record(due.dedup_key, batch.id, batch.queue)
        if any(due.job is JobName.APPLY_STATUSES for due in fresh):
            self._settled_at = time.monotonic()


def _pause_after_whole_look(spent: float) -> float:
    """Seconds until all that is due is looked at again, after a look that took so many."""
    wanted = max(WHOLE_LOOK_SECONDS, spent / WHOLE_LOOK_SHARE)
    return min(wanted, LONGEST_WHOLE_LOOK_SECONDS)


def _sync_scheduled_jobs() -> None:
    """Bring the table of scheduled jobs up to this version, and keep no connection for it: a
    scheduler has the one of its lock alone.
    """
    cron.sync()
    db.session.remove()
    db.engine.dispose()


def _try_become_leader(connection: Connection) -> bool:
    """Whether this connection got the leader's lock, which it keeps until it ends."""
    got = connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LEADER_LOCK})
    connection.commit()
    return bool(got)


def into_batches(fresh: list[DueWork]) -> list[tuple[JobBatch, list[DueWork]]]:
    """Job batches for these rows, each beside the rows that it carries: rows of one queue together,
    a handful at most.

    A few at a time are dealt out in turn, so that of the turns that start one after the other no
    worker has them all.
    """
    now = time.time()
    by_queue: dict[QueueName, list[DueWork]] = {}
    for due in fresh:
        by_queue.setdefault(QUEUE_BY_JOB[due.job], []).append(due)
    batches: list[tuple[JobBatch, list[DueWork]]] = []
    for name in sorted(by_queue):
        dues = by_queue[name]
        for start in range(0, len(dues), ROUND_ROBIN_SIZE):
            hands = _round_robin(dues[start : start + ROUND_ROBIN_SIZE])
            batches += [(_batch(name, hand, now), hand) for hand in hands]
    return batches


def _batch(name: QueueName, dues: list[DueWork], now: float) -> JobBatch:
    return JobBatch(
        uuid4().hex,
        name,
        tuple(BatchedJob(due.job, due.arguments, now + due.delay_seconds) for due in dues),
    )


def _round_robin(dues: list[DueWork]) -> list[list[DueWork]]:
    hands = math.ceil(len(dues) / JOBS_PER_BATCH)
    return [dues[hand::hands] for hand in range(hands)]


def _report_queue_age(found: list[DueWork]) -> None:
    """How long the oldest row waits that belongs on each queue."""
    oldest: dict[QueueName, float] = dict.fromkeys(QueueName, 0.0)
    for due in found:
        name = QUEUE_BY_JOB[due.job]
        oldest[name] = max(oldest[name], due.age_seconds)
    for name, age in oldest.items():
        metrics.QUEUE_OLDEST_SECONDS.labels(queue=name).set(age)
