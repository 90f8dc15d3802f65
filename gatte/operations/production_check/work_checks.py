"""Checks of the processes and of what they leave undone (16.5, 17.13)."""

from datetime import UTC, datetime, timedelta

from gatte import services
from gatte.extensions import db
from gatte.infra.rq_queue import count_alive, count_failed_batches
from gatte.intelligence.gemini import rejections
from gatte.operations.production_check.findings import Finding, age_in_words, failure, warning
from gatte.store import backlog, scheduled_jobs

OLDEST_WORK_SECONDS = 60.0
LATEST_START = timedelta(minutes=15)
OLDEST_RETENTION = timedelta(days=2)
RETENTION_JOB = "apply_retention"


def check_processes() -> list[Finding]:
    """A worker and a scheduler gave signs of life within ten seconds."""
    alive = count_alive(services.redis())
    return [failure("none", kind=kind.value) for kind, count in alive.items() if not count]


def check_backlog() -> list[Finding]:
    """Nothing that is due waits for long."""
    found = backlog.load_backlog(db.session.connection())
    ages = {
        "message": found.oldest_message_seconds,
        "turn": found.oldest_turn_seconds,
        "reply": found.oldest_reply_seconds,
    }
    return [
        failure(what, age=age_in_words(age))
        for what, age in ages.items()
        if age > OLDEST_WORK_SECONDS
    ]


def check_dead_letters() -> list[Finding]:
    """Nothing was given up that still waits for a person."""
    found = backlog.load_backlog(db.session.connection())
    counts = found.dead_letters.items()
    return [failure(kind.value, count=f"{count:.0f}") for kind, count in counts if count]


def check_scheduled_jobs() -> list[Finding]:
    """What the clock starts was started, and did not fail."""
    jobs = scheduled_jobs.list_all()
    if not jobs:
        return [failure("none")]
    found = []
    now = datetime.now(UTC)
    for job in jobs:
        late = now - job.next_run_at
        if job.succeeded is False:
            found.append(failure("failed", job=job.name, error=job.error or ""))
        elif late > LATEST_START and job.lease_expires_at is None:
            age = age_in_words(late.total_seconds())
            found.append(failure("late", job=job.name, age=age))
    return found


def check_failed_batches() -> list[Finding]:
    """No error went through the boundary of a job within the last hour."""
    count = count_failed_batches()
    return [warning("failed", count=count)] if count else []


def check_retention() -> list[Finding]:
    """What has had its time was removed within two days."""
    job = scheduled_jobs.find(RETENTION_JOB)
    if job is None or job.finished_at is None:
        return [failure("never")]
    age = datetime.now(UTC) - job.finished_at
    if age > OLDEST_RETENTION:
        return [failure("long_ago", age=age_in_words(age.total_seconds()))]
    return []


def check_gemini() -> list[Finding]:
    """Gemini refuses neither our key nor our models."""
    gemini = services.gemini()
    if gemini is None:
        return [warning("not_used")]
    models = sorted({gemini.models.classifier, gemini.models.responder})
    refused = rejections.list_published(services.fail_fast_redis(), models)
    return [failure("refused", model=one["model"], cause=one["cause"]) for one in refused]
