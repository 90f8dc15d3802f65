"""Prove a backup: every checksum, every byte decrypted, and the database restored on a scratch
server, counted, and read through the application's keys.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path

import structlog

from gatte import services
from gatte.infra.schema.runner import connected
from gatte.models import Message
from gatte.operations.backup import base_backup, encryption, folders, manifest, restore
from gatte.operations.backup.destination import BackupDestination, open_destination
from gatte.operations.backup.manifest import BackupKind, BackupManifest, DamagedBackup
from gatte.privacy import crypto
from gatte.settings import Settings
from gatte.store import data_keys

log = structlog.get_logger(__name__)

SAMPLE = 20


@dataclass(frozen=True)
class VerifiedBackup:
    """A backup that was restored: rows in all, and how many sealed messages of a sample opened."""

    manifest: BackupManifest
    rows: int
    opened_messages: int


def verify(
    settings: Settings, name: str, identities: list[object], scratch_server: str
) -> VerifiedBackup:
    """Verify a backup, or the `latest` dump, by restoring it: a dump into a scratch database on a
    server, a base backup into a scratch folder.

    NoSuchBackup, DamagedBackup (which names the file), IdentityUnusable, ToolMissing,
    ProgramFailed, DestinationUnavailable, PreflightFailed.
    """
    destination = open_destination(settings)
    backup = manifest.get_backup(destination, name, BackupKind.DUMP)
    for file in backup.files:
        encryption.check_stored(destination, file)
    for file in backup.folder_files:
        folders.check_archive(destination, file.path, identities)
    if backup.kind is BackupKind.BASE:
        _verify_base(settings, destination, backup, identities)
        return VerifiedBackup(backup, 0, 0)
    with restore.scratch_database(scratch_server) as url:
        restore.load(settings, destination, backup, url, identities)
        counts = restore.compare_counts(backup, url)
        opened = open_sample(url)
    log.info("backup_verified", name=backup.name, opened_messages=opened)
    return VerifiedBackup(backup, sum(counts.values()), opened)


def _verify_base(
    settings: Settings,
    destination: BackupDestination,
    backup: BackupManifest,
    identities: list[object],
) -> None:
    tools = restore.tools_for(settings, settings.backup_database_url)
    chain = base_backup.chain_of(manifest.list_backups(destination), backup)
    with tempfile.TemporaryDirectory(prefix="gatte-verify-") as folder:
        target = Path(folder) / "data"
        base_backup.unpack_chain(destination, chain, tools, target, identities)
    log.info("backup_verified", name=backup.name)


def open_sample(url: str) -> int:
    """Open sealed messages of a restored database with the keys of GATTE_ENCRYPTION_KEYS; how
    many. DamagedBackup for one that does not open.
    """
    with connected(url) as connection:
        sample = data_keys.list_sealed_sample(connection, SAMPLE)
    keyring = services.keyring()
    for one in sample:
        try:
            keyring.cache_wrapped(one.data_key_id, one.master_key_id, bytes(one.wrapped_key))
            Message.body.decrypt(one.id, one.data_key_id, bytes(one.body_sealed))
        except (crypto.UnknownMasterKey, crypto.DecryptionFailed) as error:
            raise DamagedBackup(
                f"message {one.id} does not open with GATTE_ENCRYPTION_KEYS ({error}): give the"
                " master keys of the time of the backup"
            ) from None
    return len(sample)
