"""Make a base backup: a copy of the whole server by pg_basebackup, from which the archived WAL
leads to any later moment. Needs a server that lets us replicate, which managed ones do not.
"""

import hashlib
import json
import tempfile
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, NamedTuple

import structlog
from sqlalchemy import Connection

import gatte
from gatte.operations.backup import encryption, folders, manifest, programs
from gatte.operations.backup.destination import BackupDestination, open_destination
from gatte.operations.backup.dump import backup_connection, ledger_position, new_folder
from gatte.operations.backup.manifest import (
    BackupKind,
    BackupManifest,
    DamagedBackup,
    StoredFile,
)
from gatte.operations.backup.postgres_tools import PostgresTools, find_tools
from gatte.settings import Settings
from gatte.store import catalog
from gatte.store.catalog import ServerFacts

log = structlog.get_logger(__name__)

FIRST_INCREMENTAL_VERSION = 17
LONGEST_CHAIN = 7
"""A full base backup follows after so many: each one more makes a restore slower, and a fault in
one loses all that stand on it.
"""
POSTGRES_MANIFEST = "backup_manifest"
ARGUMENTS = (
    "--pgdata=-",
    "--format=tar",
    "--wal-method=fetch",
    "--compress=client-gzip:1",
    "--checkpoint=fast",
    "--manifest-checksums=SHA256",
    "--no-password",
)


class CopiedServer(NamedTuple):
    """A copy in the destination, with the manifest that Postgres wrote of it."""

    file: StoredFile
    postgres_manifest: str
    parent: str


class StreamCopy:
    """A stream whose bytes go to a second reader as well."""

    def __init__(self, source: IO[bytes], second: IO[bytes]) -> None:
        self._source = source
        self._second = second

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; none at the end."""
        chunk = self._source.read(size)
        self._second.write(chunk)
        return chunk


def create(settings: Settings) -> BackupManifest:
    """Make a base backup with the folders of the settings; its manifest. It is incremental when the
    server keeps summaries of its WAL and the newest base backup can carry it.

    NoDestination, DestinationUnavailable, ToolMissing, BackupRunning, ProgramFailed, LedgerUnusable
    and PreflightFailed: nothing of it is left then.
    """
    destination = open_destination(settings)
    url = settings.backup_database_url
    with (
        backup_connection(url) as connection,
        new_folder(destination, BackupKind.BASE) as (name, started_at),
    ):
        server = catalog.get_server_facts(connection)
        tools = find_tools(settings, server, url)
        position = ledger_position(settings, connection)
        revision = catalog.get_revision(connection)
        connection.rollback()
        parents = _possible_parents(destination, server)
        copied = _copy_server(settings, destination, tools, name, parents)
        destination.write_text(f"{name}/{POSTGRES_MANIFEST}", copied.postgres_manifest)
        archives = folders.store_folders(settings, destination, name)
        made = BackupManifest(
            name=name,
            kind=BackupKind.BASE,
            started_at=started_at,
            finished_at=datetime.now(UTC),
            gatte_version=gatte.__version__,
            schema_revision=revision,
            postgres_version=server.version,
            erasures=position,
            files=(copied.file, *archives),
            system_identifier=server.system_identifier,
            first_wal=_first_wal(connection, copied.postgres_manifest),
            parent=copied.parent,
        )
        manifest.write(destination, made)
    log.info("backup_created", name=name, size=made.size, parent=made.parent)
    return made


def chain_of(backups: Sequence[BackupManifest], last: BackupManifest) -> list[BackupManifest]:
    """A base backup with those on which it stands, the full one first. NoSuchBackup when one of
    them is gone.
    """
    by_name = {one.name: one for one in backups}
    chain = [last]
    while chain[0].parent:
        parent = by_name.get(chain[0].parent)
        if parent is None or parent in chain:
            raise manifest.NoSuchBackup(
                f"{chain[0].name} stands on {chain[0].parent}, which is not in the destination"
            )
        chain.insert(0, parent)
    return chain


def _possible_parents(destination: BackupDestination, server: ServerFacts) -> list[BackupManifest]:
    """The newest base backup, when an incremental one can stand on it; else nothing."""
    if server.major < FIRST_INCREMENTAL_VERSION or not server.summarizes_wal:
        return []
    backups = manifest.list_backups(destination)
    newest = [one for one in backups if one.system_identifier == server.system_identifier][-1:]
    if not newest:
        return []
    try:
        is_long = len(chain_of(backups, newest[0])) >= LONGEST_CHAIN
    except manifest.NoSuchBackup:
        return []
    return [] if is_long else newest


def _copy_server(
    settings: Settings,
    destination: BackupDestination,
    tools: PostgresTools,
    name: str,
    parents: list[BackupManifest],
) -> CopiedServer:
    """Copy what changed since a parent, or all when that does not work: WAL summaries are kept for
    days only, and a restored server has another history.
    """
    for parent in parents:
        before = destination.read_text(f"{parent.name}/{POSTGRES_MANIFEST}")
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            file.write(before)
            file.flush()
            try:
                incremental = f"--incremental={file.name}"
                return _copy(settings, destination, tools, name, (parent.name, incremental))
            except programs.ProgramFailed as reason:
                log.warning("incremental_backup_refused", parent=parent.name, reason=str(reason))
    return _copy(settings, destination, tools, name, ("",))


def _copy(
    settings: Settings,
    destination: BackupDestination,
    tools: PostgresTools,
    name: str,
    parent_arguments: tuple[str, ...],
) -> CopiedServer:
    parent, *arguments = parent_arguments
    command = tools.connected("pg_basebackup", *ARGUMENTS, *arguments)
    extract = [folders.TAR, "--extract", "--gzip", "--to-stdout", POSTGRES_MANIFEST]
    with tempfile.TemporaryFile() as found:
        with (
            programs.input_of(extract, output=found) as second,
            programs.output_of(command, tools.environment) as copied,
        ):
            stored = encryption.encrypt(
                StreamCopy(copied, second),
                destination,
                f"{name}/base.tar.gz.age",
                settings.backup_recipients,
            )
        found.seek(0)
        return CopiedServer(stored, found.read().decode(), parent)


def _first_wal(connection: Connection, postgres_manifest: str) -> str:
    """The name of the WAL segment from which recovery of a copy reads."""
    ranges = json.loads(postgres_manifest)["WAL-Ranges"]
    segment = catalog.get_wal_segment(connection, ranges[0]["Start-LSN"])
    connection.rollback()
    return segment


def unpack(
    destination: BackupDestination, backup: BackupManifest, target: Path, identities: list[object]
) -> None:
    """Unpack the copy of a server into an empty folder."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    command = [folders.TAR, "--extract", "--gzip", f"--directory={target}"]
    with programs.input_of(command) as archive:
        encryption.decrypt(destination, backup.database_file.path, archive, identities)


