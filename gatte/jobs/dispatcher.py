"""The dispatcher: asks Postgres what is due and puts it on the queues, in bundles. One leads; another takes over when it dies.

Leadership is a session lock of Postgres, so it ends with the leader's connection. What was put is remembered: a row is not put again
while its bundle waits in the queue, nor soon after; should Redis or a worker lose it, the row is still due, and put again.
"""

import math
import time
from dataclasses import dataclass, field
from itertools import chain, groupby
from uuid import uuid4

import psycopg2
import structlog
from flask import current_app
from redis.exceptions import RedisError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gatte.extensions import db
from gatte.jobs import heartbeat
from gatte.jobs.due import Due, find_due
from gatte.jobs.remembering import Remembered
from gatte.observability import metrics
from gatte.queue import QUEUE_OF, Bundle, JobName, Kind, Part, QueueName, put

log = structlog.get_logger(__name__)

LEADER_LOCK = 7_000
LOOK_SECONDS = 0.05
BUSY_LOOK_SECONDS = 0.15  # more rows share a bundle then; turns start no later, for they are found before their time
BUSY_ROWS = 4
LOOK_AHEAD_SECONDS = 0.25  # the longest pause between two looks, and the way through the queue
FOLLOW_SECONDS = 1.0
WITHOUT_QUEUE_SECONDS = 1.0
TELL_SECONDS = 1.0
SETTLE_SECONDS = 0.25  # statuses come in showers, and one job settles all that lie there
ROWS_A_BUNDLE, DEALT = 8, 16


@dataclass
class Dispatcher:
    """The loop; `stop` ends it after the look that is under way."""

    stopping: bool = False
    _remembered: Remembered = field(default_factory=Remembered)
    _told_at: float = -TELL_SECONDS
    _settled_at: float = -SETTLE_SECONDS

    def stop(self) -> None:
        """End the loop soon."""
        self.stopping = True

    def run(self) -> None:
        """Lead when nobody else does, until stopped; a lost database is waited for."""
        while not self.stopping:
            try:
                with db.engine.connect() as connection:
                    connection.detach()  # the lock must end with it: kept in a pool, it would be held by nobody for ever
                    connection.exec_driver_sql("SET plan_cache_mode = force_generic_plan")
                    connection.commit()
                    self._follow_or_lead(connection)
            except (DBAPIError, psycopg2.Error) as error:
                _tell([])  # another leads now, and tells
                log.warning("dispatcher_without_database", error=type(error).__name__)
                time.sleep(FOLLOW_SECONDS)

    def _follow_or_lead(self, connection: Connection) -> None:
        leading = False
        while not self.stopping:
            if not leading and (leading := _may_lead(connection)):
                log.info("dispatcher_leads")
            pause = FOLLOW_SECONDS
            if leading:
                started = time.monotonic()
                wanted = BUSY_LOOK_SECONDS if self._look(connection) >= BUSY_ROWS else LOOK_SECONDS
                spent = time.monotonic() - started
                pause = max(wanted - spent, spent)  # with very much to do, half of the time at most
            heartbeat.beat(Kind.SCHEDULER)
            time.sleep(pause)

    def _look(self, connection: Connection) -> int:
        """Put what is due and was not put yet; how many rows that were."""
        found = find_due(connection, current_app.extensions["gatte_settings"], LOOK_AHEAD_SECONDS)
        connection.rollback()  # no transaction stays open meanwhile
        fresh: list[Due] = []
        try:
            fresh = [due for due in found if self._is_new(due)]
            self._put(fresh)
        except RedisError as error:
            log.warning("dispatcher_without_queue", error=type(error).__name__)
            time.sleep(WITHOUT_QUEUE_SECONDS)
        if time.monotonic() - self._told_at > TELL_SECONDS:
            self._told_at = time.monotonic()
            self._remembered.forget({due.need for due in found})
            _tell(found)
        return len(fresh)

    def _is_new(self, due: Due) -> bool:
        if due.job is JobName.SETTLE and time.monotonic() - self._settled_at < SETTLE_SECONDS:
            return False
        return self._remembered.is_new(due.need)

    def _put(self, fresh: list[Due]) -> None:
        """Put rows in bundles; RedisError when Redis is away, and nothing is remembered then."""
        if not fresh:
            return
        bundles = bundled(fresh)
        put(bundle for bundle, _ in bundles)
        for bundle, dues in bundles:
            for due in dues:
                self._remembered.note(due.need, bundle.id, bundle.queue)
        if any(due.job is JobName.SETTLE for due in fresh):
            self._settled_at = time.monotonic()


def _may_lead(connection: Connection) -> bool:
    """Whether this connection got the leader's lock, which it keeps until it ends."""
    got = connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LEADER_LOCK})
    connection.commit()
    return bool(got)


def bundled(fresh: list[Due]) -> list[tuple[Bundle, list[Due]]]:
    """Bundles for these rows, each beside what it carries: rows of one queue together, a handful at most.

    A few at a time are dealt out in turn, so that of the turns that start one after the other no worker has them all.
    """
    now = time.time()
    bundles: list[tuple[Bundle, list[Due]]] = []
    for name, group in groupby(sorted(fresh, key=lambda due: QUEUE_OF[due.job]), key=lambda due: QUEUE_OF[due.job]):
        dues = list(group)
        hands = chain.from_iterable(_dealt(dues[start : start + DEALT]) for start in range(0, len(dues), DEALT))
        bundles += [(_bundle(name, hand, now), hand) for hand in hands]
    return bundles


def _bundle(name: QueueName, dues: list[Due], now: float) -> Bundle:
    return Bundle(uuid4().hex, name, tuple(Part(due.job, due.arguments, now + due.ahead) for due in dues))


def _dealt(dues: list[Due]) -> list[list[Due]]:
    hands = math.ceil(len(dues) / ROWS_A_BUNDLE)
    return [dues[hand::hands] for hand in range(hands)]


def _tell(found: list[Due]) -> None:
    """How long the oldest row waits that belongs on each queue."""
    oldest: dict[QueueName, float] = dict.fromkeys(QueueName, 0.0)
    for due in found:
        name = QUEUE_OF[due.job]
        oldest[name] = max(oldest[name], due.age)
    for name, age in oldest.items():
        metrics.QUEUE_OLDEST_SECONDS.labels(queue=name.value).set(age)
