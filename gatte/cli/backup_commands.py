"""`flask backup`: backups, and what is needed to come back from them."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import click
from flask.cli import AppGroup

from gatte import services
from gatte.extensions import db
from gatte.models import BackupAction
from gatte.settings import EX_CONFIG

MEGABYTE = 1_000_000
IDENTITY = click.option(
    "--identity",
    "identity_file",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The file with the secret key that opens the backups.",
)
FOLDERS_BELOW = click.option(
    "--folders-below",
    type=click.Path(file_okay=False, path_type=Path),
    help="Restore the folders below this one, and not to where they were.",
)

backup = AppGroup("backup", help="Backups: make them, prove them, come back from them.")


@backup.command("keygen")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def keygen(file: Path) -> None:
    """Make the key pair of the backups: the secret one goes into a new FILE."""
    from gatte.operations.backup import encryption

    try:
        recipient = encryption.write_identity(file)
    except OSError as error:
        raise click.ClickException(f"{file} cannot be made: {error.strerror}") from None
    click.echo(f"GATTE_BACKUP_RECIPIENT={recipient}")
    click.echo(
        f"Put this line into the settings, and {file} into a safe, away from this machine:"
        " without it no backup can be opened, and whoever has it can open them all."
    )


@backup.command("create")
@click.option(
    "--kind",
    type=click.Choice(["dump", "base"]),
    default="dump",
    show_default=True,
    help="A dump of the database, or a base backup of the server for a point in time.",
)
def create(kind: str) -> None:
    """Make a backup, encrypted, and store it in GATTE_BACKUP_DESTINATION."""
    from gatte.operations.backup import base_backup, dump
    from gatte.store import backup_records

    started_at = datetime.now(UTC)
    with _told_plainly(BackupAction.CREATED, None):
        make = base_backup.create if kind == "base" else dump.create
        made = make(services.settings())
    backup_records.add(BackupAction.CREATED, made.name, started_at, size_bytes=made.size)
    db.session.commit()
    on = f", changes since {made.parent}" if made.parent else ""
    click.echo(f"{made.name}: {made.size / MEGABYTE:.1f} MB, encrypted and stored{on}.")


@backup.command("list")
def list_all() -> None:
    """Show the backups of the destination, the oldest first, with times in UTC."""
    from gatte.operations.backup import manifest
    from gatte.operations.backup.destination import open_destination

    with _told_plainly():
        destination = open_destination(services.settings())
        backups = manifest.list_backups(destination)
        incomplete = manifest.list_incomplete(destination)
    for one in backups:
        on = f"  changes since {one.parent}" if one.parent else ""
        click.echo(
            f"{one.name}  {one.finished_at:%Y-%m-%d %H:%M}  {one.size / MEGABYTE:10.1f} MB"
            f"  schema {one.schema_revision}  Postgres {one.postgres_version}{on}"
        )
    for name in incomplete:
        click.echo(f"{name}  incomplete: it is being made, or never ended")
    if not backups:
        click.echo("There are no backups yet.")


@backup.command("verify")
@click.argument("name", default="latest")
@IDENTITY
@click.option(
    "--scratch-server",
    default="",
    help="URL of a database of the server on which to restore it; that of DATABASE_URL if empty.",
)
def verify(name: str, identity_file: Path, scratch_server: str) -> None:
    """Prove a backup by restoring it beside the running system; the newest dump without a NAME."""
    from gatte.operations.backup import encryption, verification
    from gatte.store import backup_records

    settings = services.settings()
    server = scratch_server or settings.migration_database_url
    started_at = datetime.now(UTC)
    with _told_plainly(BackupAction.VERIFIED, name):
        identities = encryption.read_identities(identity_file)
        proved = verification.verify(settings, name, identities, server)
    backup_records.add(
        BackupAction.VERIFIED, proved.manifest.name, started_at, size_bytes=proved.manifest.size
    )
    db.session.commit()
    if proved.manifest.row_counts:
        click.echo(
            f"{proved.manifest.name} is good: {len(proved.manifest.row_counts)} tables with"
            f" {proved.rows} rows restored, {proved.opened_messages} messages opened."
        )
    else:
        click.echo(f"{proved.manifest.name} is good: every file of the server is as it was.")


@backup.command("restore")
@click.argument("name", default="latest")
@IDENTITY
@FOLDERS_BELOW
@click.option("--at", "moment", help="Restore the whole server to this time, or to `latest`.")
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="With --at: the new data folder of the server.",
)
@click.option(
    "--postgres-bin-dir",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="With --at: the folder of the server's programs; GATTE_POSTGRES_BIN_DIR if empty.",
)
def restore(
    name: str,
    identity_file: Path,
    folders_below: Path | None,
    moment: str | None,
    data_dir: Path | None,
    postgres_bin_dir: Path | None,
) -> None:
    """Restore a dump into the empty database of DATABASE_URL; or, with --at, the whole server.

    NAME is a dump; without one the newest is taken.
    """
    from gatte.operations.backup import encryption

    with _told_plainly():
        identities = encryption.read_identities(identity_file)
        if moment is None:
            _restore_dump(name, identities, folders_below)
        else:
            programs_folder = postgres_bin_dir or services.settings().gatte_postgres_bin_dir
            if data_dir is None or not programs_folder:
                raise click.UsageError("--at needs --data-dir and --postgres-bin-dir")
            at = _parsed_moment(moment)
            _restore_server(at, data_dir, Path(programs_folder), identities, folders_below)


def _restore_dump(name: str, identities: list[object], folders_below: Path | None) -> None:
    """Restore a dump, bring it to this version's schema, and erase again who was erased since."""
    from gatte.cli.contact_commands import replay_erasures
    from gatte.infra import schema
    from gatte.operations.backup import restore as restoration

    restored = restoration.restore(services.settings(), name, identities, folders_below)
    click.echo(
        f"{restored.name} is restored: {sum(restored.row_counts.values())} rows, as it counted"
        " them."
    )
    status = schema.run_command(
        services.settings().migration_database_url, services.settings().database_role
    )
    if status != 0:
        raise click.ClickException(
            "the schema could not be brought to this version: start the version that made the"
            f" backup ({restored.gatte_version}), or run flask migrate again"
        )
    click.echo(f"{replay_erasures()} erasures were carried out again. Start the processes now.")


