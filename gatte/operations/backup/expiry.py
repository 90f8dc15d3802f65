"""Which backups have had their time: the last of each of the newest days, weeks and months stay
(grandfather, father, son).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from gatte.operations.backup import base_backup, manifest, wal_archive
from gatte.operations.backup.destination import BackupDestination, open_destination
from gatte.operations.backup.manifest import BackupKind, BackupManifest
from gatte.settings import Settings

log = structlog.get_logger(__name__)

UNTOUCHED_FOR = timedelta(days=1)
INCOMPLETE_AFTER = timedelta(days=2)
NAMED_AT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class ExpiredBackups:
    """What is to be deleted: names of backups and of ones that never ended, and WAL segments."""

    names: list[str]
    paths: list[str]
    segments: int


def find_expired(settings: Settings, now: datetime) -> ExpiredBackups:
    """What has had its time. The last complete backup of each kind never has.
    DestinationUnavailable.
    """
    destination = open_destination(settings)
    backups = manifest.list_backups(destination)
    kept = {one.name for one in kept_backups(settings, backups, now)}
    names = [one.name for one in backups if one.name not in kept]
    names += [name for name in manifest.list_incomplete(destination) if _is_given_up(name, now)]
    segments = _expired_segments(destination, [one for one in backups if one.name in kept])
    going = set(names)
    stored = [one.path for one in destination.list_objects()]
    paths = [path for path in stored if path.partition("/")[0] in going]
    return ExpiredBackups(names, [*sorted(paths, key=_manifest_first), *segments], len(segments))


def delete_expired(settings: Settings, expired: ExpiredBackups) -> None:
    """Delete them, the manifest of each first, so that one that is half gone does not count."""
    open_destination(settings).delete(expired.paths)
    log.info("backups_expired", names=expired.names, segments=expired.segments)


def kept_backups(
    settings: Settings, backups: Sequence[BackupManifest], now: datetime
) -> list[BackupManifest]:
    """The backups that stay: all of the last day; dumps by day, week and month, in the company's
    time zone; base backups by day alone, with all on which they stand, since their WAL takes room.
    """
    zone = settings.time_zone
    dumps = [one for one in backups if one.kind is BackupKind.DUMP]
    bases = [one for one in backups if one.kind is BackupKind.BASE]
    kept = [
        *_last_of_each(dumps, "%Y-%m-%d", settings.gatte_backup_keep_daily, zone),
        *_last_of_each(dumps, "%G-%V", settings.gatte_backup_keep_weekly, zone),
        *_last_of_each(dumps, "%Y-%m", settings.gatte_backup_keep_monthly, zone),
    ]
    kept += [one for one in dumps if one.started_at > now - UNTOUCHED_FOR]
    kept_bases = _last_of_each(bases, "%Y-%m-%d", settings.gatte_backup_keep_daily, zone)
    kept_bases += [one for one in bases if one.started_at > now - UNTOUCHED_FOR]
    for base in kept_bases:
        try:
            kept += base_backup.chain_of(backups, base)
        except manifest.NoSuchBackup:
            kept.append(base)
    return kept


def _last_of_each(
    backups: Sequence[BackupManifest], period: str, count: int, zone: ZoneInfo
) -> list[BackupManifest]:
    """The last backup of each of the newest so many periods that have any; a period is spelled as
    `strftime` does.
    """
    last_by_period: dict[str, BackupManifest] = {}
    for one in backups:
        last_by_period[f"{one.started_at.astimezone(zone):{period}}"] = one
    newest = list(last_by_period.values())
    return newest[-count:] if count else []


def _is_given_up(name: str, now: datetime) -> bool:
    """Whether a backup without a manifest began so long ago that nobody makes it any more."""
    try:
        began = datetime.strptime(name.partition("-")[2], NAMED_AT).replace(tzinfo=UTC)
    except ValueError:
        return False
    return began < now - INCOMPLETE_AFTER


def _expired_segments(destination: BackupDestination, kept: Sequence[BackupManifest]) -> list[str]:
    """Paths of the WAL that lies before the first kept base backup of its server; a server without
    one keeps all.
    """
    first_by_server: dict[str, str] = {}
    for one in kept:
        if not one.first_wal:
            continue
        known = first_by_server.get(one.system_identifier, one.first_wal)
        is_first = wal_archive.is_older(one.first_wal, known)
        first_by_server[one.system_identifier] = one.first_wal if is_first else known
    expired: list[str] = []
    for system_identifier, first in first_by_server.items():
        stored = wal_archive.list_segments(destination, system_identifier)
        expired += [path for name, path in stored.items() if wal_archive.is_older(name, first)]
    return expired


def _manifest_first(path: str) -> bool:
    return not path.endswith(manifest.MANIFEST)
