"""The table `backup_record`: when a backup was made last, and when one was last verified."""

from datetime import datetime

from sqlalchemy import select

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


def find_last_success(action: BackupAction) -> BackupRecord | None:
    """The last backup that was made, or was verified; None when none was ever."""
    succeeded = select(BackupRecord).where(
        BackupRecord.action == action, BackupRecord.succeeded.is_(True)
    )
    newest_first = succeeded.order_by(BackupRecord.finished_at.desc(), BackupRecord.id.desc())
    return db.session.scalar(newest_first.limit(1))