def unpack_chain(
    destination: BackupDestination,
    chain: Sequence[BackupManifest],
    tools: PostgresTools,
    target: Path,
    identities: list[object],
) -> None:
    """Put a base backup and those on which it stands together into an empty folder, and let
    Postgres check every file of it. DamagedBackup, IdentityUnusable, ProgramFailed.
    """
    for one in chain:
        encryption.check_stored(destination, one.database_file)
    if len(chain) == 1:
        unpack(destination, chain[0], target, identities)
    else:
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="gatte-restore-") as beside:
            parts = [Path(beside) / one.name for one in chain]
            for one, part in zip(chain, parts, strict=True):
                unpack(destination, one, part, identities)
            # it makes the folder itself
            combined = [f"--output={target}", "--manifest-checksums=SHA256"]
            programs.run(tools.command("pg_combinebackup", *parts, *combined))
    check_files(tools, target)


def check_files(tools: PostgresTools, data_dir: Path) -> None:
    """Compare every file of a server's copy with the manifest that Postgres wrote: by its own tool
    where that runs, else by size and checksum here. ProgramFailed, DamagedBackup.
    """
    if tools.can_run("pg_verifybackup"):
        # the archived WAL is checked by the recovery that reads it
        programs.run(tools.command("pg_verifybackup", "--no-parse-wal", data_dir))
        return
    listed = json.loads((data_dir / POSTGRES_MANIFEST).read_text(encoding="utf-8"))["Files"]
    for entry in listed:
        file = data_dir / entry["Path"]
        if not file.is_file() or file.stat().st_size != entry["Size"]:
            raise DamagedBackup(f"{entry['Path']} of the server is missing or has another size")
        if "Checksum" not in entry:  # WAL, as pg_combinebackup lists it
            continue
        with file.open("rb") as content:
            digest = hashlib.file_digest(content, "sha256").hexdigest()
        if digest != entry["Checksum"]:
            raise DamagedBackup(f"{entry['Path']} of the server was changed")
