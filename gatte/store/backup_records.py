"""The table `backup_record`: when a backup was made last, and when one was last verified."""

import math
from datetime import datetime

from sqlalchemy import Connection, text

from gatte.extensions import db
from gatte.models import BackupAction, BackupRecord

LONGEST_PROBLEM = 500
AGES_SQL = text("""
    SELECT action, extract(epoch FROM clock_timestamp() - max(finished_at))
    FROM backup_record
    WHERE succeeded
    GROUP BY action
""")


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


def fetch_ages(connection: Connection) -> dict[BackupAction, float]:
    """How many seconds ago a backup was last made, and last verified; infinite when never."""
    ages = dict.fromkeys(BackupAction, math.inf)
    for action, seconds in connection.execute(AGES_SQL):
        ages[BackupAction(action)] = float(seconds)
    return ages
