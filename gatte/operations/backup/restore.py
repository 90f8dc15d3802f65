"""Restore a dump into an empty database, and prove that it is what was dumped."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import structlog
from sqlalchemy import make_url

from gatte.data_rights import erasure_ledger
from gatte.data_rights.erasure_ledger_check import LedgerMismatch
from gatte.infra.schema.runner import connected
from gatte.operations.backup import BackupFailed, encryption, folders, manifest, programs
from gatte.operations.backup.destination import BackupDestination, open_destination
from gatte.operations.backup.manifest import BackupKind, BackupManifest, DamagedBackup
from gatte.operations.backup.postgres_tools import PostgresTools, find_tools
from gatte.settings import Settings
from gatte.store import catalog

log = structlog.get_logger(__name__)

RESTORE_ARGUMENTS = (
    "--no-owner",
    "--no-privileges",
    "--no-comments",  # that of the extension vector is its owner's alone
    "--exit-on-error",
    "--single-transaction",
)
SCRATCH_PREFIX = "gatte_verify_"


class TargetNotEmpty(BackupFailed):
    """What would be restored into has something in it already; the message says what to do."""


def restore(
    settings: Settings, name: str, identities: list[object], folders_below: Path | None
) -> BackupManifest:
    """Restore a dump (or the `latest`) into the empty database of GATTE_MIGRATION_DATABASE_URL
    (DATABASE_URL without one), and its folders to
    where they were or below another one. All checks come first, and a restore that fails leaves the
    database empty.

    The database is as it was then: the caller migrates it and replays the erasure ledger before
    anything serves it. NoSuchBackup, TargetNotEmpty, FolderNotEmpty, DamagedBackup,
    IdentityUnusable, LedgerMismatch, LedgerUnusable, ToolMissing, ProgramFailed,
    DestinationUnavailable, PreflightFailed.
    """
    destination = open_destination(settings)
    backup = manifest.get_backup(destination, name, BackupKind.DUMP)
    if backup.kind is not BackupKind.DUMP:
        raise manifest.NoSuchBackup(f"{name} is a base backup: restore it with --at and --data-dir")
    url = settings.migration_database_url
    require_empty(url)
    targets = folders.restore_targets(backup, folders_below)
    require_newest_ledger(settings, destination)
    for file in backup.files:
        encryption.check_stored(destination, file)
    load(settings, destination, backup, url, identities)
    compare_counts(backup, url)
    for path, target in targets.items():
        folders.restore_folder(destination, path, target, identities)
    log.info("backup_restored", name=backup.name)
    return backup


def require_empty(url: str) -> None:
    """TargetNotEmpty unless the database has no table."""
    with connected(url) as connection:
        is_taken = catalog.has_tables(connection)
    if is_taken:
        name = make_url(url).database
        raise TargetNotEmpty(
            f"the database {name} has tables already, and nothing is restored over them: make an"
            " empty one (createdb NAME), name it in DATABASE_URL, and run this again"
        )


def require_newest_ledger(settings: Settings, destination: BackupDestination) -> None:
    """LedgerMismatch when the erasure ledger at hand is older than one that a backup has seen:
    whoever was erased in between would be readable again.
    """
    written = erasure_ledger.read(settings.erasure_ledger)
    for backup in manifest.list_backups(destination):
        seen = backup.erasures
        if seen.ledger_id is None:
            continue
        if written is None:
            raise LedgerMismatch(
                f"{backup.name} knows an erasure ledger of {seen.sequence} entries, and there is"
                f" none at {settings.erasure_ledger}: put its newest copy there first"
            )
        is_same = written.id == seen.ledger_id
        if is_same and len(written.entries) < seen.sequence:
            raise LedgerMismatch(
                f"the erasure ledger at {settings.erasure_ledger} has {len(written.entries)}"
                f" entries, and {backup.name} has seen {seen.sequence}: put its newest copy there"
            )


def load(
    settings: Settings,
    destination: BackupDestination,
    backup: BackupManifest,
    url: str,
    identities: list[object],
) -> None:
    """Load the database file of a dump into an empty database, in one transaction."""
    tools = tools_for(settings, url)
    command = tools.connected("pg_restore", *RESTORE_ARGUMENTS)
    with programs.input_of(command, tools.environment) as restored:
        encryption.decrypt(destination, backup.database_file.path, restored, identities)


def tools_for(settings: Settings, url: str) -> PostgresTools:
    """The tools that fit the server of a URL."""
    with connected(url) as connection:
        return find_tools(settings, catalog.get_server_facts(connection), url)


def compare_counts(backup: BackupManifest, url: str) -> Mapping[str, int]:
    """The counts of a database that was just restored; DamagedBackup when they are not those of the
    manifest.
    """
    with connected(url) as connection:
        catalog.lift_time_limits(connection)
        counts = catalog.count_rows(connection)
    differing = [
        f"{table} has {counts.get(table, 0)} rows, not {count}"
        for table, count in backup.row_counts.items()
        if counts.get(table) != count
    ]
    if differing:
        raise DamagedBackup(f"{backup.name} is not what was dumped: {', '.join(differing)}")
    return counts


@contextmanager
def scratch_database(server_url: str) -> Iterator[str]:
    """An empty database on a server, dropped at the end; its URL."""
    name = f"{SCRATCH_PREFIX}{uuid4().hex[:12]}"
    with connected(server_url) as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        catalog.create_database(connection, name)
    try:
        made = make_url(server_url).set(database=name)
        yield made.render_as_string(hide_password=False)
    finally:
        with connected(server_url) as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT")
            catalog.drop_database(connection, name)
