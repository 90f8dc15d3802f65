"""Metrics that no process counts: they are asked of Postgres and Redis when the page is read, and
are the same for whichever web process answers.

A store that is away is 0 in `gatte_store_up`, and what it would have said is NaN: no alert takes
silence for zero.
"""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime

import structlog
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from psycopg2 import OperationalError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gatte import services
from gatte.extensions import db
from gatte.infra.gevent_mode import time_limit
from gatte.infra.redis.fail_fast import RedisUnavailable
from gatte.infra.rq_queue import ProcessKind, count_alive
from gatte.models import ScheduledJob
from gatte.operations import backup_status, own_certificate, prometheus
from gatte.operations.backup_status import BackupStatus
from gatte.store import backlog, scheduled_jobs
from gatte.store.backlog import Backlog, DeadLetterKind

log = structlog.get_logger(__name__)

PATIENCE_SECONDS = 3.0
"""Less than the time in which Prometheus wants the page."""
PATIENCE = text("SET LOCAL statement_timeout = '3s'")
UNKNOWN = Backlog(
    oldest_message_seconds=math.nan,
    oldest_turn_seconds=math.nan,
    oldest_reply_seconds=math.nan,
    oldest_customer_seconds=math.nan,
    waiting_customers=math.nan,
    dead_letters=dict.fromkeys(DeadLetterKind, math.nan),
)


def collect() -> list[Metric]:
    """Every metric of this module, whatever answers."""
    return [*_of_redis(), *_of_postgres()]


def _of_redis() -> list[Metric]:
    redis = services.fail_fast_redis()
    processes: Mapping[ProcessKind, float] = dict.fromkeys(ProcessKind, math.nan)
    is_up = True
    try:
        processes = redis.execute(count_alive)
        redis.execute(prometheus.note_scrape)
    except RedisUnavailable:
        is_up = False
    return [
        _gauge("gatte_redis_up", "Whether Redis answers", float(is_up)),
        _labelled(
            "gatte_processes",
            "Processes that gave signs of life within ten seconds",
            "kind",
            processes.items(),
        ),
    ]


def _of_postgres() -> list[Metric]:
    found = UNKNOWN
    jobs: list[ScheduledJob] = []
    backups = BackupStatus()
    is_up = True
    try:
        with time_limit(PATIENCE_SECONDS):
            db.session.execute(PATIENCE)
            found = backlog.load_backlog(db.session.connection())
            jobs = scheduled_jobs.list_all()
            backups = backup_status.find_status()
    except (SQLAlchemyError, OperationalError) as error:
        log.warning("metrics_without_database", error=type(error).__name__)
        is_up = False
    finally:
        db.session.rollback()
    up = _gauge("gatte_postgres_up", "Whether Postgres answers", float(is_up))
    return [up, *_of_backlog(found), *_of_jobs(jobs), *_of_backups(backups)]


def _of_backlog(found: Backlog) -> list[Metric]:
    ages = {
        "message": found.oldest_message_seconds,
        "turn": found.oldest_turn_seconds,
        "reply": found.oldest_reply_seconds,
        "customer": found.oldest_customer_seconds,
    }
    return [
        _labelled(
            "gatte_waiting_oldest_seconds",
            "How long the oldest waits: a message that is not processed, a turn or a reply that is "
            "due, a customer who waits for a person",
            "what",
            ages.items(),
        ),
        _gauge(
            "gatte_customers_waiting", "Customers who wait for a person", found.waiting_customers
        ),
        _labelled(
            "gatte_dead_letters",
            "What was given up and waits for people",
            "kind",
            found.dead_letters.items(),
        ),
    ]


def _of_jobs(jobs: list[ScheduledJob]) -> list[Metric]:
    ended = [(job.name, _seconds(job.finished_at)) for job in jobs]
    failed = [(job.name, float(job.succeeded is False)) for job in jobs]
    certificate = next((job for job in jobs if job.name == own_certificate.JOB_NAME), None)
    result = (certificate.result if certificate else None) or {}
    expiry = own_certificate.expiry_of(result)
    return [
        _labelled(
            "gatte_scheduled_job_last_run_timestamp_seconds",
            "When a scheduled job ended last; 0 when it never ran",
            "name",
            ended,
        ),
        _labelled("gatte_scheduled_job_failed", "Whether its last run failed", "name", failed),
        _gauge(
            "gatte_certificate_expiry_timestamp_seconds",
            "Until when the certificate of our own domain holds; 0 when that is not known",
            _seconds(expiry),
        ),
    ]


def _of_backups(backups: BackupStatus) -> list[Metric]:
    return [
        _gauge(
            "gatte_backup_last_success_timestamp_seconds",
            "When the database was backed up last; 0 when no backup is known",
            _seconds(backups.backed_up_at),
        ),
        _gauge(
            "gatte_backup_last_verified_timestamp_seconds",
            "When a backup was last restored and verified; 0 when none is known",
            _seconds(backups.verified_at),
        ),
    ]


def _gauge(name: str, documentation: str, value: float) -> Metric:
    return GaugeMetricFamily(name, documentation, value=value)


def _labelled(
    name: str, documentation: str, label: str, values: Iterable[tuple[str, float]]
) -> Metric:
    family = GaugeMetricFamily(name, documentation, labels=[label])
    for value_of_label, value in values:
        family.add_metric([value_of_label], value)
    return family


def _seconds(moment: datetime | None) -> float:
    """Seconds since 1970; 0 for a time that is not known."""
    return moment.timestamp() if moment else 0.0