def _restore_server(
    at: datetime | None,
    data_dir: Path,
    programs_folder: Path,
    identities: list[object],
    folders_below: Path | None,
) -> None:
    """Prepare the data folder of a server, and say what comes next."""
    from gatte.operations.backup import point_in_time

    settings = services.settings()
    prepared = point_in_time.restore_to(settings, programs_folder, at, data_dir, identities)
    if prepared.manifest.folder_files:
        point_in_time.restore_folders(settings, prepared.manifest, folders_below, identities)
    click.echo(
        f"{data_dir} holds {prepared.manifest.name} and {prepared.segments} WAL segments. Give it"
        " to the server's user (chown -R postgres) and let a Postgres of the same version start on"
        " it: it recovers to that time and then serves. Then run flask migrate and flask erasures"
        " replay, and start the processes."
    )


def _parsed_moment(spelled: str) -> datetime | None:
    """A time with its zone, or without one by the company's clock; None for `latest`."""
    if spelled == "latest":
        return None
    try:
        moment = datetime.fromisoformat(spelled)
    except ValueError:
        raise click.UsageError(
            "--at must be latest, or a time such as 2026-11-27T14:30:00-03:00"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=services.settings().time_zone)
    if moment > datetime.now(UTC):
        raise click.UsageError(f"{moment:%Y-%m-%d %H:%M:%S %z} has not come yet: take latest")
    return moment.astimezone(UTC)


@backup.command("prune")
@click.option("--dry-run", is_flag=True, help="Show what would go, and delete nothing.")
def prune(*, dry_run: bool) -> None:
    """Delete backups that have had their time (GATTE_BACKUP_KEEP_...)."""
    from gatte.operations.backup import expiry

    settings = services.settings()
    with _told_plainly():
        expired = expiry.find_expired(settings, datetime.now(UTC))
        if not dry_run:
            expiry.delete_expired(settings, expired)
    for name in expired.names:
        click.echo(name)
    verb = "would go" if dry_run else "are deleted"
    click.echo(f"{len(expired.names)} backups and {expired.segments} WAL segments {verb}.")


@backup.command("receive-wal")
@click.option(
    "--spool",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where WAL waits until it is stored; wal-spool in GATTE_DATA_DIR if empty.",
)
def receive_wal(spool: Path | None) -> None:
    """Stream the server's WAL into the destination, until it is stopped: for a point in time."""
    from gatte.operations.backup import wal_archive

    settings = services.settings()
    with _told_plainly():
        wal_archive.receive(settings, spool or settings.gatte_data_dir / "wal-spool")


@contextmanager
def _told_plainly(action: BackupAction | None = None, name: str | None = None) -> Iterator[None]:
    """Say in one line what the rooms refuse, with exit code 1, or 78 over an erasure ledger that
    does not fit; and note that an action failed.
    """
    from gatte.data_rights.erasure_ledger import LedgerUnusable
    from gatte.data_rights.erasure_ledger_check import LedgerMismatch
    from gatte.infra.schema import PreflightFailed
    from gatte.operations.backup import BackupFailed
    from gatte.store import backup_records

    started_at = datetime.now(UTC)
    try:
        yield
    except (LedgerMismatch, LedgerUnusable) as problem:
        sys.stderr.write(f"gatte: {problem}\n")
        raise SystemExit(EX_CONFIG) from None
    except PreflightFailed as problem:
        raise click.ClickException(str(problem)) from None
    except BackupFailed as problem:
        if action is not None:
            backup_records.add(action, name, started_at, problem=str(problem))
            db.session.commit()
        raise click.ClickException(str(problem)) from None
