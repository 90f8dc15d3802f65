"""What is due, asked of Postgres in one statement."""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from gatte.infra.rq_queue import JobName
from gatte.settings import Settings

MAX_ROWS_PER_POLL = 500
# planning it takes longer than running it, so each connection has it planned once
PREPARED = "what_is_due"

# One statement a look. Unread messages become due when the customer paused, when the first has
# waited long enough, or at once: after a tap on a button, and in a conversation that a human owns.
# Of a conversation's answers only the first is due: those behind it wait for it. `need` is the same
# for as long as the same work is to be done. $1: the pause, $2: the longest wait, $3: how far to
# look ahead for messages whose pause is about to end (all in seconds), $4: rows of a kind.
DUE_WORK_SQL = """
    (SELECT 'process_inbox' AS job,
        ARRAY[m.phone_number_id, encode(m.sender_hash, 'hex')] AS arguments,
        'turn-' || encode(m.sender_hash, 'hex') || '-' || max(m.id) AS need,
        min(m.received_at) AS since,
        CASE
            WHEN bool_or(m.immediate) THEN 0
            ELSE extract(epoch FROM least(
                max(m.received_at) + make_interval(secs => $1),
                min(m.received_at) + make_interval(secs => $2)) - clock_timestamp())::float8
        END AS ahead
    FROM inbox_message m
    WHERE m.filed_at IS NULL
    GROUP BY m.phone_number_id, m.sender_hash
    HAVING bool_or(m.immediate)
        OR max(m.received_at) <= clock_timestamp() - make_interval(secs => $1 - $3)
        OR min(m.received_at) <= clock_timestamp() - make_interval(secs => $2 - $3)
        OR EXISTS (
            SELECT 1
            FROM contact_identity i
            JOIN conversation c ON c.contact_id = i.contact_id
            WHERE i.hash = m.sender_hash
                AND c.phone_number_id = m.phone_number_id
                AND c.closed_at IS NULL
                AND c.owner = 'human')
    ORDER BY min(m.received_at)
    LIMIT $4)
    UNION ALL
    (SELECT 'deliver',
        ARRAY[o.conversation_id::text],
        'deliver-' || o.id || '-' || o.attempts || '-' || extract(epoch FROM o.due_at),
        o.due_at,
        0
    FROM outbox o
    WHERE o.state IN ('pending', 'sending', 'uncertain')
        AND o.due_at <= clock_timestamp()
        AND NOT EXISTS (
            SELECT 1
            FROM outbox e
            WHERE e.conversation_id = o.conversation_id
                AND e.position < o.position
                AND e.state IN ('pending', 'sending', 'uncertain'))
    ORDER BY o.due_at
    LIMIT $4)
    UNION ALL
    (SELECT 'resume_turn',
        ARRAY[id::text],
        'resume-' || id || '-' || lease_token || '-' || turn_attempts,
        turn_due_at,
        0
    FROM conversation
    WHERE turn_due_at <= clock_timestamp()
        AND (leased_until IS NULL OR leased_until < clock_timestamp())
    ORDER BY turn_due_at
    LIMIT $4)
    UNION ALL
    (SELECT 'fire_inactivity_timer',
        ARRAY[id::text],
        'watch-' || id || '-' || extract(epoch FROM watch_at),
        watch_at,
        0
    FROM conversation
    WHERE watch_at <= clock_timestamp()
    ORDER BY watch_at
    LIMIT $4)
    UNION ALL
    (SELECT 'apply_statuses',
        ARRAY[]::text[],
        'settle-' || max(id),
        min(received_at),
        0
    FROM status_event
    HAVING count(*) > 0)
"""


@dataclass(frozen=True, slots=True)
class DueWork:
    """A job to be put: its name, its arguments, a name for the need that is the same while it
    lasts, and two times in seconds.

    `age` is how long it has waited already, `ahead` how long it has to wait still.
    """

    job: JobName
    arguments: tuple[str, ...]
    dedup_key: str
    age_seconds: float
    delay_seconds: float = 0.0


def fetch_due_work(
    connection: Connection, settings: Settings, look_ahead: float = 0.0
) -> list[DueWork]:
    """Everything that is due now, the longest-waiting first within its kind; and turns that will be
    within `look_ahead` seconds.
    """
    if PREPARED not in connection.info:
        connection.exec_driver_sql(
            f"PREPARE {PREPARED} (float8, float8, float8, int) AS {DUE_WORK_SQL}"
        )
        connection.info[PREPARED] = True
    limits = (
        settings.gatte_quiet_seconds,
        settings.gatte_quiet_limit_seconds,
        look_ahead,
        MAX_ROWS_PER_POLL,
    )
    rows = connection.exec_driver_sql(f"EXECUTE {PREPARED} (%s, %s, %s, %s)", limits)
    now = datetime.now(UTC)
    return [
        DueWork(
            JobName[job.upper()],
            tuple(arguments),
            need,
            (now - since).total_seconds(),
            _within(ahead, look_ahead),
        )
        for job, arguments, need, since, ahead in rows
    ]


def _within(ahead: float, look_ahead: float) -> float:
    """Zero for what is due already, and for a person's conversation, which waits for no pause."""
    return ahead if 0 < ahead <= look_ahead else 0.0
