"""The table `scheduled_job`: what the clock starts, when it ran last, and when it runs next.

A job is due when its time has come and nobody runs it. Whoever claims it has it for a time: should
the process die, the job is due again.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, or_, select, update
from sqlalchemy.dialects.postgresql import insert

from gatte.extensions import db
from gatte.infra.database.clock import DB_NOW, seconds_from_now
from gatte.models import ScheduledJob

FREE = "(lease_expires_at IS NULL OR lease_expires_at < clock_timestamp())"
DUE = f"next_run_at <= clock_timestamp() AND {FREE}"
LONGEST_ERROR = 300


def sync(name: str, cron: str, next_run_at: datetime) -> None:
    """Let a job be known; its next run stays as it is unless its expression changed."""
    row = {"name": name, "cron": cron, "next_run_at": next_run_at}
    statement = insert(ScheduledJob).values(**row)
    changed = {"cron": cron, "next_run_at": next_run_at}
    db.session.execute(
        statement.on_conflict_do_update(
            index_elements=["name"], set_=changed, where=ScheduledJob.cron != cron
        )
    )


def delete_unknown(names: list[str]) -> None:
    """Forget the jobs that this version does not have."""
    db.session.execute(delete(ScheduledJob).where(ScheduledJob.name.not_in(names)))


def claim(name: str, seconds: float, *, only_if_due: bool) -> bool:
    """Whether the caller has this job to itself for so many seconds from now on."""
    now = func.clock_timestamp()
    free = or_(ScheduledJob.lease_expires_at.is_(None), ScheduledJob.lease_expires_at < now)
    mine = update(ScheduledJob).where(ScheduledJob.name == name, free)
    if only_if_due:
        mine = mine.where(ScheduledJob.next_run_at <= now)
    claimed = mine.values(lease_expires_at=seconds_from_now(seconds), started_at=DB_NOW)
    found = claimed.returning(ScheduledJob.name)
    return db.session.scalar(found.execution_options(synchronize_session=False)) is not None


def finish(
    name: str,
    next_run_at: datetime,
    *,
    result: Mapping[str, Any] | None = None,
    error: str | None = None,
) -> None:
    """Note how a run ended, and when the next begins; without `error` it succeeded."""
    values: dict[str, Any] = {
        "lease_expires_at": None,
        "finished_at": DB_NOW,
        "next_run_at": next_run_at,
        "succeeded": error is None,
        "result": None if result is None else dict(result),
        "error": error[:LONGEST_ERROR] if error else None,
    }
    ended = update(ScheduledJob).where(ScheduledJob.name == name).values(**values)
    db.session.execute(ended.execution_options(synchronize_session=False))


def make_due(name: str) -> bool:
    """Let a job be due now; whether there is one of this name."""
    due = update(ScheduledJob).where(ScheduledJob.name == name).values(next_run_at=DB_NOW)
    found = due.returning(ScheduledJob.name)
    return db.session.scalar(found.execution_options(synchronize_session=False)) is not None


def find(name: str) -> ScheduledJob | None:
    """A job as it is now; None when there is none of this name."""
    found = select(ScheduledJob).where(ScheduledJob.name == name)
    return db.session.scalar(found.execution_options(populate_existing=True))


def list_all() -> list[ScheduledJob]:
    """All jobs by name, as they are now."""
    in_order = select(ScheduledJob).order_by(ScheduledJob.name)
    return list(db.session.scalars(in_order.execution_options(populate_existing=True)))
