"""Scheduled jobs: what the clock starts, and when.

Each has a row in the table `scheduled_job`. The dispatcher finds those that are due, a worker
claims the row and runs the job: however many schedulers there are, each runs once. Times are the
company's. A run that dies is due again when its lease has run out.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from croniter import croniter

from gatte import services
from gatte.data_rights import erasure, erasure_requests, key_destruction, ledger_check, retention
from gatte.extensions import db
from gatte.operations import budget_check, figures
from gatte.store import scheduled_jobs

log = structlog.get_logger(__name__)

LEASE_SECONDS = 1800.0  # longer than any of them works


class NoSuchScheduledJob(Exception):
    """No scheduled job has this name; the message lists those there are."""


@dataclass(frozen=True)
class CronEntry:
    """A scheduled job: its cron expression, in the company's time zone, and what it does. That
    commits as it goes, and returns counts for people to read.
    """

    name: str
    cron: str
    run: Callable[[], Mapping[str, object]]


def count_daily_figures() -> Mapping[str, object]:
    """Count the last days."""
    days = figures.count_days()
    db.session.commit()
    return {"days": days}


def apply_retention() -> Mapping[str, object]:
    """Remove what has had its time, after its days were counted, and prove it by a scan."""
    count_daily_figures()
    removed: dict[str, int] = {}
    for step in retention.remove_expired():
        db.session.commit()
        removed[step.name] = removed.get(step.name, 0) + step.removed
    return {"removed": removed, "left": retention.count_left()}


def destroy_inbox_keys() -> Mapping[str, object]:
    """Destroy the inbox keys of days that are over."""
    counts = key_destruction.destroy_old_keys()
    db.session.commit()
    return counts


def erase_due_contacts() -> Mapping[str, object]:
    """Erase the contacts whose requests are to be carried out by now."""
    erased = held = 0
    for contact_id in erasure_requests.list_due():
        try:
            done = erasure.erase(contact_id)
        except erasure.ContactHeld:
            db.session.rollback()
            erasure_requests.leave_to_people(contact_id)
            db.session.commit()
            held += 1
            continue
        db.session.commit()
        erasure.clear_caches(done)
        erased += 1
    return {"erased": erased, "held": held}


def replay_erasures() -> Mapping[str, object]:
    """Carry out erasures that the ledger names and the database lacks."""
    replayed = 0
    for done in ledger_check.replay_missing():
        db.session.commit()
        erasure.clear_caches(done)
        replayed += 1
    return {"replayed": replayed}


def check_budget() -> Mapping[str, object]:
    """Tell when much of the budget is spent."""
    spent = budget_check.check()
    db.session.commit()
    return spent


ENTRIES = (
    CronEntry("apply_retention", "40 2 * * *", apply_retention),
    CronEntry("check_budget", "* * * * *", check_budget),
    CronEntry("count_daily_figures", "10 * * * *", count_daily_figures),
    CronEntry("destroy_inbox_keys", "20 4 * * *", destroy_inbox_keys),
    CronEntry("erase_due_contacts", "*/5 * * * *", erase_due_contacts),
    CronEntry("replay_erasures", "*/5 * * * *", replay_erasures),
)
BY_NAME = {entry.name: entry for entry in ENTRIES}


def next_run(cron: str, after: datetime) -> datetime:
    """When an expression is met next after a time, by the company's clock; in UTC."""
    local = after.astimezone(services.settings().time_zone)
    found: datetime = croniter(cron, local).get_next(datetime)
    return found.astimezone(UTC)


def sync() -> None:
    """Let the table hold the scheduled jobs of this version, and no others."""
    now = datetime.now(UTC)
    for entry in ENTRIES:
        scheduled_jobs.sync(entry.name, entry.cron, next_run(entry.cron, now))
    scheduled_jobs.delete_unknown(sorted(BY_NAME))
    db.session.commit()


def run(name: str, *, only_if_due: bool = True) -> bool:
    """Run a scheduled job and note how it ended; False when it is not due, or runs already.
    NoSuchScheduledJob for a name that this version does not have.
    """
    entry = BY_NAME.get(name)
    if entry is None:
        raise NoSuchScheduledJob(f"{name}: there is none; there are {', '.join(sorted(BY_NAME))}")
    claimed = scheduled_jobs.claim(name, LEASE_SECONDS, only_if_due=only_if_due)
    db.session.commit()
    if not claimed:
        return False
    log.info("scheduled_job_started", name=name)
    try:
        result = entry.run()
    except Exception as error:
        db.session.rollback()
        _finish(entry, error=f"{type(error).__name__}: {error}")
        raise
    _finish(entry, result=result)
    log.info("scheduled_job_finished", name=name, **result)
    return True


def _finish(
    entry: CronEntry, *, result: Mapping[str, object] | None = None, error: str | None = None
) -> None:
    after = next_run(entry.cron, datetime.now(UTC))
    scheduled_jobs.finish(entry.name, after, result=result, error=error)
    db.session.commit()
