"""The dispatcher: asks Postgres what is due and puts a job a row on a queue. One leads; another takes over when it dies.

Leadership is a session lock of Postgres, so it ends with the leader's connection. What was put is remembered for a while, so that a
row that waits in the queue is not put again at every look; should Redis lose the job, the row is put again after that while.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

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
FOLLOW_SECONDS = 2.0
AGAIN_SECONDS = 2.0
ROWS_A_LOOK = 500

# Unread messages become due when the customer paused, when the first has waited long enough, or at once: after a tap on a button,
# and in a conversation that a human owns.
DUE_SENDERS = text("""
    SELECT m.phone_number_id, encode(m.sender_hash, 'hex') AS sender, max(m.id) AS newest,
        extract(epoch FROM clock_timestamp() - min(m.received_at)) AS age
    FROM inbox_message m
    WHERE m.filed_at IS NULL
    GROUP BY m.phone_number_id, m.sender_hash
    HAVING bool_or(m.immediate)
        OR max(m.received_at) <= clock_timestamp() - make_interval(secs => :quiet)
        OR min(m.received_at) <= clock_timestamp() - make_interval(secs => :limit)
        OR EXISTS (
            SELECT 1 FROM contact_identity i JOIN conversation c ON c.contact_id = i.contact_id
            WHERE i.hash = m.sender_hash AND c.phone_number_id = m.phone_number_id AND c.closed_at IS NULL AND c.owner = 'human')
    ORDER BY min(m.received_at) LIMIT :rows
""")
DUE_TURNS = text("""
    SELECT id::text AS id, lease_token, turn_attempts, extract(epoch FROM clock_timestamp() - turn_due_at) AS age FROM conversation
    WHERE turn_due_at <= clock_timestamp() AND (leased_until IS NULL OR leased_until < clock_timestamp())
    ORDER BY turn_due_at LIMIT :rows
""")
DUE_ANSWERS = text("""
    SELECT conversation_id::text AS id, min(position) AS first, max(attempts) AS attempts,
        extract(epoch FROM clock_timestamp() - min(due_at)) AS age FROM outbox
    WHERE state IN ('pending', 'sending', 'uncertain') AND due_at <= clock_timestamp()
    GROUP BY conversation_id ORDER BY min(due_at) LIMIT :rows
""")
DUE_ALARMS = text("""
    SELECT id::text AS id, extract(epoch FROM watch_at)::bigint AS at, extract(epoch FROM clock_timestamp() - watch_at) AS age
    FROM conversation WHERE watch_at <= clock_timestamp() ORDER BY watch_at LIMIT :rows
""")
ANY_STATUS = text("SELECT max(id) AS newest, extract(epoch FROM clock_timestamp() - min(received_at)) AS age FROM status_event")


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

    def stop(self) -> None:
        """End the loop soon."""
        self.stopping = True

    def run(self) -> None:
        """Lead when nobody else does, until stopped; a lost database is waited for."""
        while not self.stopping:
            try:
                with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    self._follow_or_lead(connection)
            except DBAPIError as error:
                log.warning("dispatcher_without_database", error=type(error).__name__)
                time.sleep(FOLLOW_SECONDS / 2)

    def _follow_or_lead(self, connection: Connection) -> None:
        leading = connection.scalar(text("SELECT pg_try_advisory_lock(:lock)"), {"lock": LEADER_LOCK})
        heartbeat.beat("scheduler")
        if not leading:
            time.sleep(FOLLOW_SECONDS)
            return
        log.info("dispatcher_leads")
        while not self.stopping:
            self._look(connection)
            heartbeat.beat("scheduler")
            time.sleep(LOOK_SECONDS)

    def _look(self, connection: Connection) -> None:
        oldest: dict[JobName, float] = dict.fromkeys(JobName, 0.0)
        for due in find_due(connection, current_app.extensions["gatte_settings"]):
            oldest[due.job] = max(oldest[due.job], due.age)
            self._put(due)
        for job, age in oldest.items():
            metrics.QUEUE_OLDEST_SECONDS.labels(queue=job.name.lower()).set(age)
        self._forget_old()

    def _put(self, due: Due) -> None:
        now = time.monotonic()
        if now - self._put_at.get(due.need, -AGAIN_SECONDS) < AGAIN_SECONDS:
            return
        bucket = int(time.time() / 10)  # a job that died with its worker keeps its id: the next bucket's is free
        put(due.job, *due.arguments, job_id=f"{due.need}-{bucket}")
        self._put_at[due.need] = now

    def _forget_old(self) -> None:
        if len(self._put_at) > 20 * ROWS_A_LOOK:
            horizon = time.monotonic() - AGAIN_SECONDS
            self._put_at = {need: at for need, at in self._put_at.items() if at > horizon}


def find_due(connection: Connection, settings: Settings) -> Iterator[Due]:
    """Everything that is due now, the longest-waiting first within its kind."""
    quiet = {"quiet": settings.gatte_quiet_seconds, "limit": settings.gatte_quiet_limit_seconds, "rows": ROWS_A_LOOK}
    for row in connection.execute(DUE_SENDERS, quiet):
        yield Due(JobName.TAKE_TURN, (row.phone_number_id, row.sender), f"turn-{row.sender}-{row.newest}", float(row.age))
    rows = {"rows": ROWS_A_LOOK}
    for row in connection.execute(DUE_ANSWERS, rows):
        yield Due(JobName.DELIVER, (row.id,), f"deliver-{row.id}-{row.first}-{row.attempts}", float(row.age))
    for row in connection.execute(DUE_TURNS, rows):
        yield Due(JobName.RESUME_TURN, (row.id,), f"resume-{row.id}-{row.lease_token}-{row.turn_attempts}", float(row.age))
    for row in connection.execute(DUE_ALARMS, rows):
        yield Due(JobName.WATCH, (row.id,), f"watch-{row.id}-{row.at}", float(row.age))
    status = connection.execute(ANY_STATUS).one()
    if status.newest is not None:
        yield Due(JobName.SETTLE, (), f"settle-{status.newest}", float(status.age))
