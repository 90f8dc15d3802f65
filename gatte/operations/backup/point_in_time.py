"""Restore the whole server to a moment: a base backup and the WAL after it, in a data folder that a
server of the same version then recovers from.
"""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from gatte.operations.backup import base_backup, folders, manifest, restore, wal_archive
from gatte.operations.backup.destination import BackupDestination, open_destination
from gatte.operations.backup.manifest import BackupKind, BackupManifest, NoSuchBackup
from gatte.operations.backup.postgres_tools import PostgresTools
from gatte.settings import Settings

log = structlog.get_logger(__name__)

WAL_FOLDER = "gatte_wal"  # in the data folder, from which Postgres runs its restore_command
SETTINGS_FILE = "postgresql.auto.conf"


@dataclass(frozen=True)
class PreparedServer:
    """A data folder from which a server recovers when it is started."""

    manifest: BackupManifest
    data_dir: Path
    segments: int


def restore_to(
    settings: Settings,
    tools_folder: Path,
    at: datetime | None,
    data_dir: Path,
    identities: list[object],
) -> PreparedServer:
    """Prepare a data folder for the moment `at`, or for the last that the archive knows when it is
    None. `tools_folder` has Postgres' tools of the version that was backed up.

    One that cannot be prepared is gone again. TargetNotEmpty, NoSuchBackup, DamagedBackup,
    IdentityUnusable, MissingWal, LedgerMismatch, LedgerUnusable, ProgramFailed,
    DestinationUnavailable.
    """
    if data_dir.exists() and (not data_dir.is_dir() or any(data_dir.iterdir())):
        raise restore.TargetNotEmpty(
            f"{data_dir} is not empty, and nothing is restored over it: name a new folder"
        )
    destination = open_destination(settings)
    restore.require_newest_ledger(settings, destination)
    backups = manifest.list_backups(destination)
    base = base_before(backups, at)
    tools = PostgresTools(tools_folder, "")
    chain = base_backup.chain_of(backups, base)
    data_dir.parent.mkdir(parents=True, exist_ok=True)
    try:
        base_backup.unpack_chain(destination, chain, tools, data_dir, identities)
        wal_folder = data_dir / WAL_FOLDER
        segments = wal_archive.fetch(destination, base, wal_folder, identities)
        _write_recovery_settings(data_dir, at)
        data_dir.chmod(0o700)
    except BaseException:
        shutil.rmtree(data_dir, ignore_errors=True)
        raise
    log.info("server_prepared", name=base.name, segments=segments)
    return PreparedServer(base, data_dir, segments)


def restore_folders(
    settings: Settings,
    backup: BackupManifest,
    below: Path | None,
    identities: list[object],
) -> None:
    """Restore the folders of a base backup, as they were when it was made. FolderNotEmpty."""
    destination: BackupDestination = open_destination(settings)
    for path, target in folders.restore_targets(backup, below).items():
        folders.restore_folder(destination, path, target, identities)


def base_before(backups: Sequence[BackupManifest], at: datetime | None) -> BackupManifest:
    """The newest base backup that was complete at a moment. NoSuchBackup when there is none."""
    bases = [one for one in backups if one.kind is BackupKind.BASE]
    fitting = [one for one in bases if at is None or one.finished_at <= at]
    if not fitting:
        oldest = f": the oldest is of {bases[0].finished_at:%Y-%m-%d %H:%M:%S} UTC" if bases else ""
        raise NoSuchBackup(f"no base backup is from before that time{oldest}")
    return fitting[-1]


def _write_recovery_settings(data_dir: Path, at: datetime | None) -> None:
    """Let the server recover to the moment at its next start, and then serve."""
    lines = [
        "",
        f'restore_command = \'cp "{WAL_FOLDER}/%f" "%p"\'',
        "recovery_target_action = 'promote'",
        "recovery_target_timeline = 'latest'",
        # the archive is fed by flask backup receive-wal
        "archive_mode = 'off'",
    ]
    if at is not None:
        lines.append(f"recovery_target_time = '{at.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f+00}'")
    with (data_dir / SETTINGS_FILE).open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    (data_dir / "recovery.signal").touch()
