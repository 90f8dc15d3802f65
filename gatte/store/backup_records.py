"""The table `backup_record`: when a backup was made last, and when one was last verified."""

from datetime import datetime

from sqlalchemy import func, select

from gatte.extensions import db
from gatte.models import BackupAction, BackupRecord

LONGEST_PROBLEM = 500


def add(
    action: BackupAction,
    backup: str | None,
    started_at: datetime,
    *,
    size_bytes: int | None = None,
    problem: str | None = None,
) -> None:
    """Note that something was done with a backup; without `problem` it succeeded."""
    db.session.add(
        BackupRecord(
            action=action,
            backup=backup,
            started_at=started_at,
            size_bytes=size_bytes,
            succeeded=problem is None,
            problem=problem[:LONGEST_PROBLEM] if problem else None,
        )
    )


def find_last(action: BackupAction) -> datetime | None:
    """When that last succeeded; None when it never did."""
    newest = select(func.max(BackupRecord.finished_at)).where(
        BackupRecord.action == action, BackupRecord.succeeded
    )
    return db.session.scalar(newest)
