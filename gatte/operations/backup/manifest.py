"""What a backup is and holds: the object `manifest.json` beside its files, which is not encrypted
and names nobody.
"""

from datetime import UTC, datetime
from enum import StrEnum
from uuid import UUID

import structlog
from pydantic import BaseModel, ConfigDict, ValidationError

from gatte.operations.backup import BackupFailed
from gatte.operations.backup.destination import BackupDestination

log = structlog.get_logger(__name__)

FORMAT = 1
MANIFEST = "manifest.json"


class NoSuchBackup(BackupFailed):
    """The destination has no such backup; the message says which there are."""


class DamagedBackup(BackupFailed):
    """A file of a backup is not what was written; the message names it."""


class BackupKind(StrEnum):
    """What a backup is made of."""

    DUMP = "dump"
    BASE = "base"


class StoredFile(BaseModel):
    """An encrypted file of a backup: its path in the destination, size in bytes, SHA-256. `folder`
    is the folder that it holds, empty when it is the database.
    """

    model_config = ConfigDict(frozen=True)

    path: str
    size: int
    sha256: str
    folder: str = ""


class LedgerPosition(BaseModel):
    """How far the erasure ledger was written (`sequence`, 0 for not at all), and how much of it
    the database had carried out.
    """

    model_config = ConfigDict(frozen=True)

    ledger_id: UUID | None
    sequence: int
    applied: int


class BackupManifest(BaseModel):
    """What a backup says of itself. Times are UTC.

    A dump has `row_counts`: of every table, of the very moment that it holds. A base backup has
    `first_wal`, the segment from which recovery reads, of the server `system_identifier`; and when
    it is incremental `parent`, the backup on which it stands.
    """

    model_config = ConfigDict(frozen=True)

    format: int = FORMAT
    name: str
    kind: BackupKind
    started_at: datetime
    finished_at: datetime
    gatte_version: str
    schema_revision: str
    postgres_version: str
    erasures: LedgerPosition
    files: tuple[StoredFile, ...]
    row_counts: dict[str, int] = {}
    system_identifier: str = ""
    first_wal: str = ""
    parent: str = ""

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def database_file(self) -> StoredFile:
        """The file that holds the database."""
        return next(file for file in self.files if not file.folder)

    @property
    def folder_files(self) -> list[StoredFile]:
        """The files that hold folders."""
        return [file for file in self.files if file.folder]


def new_name(kind: BackupKind, at: datetime) -> str:
    """The name of a backup that begins at a time: they sort as they were made."""
    return f"{kind}-{at.astimezone(UTC):%Y%m%dT%H%M%SZ}"


def write(destination: BackupDestination, manifest: BackupManifest) -> None:
    """Let a backup count: its manifest is the last that is written."""
    destination.write_text(f"{manifest.name}/{MANIFEST}", manifest.model_dump_json(indent=2))


def list_backups(destination: BackupDestination) -> list[BackupManifest]:
    """All complete backups, the oldest first. One whose manifest is damaged is left out, with a
    warning: it must not keep anybody from the others.
    """
    found: list[BackupManifest] = []
    for one in destination.list_objects():
        if not one.path.endswith(f"/{MANIFEST}"):
            continue
        try:
            found.append(_read(destination, one.path))
        except DamagedBackup as problem:
            log.warning("backup_manifest_damaged", path=one.path, problem=str(problem))
    return sorted(found, key=lambda one: (one.started_at, one.name))


def list_incomplete(destination: BackupDestination) -> list[str]:
    """Names of backups that have files and no manifest: they are being made, or never ended."""
    parts = [one.path.split("/") for one in destination.list_objects()]
    begun = {part[0] for part in parts if part[0].startswith(tuple(BackupKind))}
    ended = {part[0] for part in parts if part[-1] == MANIFEST}
    return sorted(begun - ended)


def get_backup(destination: BackupDestination, name: str, kind: BackupKind) -> BackupManifest:
    """A backup by its name, or for `latest` the newest of a kind. NoSuchBackup, DamagedBackup."""
    if name == "latest":
        of_kind = [one for one in list_backups(destination) if one.kind is kind]
        if not of_kind:
            raise NoSuchBackup(f"there is no {kind} yet: flask backup create --kind {kind}")
        return of_kind[-1]
    path = f"{name}/{MANIFEST}"
    if path not in [one.path for one in destination.list_objects(name)]:
        raise NoSuchBackup(f"there is no backup {name}: see flask backup list")
    return _read(destination, path)


def _read(destination: BackupDestination, path: str) -> BackupManifest:
    try:
        manifest = BackupManifest.model_validate_json(destination.read_text(path))
    except (ValidationError, UnicodeDecodeError):
        raise DamagedBackup(f"{path} is damaged: it is no manifest") from None
    if manifest.format != FORMAT:
        raise DamagedBackup(f"{path} has format {manifest.format}, which this version lacks")
    return manifest
