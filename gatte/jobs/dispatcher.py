"""The dispatcher: asks Postgres what is due and puts a job a row on a queue. One leads; another takes over when it dies.

Leadership is a session lock of Postgres, so it ends with the leader's connection. What was put is remembered for a while, so that a
row that waits in the queue is not put again at every look; should Redis lose the job, the row is put again after that while.
"""

import time
from dataclasses import dataclass, field
from datetime import UTC, datetime

import psycopg2
import structlog
from flask import current_app
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from gatte.extensions import db
from gatte.jobs import heartbeat
from gatte.observability import metrics
from gatte.queue import JobName, put
from gatte.settings import Settings

log = structlog.get_logger(__name__)

LEADER_LOCK = 7_000
LOOK_SECONDS = 0.05
FOLLOW_SECONDS = 1.0
AGAIN_SECONDS = 2.0
TELL_SECONDS = 1.0
ROWS_A_LOOK = 500

# One statement a look. Unread messages become due when the customer paused, when the first has waited long enough, or at once: after a
# tap on a button, and in a conversation that a human owns. Of a conversation's answers only the first is due: those behind it wait
# for it. `need` is the same for as long as the same work is to be done.
WHAT_IS_DUE = text("""
    (SELECT 'take_turn' AS job, ARRAY[m.phone_number_id, encode(m.sender_hash, 'hex')] AS arguments,
        'turn-' || encode(m.sender_hash, 'hex') || '-' || max(m.id) AS need, min(m.received_at) AS since
    FROM inbox_message m
    WHERE m.filed_at IS NULL
    GROUP BY m.phone_number_id, m.sender_hash
    HAVING bool_or(m.immediate)
        OR max(m.received_at) <= clock_timestamp() - make_interval(secs => :quiet)
        OR min(m.received_at) <= clock_timestamp() - make_interval(secs => :limit)
        OR EXISTS (
            SELECT 1 FROM contact_identity i JOIN conversation c ON c.contact_id = i.contact_id
            WHERE i.hash = m.sender_hash AND c.phone_number_id = m.phone_number_id AND c.closed_at IS NULL AND c.owner = 'human')
    ORDER BY min(m.received_at) LIMIT :rows)
    UNION ALL
    (SELECT 'deliver', ARRAY[o.conversation_id::text],
        'deliver-' || o.id || '-' || o.attempts || '-' || extract(epoch FROM o.due_at), o.due_at
    FROM outbox o
    WHERE o.state IN ('pending', 'sending', 'uncertain') AND o.due_at <= clock_timestamp() AND NOT EXISTS (
        SELECT 1 FROM outbox e WHERE e.conversation_id = o.conversation_id AND e.position < o.position
            AND e.state IN ('pending', 'sending', 'uncertain'))
    ORDER BY o.due_at LIMIT :rows)
    UNION ALL
    (SELECT 'resume_turn', ARRAY[id::text], 'resume-' || id || '-' || lease_token || '-' || turn_attempts, turn_due_at
    FROM conversation
    WHERE turn_due_at <= clock_timestamp() AND (leased_until IS NULL OR leased_until < clock_timestamp())
    ORDER BY turn_due_at LIMIT :rows)
    UNION ALL
    (SELECT 'watch', ARRAY[id::text], 'watch-' || id || '-' || extract(epoch FROM watch_at), watch_at
    FROM conversation WHERE watch_at <= clock_timestamp() ORDER BY watch_at LIMIT :rows)
    UNION ALL
    (SELECT 'settle', ARRAY[]::text[], 'settle-' || max(id), min(received_at) FROM status_event HAVING count(*) > 0)
""")


@dataclass(frozen=True)
class Due:
    """A job to be put: its name, its arguments, an id that is the same for the same need, and how long it has been due (seconds)."""

    job: JobName
    arguments: tuple[str, ...]
    need: str
    age: float


@dataclass
class Dispatcher:
    """The loop; `stop` ends it after the look that is under way."""

    stopping: bool = False
    _put_at: dict[str, float] = field(default_factory=dict)
    _told_at: float = -TELL_SECONDS

    def stop(self) -> None:
        """End the loop soon."""
        self.stopping = True

    def run(self) -> None:
        """Lead when nobody else does, until stopped; a lost database is waited for."""
        while not self.stopping:
            try:
                with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.detach()  # the lock must end with it: kept in a pool, it would be held by nobody for ever
                    self._follow_or_lead(connection)
            except (DBAPIError, psycopg2.Error) as error:
                log.warning("dispatcher_without_database", error=type(error).__name__)
                time.sleep(FOLLOW_SECONDS)

    def _follow_or_lead(self, connection: Connection) -> None:
        leading = False
        while not self.stopping:
            if not leading and (leading := bool(connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LEADER_LOCK}))):
                log.info("dispatcher_leads")
            if leading:
                self._look(connection)
            heartbeat.beat("scheduler")
            time.sleep(LOOK_SECONDS if leading else FOLLOW_SECONDS)

    def _look(self, connection: Connection) -> None:
        oldest: dict[JobName, float] = dict.fromkeys(JobName, 0.0)
        for due in find_due(connection, current_app.extensions["gatte_settings"]):
            oldest[due.job] = max(oldest[due.job], due.age)
            self._put(due)
        if time.monotonic() - self._told_at > TELL_SECONDS:
            self._told_at = time.monotonic()
            for job, age in oldest.items():
                metrics.QUEUE_OLDEST_SECONDS.labels(queue=job.name.lower()).set(age)
        self._forget_old()

    def _put(self, due: Due) -> None:
        now = time.monotonic()
        if now - self._put_at.get(due.need, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return
        bucket = int(time.time() / 10)  # a job that died with its worker keeps its id: the next bucket's is free
        put(due.job, *due.arguments, job_id=job_id_of(due, bucket))
        self._put_at[due.need] = now

    def _forget_old(self) -> None:
        if len(self._put_at) > 20 * ROWS_A_LOOK:
            horizon = time.monotonic() - AGAIN_SECONDS
            self._put_at = {need: at for need, at in self._put_at.items() if at > horizon}


def job_id_of(due: Due, bucket: int) -> str:
    """The id of the job for a need: letters, digits, underscores and dashes only, as RQ wants it."""
    return f"{due.need}-{bucket}".replace(".", "_")


def find_due(connection: Connection, settings: Settings) -> list[Due]:
    """Everything that is due now, the longest-waiting first within its kind."""
    limits = {"quiet": settings.gatte_quiet_seconds, "limit": settings.gatte_quiet_limit_seconds, "rows": ROWS_A_LOOK}
    now = datetime.now(UTC)
    rows = connection.execute(WHAT_IS_DUE, limits)
    return [Due(JobName[row.job.upper()], tuple(row.arguments), row.need, (now - row.since).total_seconds()) for row in rows]
