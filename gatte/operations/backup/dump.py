"""Make a dump: one moment of the database, from pg_dump through encryption to the destination."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from sqlalchemy import Connection

import gatte
from gatte.data_rights import erasure_ledger
from gatte.infra.schema.runner import connected
from gatte.operations.backup import BackupFailed, encryption, folders, manifest, programs
from gatte.operations.backup.destination import BackupDestination, open_destination
from gatte.operations.backup.manifest import (
    BackupKind,
    BackupManifest,
    LedgerPosition,
    StoredFile,
)
from gatte.operations.backup.postgres_tools import PostgresTools, find_tools
from gatte.settings import Settings
from gatte.store import catalog

log = structlog.get_logger(__name__)

PAUSE_SECONDS = 0.1  # between looks for a name that is free
LOCK_WAIT = "--lock-wait-timeout=60s"  # a migration that runs holds tables


class BackupRunning(BackupFailed):
    """Another process makes a backup of this database at the moment."""


def create(settings: Settings) -> BackupManifest:
    """Make a dump with the folders of the settings; its manifest.

    NoDestination, DestinationUnavailable, ToolMissing, BackupRunning, ProgramFailed, LedgerUnusable
    and PreflightFailed: nothing of it is left then.
    """
    destination = open_destination(settings)
    url = settings.backup_database_url
    with (
        backup_connection(url) as connection,
        new_folder(destination, BackupKind.DUMP) as (name, started_at),
    ):
        server = catalog.get_server_facts(connection)
        tools = find_tools(settings, server, url)
        connection.rollback()
        snapshot = catalog.export_snapshot(connection)
        counts = catalog.count_rows(connection)
        position = ledger_position(settings, connection)
        revision = catalog.get_revision(connection)
        stored = _store_database(settings, destination, tools, name, snapshot)
        connection.rollback()
        archives = folders.store_folders(settings, destination, name)
        made = BackupManifest(
            name=name,
            kind=BackupKind.DUMP,
            started_at=started_at,
            finished_at=datetime.now(UTC),
            gatte_version=gatte.__version__,
            schema_revision=revision,
            postgres_version=server.version,
            erasures=position,
            files=(stored, *archives),
            row_counts=dict(counts),
        )
        manifest.write(destination, made)
    log.info("backup_created", name=name, size=made.size)
    return made


@contextmanager
def backup_connection(url: str) -> Iterator[Connection]:
    """A connection without time limits that has the lock of backups. BackupRunning when another
    has it.
    """
    with connected(url) as connection:
        catalog.lift_time_limits(connection)
        if not catalog.lock_backups(connection):
            raise BackupRunning("another process makes a backup at this moment: try again later")
        yield connection


@contextmanager
def new_folder(destination: BackupDestination, kind: BackupKind) -> Iterator[tuple[str, datetime]]:
    """The name of a backup that begins now, which no other has, and its time. Names have whole
    seconds, so that one made right after another waits for the next. Nothing is left of a backup
    that failed.
    """
    started_at = datetime.now(UTC)
    name = manifest.new_name(kind, started_at)
    while any(destination.list_objects(name)):
        time.sleep(PAUSE_SECONDS)
        started_at = datetime.now(UTC)
        name = manifest.new_name(kind, started_at)
    try:
        yield name, started_at
    except BaseException:
        destination.delete([one.path for one in destination.list_objects(name)])
        raise


def ledger_position(settings: Settings, connection: Connection) -> LedgerPosition:
    """How far ledger and database are with erasures."""
    written = erasure_ledger.read(settings.erasure_ledger)
    return LedgerPosition(
        ledger_id=written.id if written else None,
        sequence=len(written.entries) if written else 0,
        applied=catalog.get_applied_erasures(connection),
    )


def _store_database(
    settings: Settings,
    destination: BackupDestination,
    tools: PostgresTools,
    name: str,
    snapshot: str,
) -> StoredFile:
    command = tools.connected("pg_dump", "--format=custom", f"--snapshot={snapshot}", LOCK_WAIT)
    path = f"{name}/database.dump.age"
    with programs.output_of(command, tools.environment) as dumped:
        return encryption.encrypt(dumped, destination, path, settings.backup_recipients)
