"""What is due, asked of Postgres in one statement: inbox, outbox, conversations, statuses,
scheduled jobs, webhooks, passages and customers' files.

While somebody holds a snapshot (a dump), the indexes keep an entry for all that was done since, and
a look that reads from the beginning reads them all. So most looks read only what became due lately
(`fetch_lately_due`), and one now and then all that is due (`fetch_due_work`).
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import Connection

from gatte.infra.rq_queue import JobName
from gatte.settings import Settings
from gatte.store import (
    conversations,
    inbox,
    knowledge,
    media_files,
    outbox,
    scheduled_jobs,
    webhook_deliveries,
)

MAX_ROWS_PER_POLL = 500
LATELY_SECONDS = 2.0
"""What is committed later than this after its time is found by the next look at all."""
EVER_SECONDS = 10 * 365 * 86_400.0
# planning it takes longer than running it, so each connection has it planned once
PREPARED_ALL = "what_is_due"
PREPARED_LATELY = "what_is_lately_due"
PARAMETER_TYPES = "float8, float8, float8, int, float8"

# `need` is the same for as long as the same work is to be done. $1: the pause of a sender, $2: the
# longest wait, $3: how far to look ahead for messages whose pause is about to end (all in seconds),
# $4: rows of a kind, $5: how many seconds ago the earliest became due.
SINCE = "statement_timestamp() - make_interval(secs => $5)"
LATELY_DUE_SQL = f"""
    (SELECT 'process_inbox' AS job,
        ARRAY[m.phone_number_id, encode(m.sender_hash, 'hex')] AS arguments,
        'turn-' || encode(m.sender_hash, 'hex') || '-' || max(m.id) AS need,
        min(m.received_at) AS since,
        {inbox.SECONDS_UNTIL_DUE} AS ahead
    FROM inbox_message m
    WHERE m.{inbox.UNPROCESSED}
        AND m.received_at > {SINCE} - make_interval(secs => $2)
    GROUP BY m.phone_number_id, m.sender_hash
    HAVING {inbox.DUE}
    ORDER BY min(m.received_at)
    LIMIT $4)
    UNION ALL
    (SELECT 'deliver',
        ARRAY[o.conversation_id::text],
        'deliver-' || o.id || '-' || o.attempts || '-' || extract(epoch FROM o.next_attempt_at),
        o.next_attempt_at,
        0
    FROM outbox o
    WHERE {outbox.DUE}
        AND o.next_attempt_at > {SINCE}
    ORDER BY o.next_attempt_at
    LIMIT $4)
    UNION ALL
    (SELECT 'apply_statuses',
        ARRAY[]::text[],
        'settle-' || max(id),
        min(received_at),
        0
    FROM status_event
    WHERE received_at > {SINCE}
    HAVING count(*) > 0)
"""  # noqa: S608 - our own words only
# With what may wait a second longer.
ALL_DUE_SQL = f"""{LATELY_DUE_SQL}
    UNION ALL
    (SELECT 'resume_turn',
        ARRAY[id::text],
        'resume-' || id || '-' || lease_token || '-' || turn_attempts,
        turn_due_at,
        0
    FROM conversation
    WHERE {conversations.TURN_DUE}
    ORDER BY turn_due_at
    LIMIT $4)
    UNION ALL
    (SELECT 'fire_inactivity_timer',
        ARRAY[id::text],
        'watch-' || id || '-' || extract(epoch FROM inactivity_due_at),
        inactivity_due_at,
        0
    FROM conversation
    WHERE {conversations.WOKEN} AND {conversations.INACTIVITY_DUE}
    ORDER BY inactivity_due_at
    LIMIT $4)
    UNION ALL
    (SELECT 'run_scheduled_job',
        ARRAY[name],
        'cron-' || name || '-' || extract(epoch FROM next_run_at),
        next_run_at,
        0
    FROM scheduled_job
    WHERE {scheduled_jobs.DUE}
    ORDER BY next_run_at
    LIMIT $4)
    UNION ALL
    (SELECT 'embed_passages',
        ARRAY[]::text[],
        'embed-' || max(p.id),
        max(a.updated_at),
        0
    FROM passage p
    JOIN article a ON a.id = p.article_id
    WHERE {knowledge.UNEMBEDDED}
    HAVING count(*) > 0)
    UNION ALL
    (SELECT 'fetch_media',
        ARRAY[]::text[],
        'media-' || extract(epoch FROM max(f.next_attempt_at)),
        min(f.next_attempt_at),
        0
    FROM media_file f
    WHERE {media_files.DUE}
    HAVING count(*) > 0)
    UNION ALL
    (SELECT 'deliver_webhooks',
        ARRAY[d.subscription_id::text],
        'webhooks-' || d.subscription_id || '-' || min(d.sequence) || '-' || max(d.attempts),
        min(d.next_attempt_at),
        0
    FROM webhook_delivery d
    WHERE {webhook_deliveries.DUE}
    GROUP BY d.subscription_id
    ORDER BY min(d.next_attempt_at)
    LIMIT $4)
"""  # noqa: S608 - our own words only


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
    return _fetch(connection, settings, look_ahead, PREPARED_ALL, ALL_DUE_SQL, EVER_SECONDS)


def fetch_lately_due(
    connection: Connection, settings: Settings, look_ahead: float = 0.0
) -> list[DueWork]:
    """Of messages, replies and statuses what became due within the last LATELY_SECONDS; and turns
    that will be within `look_ahead` seconds.
    """
    return _fetch(connection, settings, look_ahead, PREPARED_LATELY, LATELY_DUE_SQL, LATELY_SECONDS)


def _fetch(
    connection: Connection,
    settings: Settings,
    look_ahead: float,
    name: str,
    sql: str,
    ago_seconds: float,
) -> list[DueWork]:
    if name not in connection.info:
        connection.exec_driver_sql(f"PREPARE {name} ({PARAMETER_TYPES}) AS {sql}")
        connection.info[name] = True
    values = (
        settings.gatte_quiet_seconds,
        settings.gatte_quiet_max_seconds,
        look_ahead,
        MAX_ROWS_PER_POLL,
        ago_seconds,
    )
    rows = connection.exec_driver_sql(f"EXECUTE {name} (%s, %s, %s, %s, %s)", values)
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
