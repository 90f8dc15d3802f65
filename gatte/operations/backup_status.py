"""When the database was backed up last, and when a backup was last restored and verified."""

from dataclasses import dataclass
from datetime import datetime

from gatte.models import BackupAction
from gatte.store import backup_records


@dataclass(frozen=True)
class BackupStatus:
    """The times of the last backup and of the last verified restore; None when none is known."""

    backed_up_at: datetime | None = None
    verified_at: datetime | None = None


def find_status() -> BackupStatus:
    """What this installation noted of its backups."""
    return BackupStatus(
        backed_up_at=backup_records.find_last(BackupAction.CREATED),
        verified_at=backup_records.find_last(BackupAction.VERIFIED),
    )
