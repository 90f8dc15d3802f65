"""Folders beside the database, each a tar archive of its own in a backup."""

import shutil
from pathlib import Path

import structlog

from gatte.operations.backup import BackupFailed, encryption, programs
from gatte.operations.backup.destination import BackupDestination
from gatte.operations.backup.manifest import BackupManifest, StoredFile
from gatte.settings import Settings

log = structlog.get_logger(__name__)

TAR = shutil.which("tar") or "tar"
CHANGED_MEANWHILE = 1  # tar's exit code when a file changed or went while it was read


class FolderNotEmpty(BackupFailed):
    """A folder that would be restored has something in it already."""


def store_folders(
    settings: Settings, destination: BackupDestination, name: str
) -> list[StoredFile]:
    """Archive the folders of the settings into a backup; one that is not there is left out, with a
    warning.
    """
    stored = []
    for number, folder in enumerate(settings.backup_folders, start=1):
        if not folder.is_dir():
            log.warning("backup_folder_missing", folder=str(folder))
            continue
        command = [TAR, "--create", f"--directory={folder}", "."]
        path = f"{name}/folder-{number}.tar.age"
        with programs.output_of(command, accepted=(0, CHANGED_MEANWHILE)) as archive:
            stored.append(
                encryption.encrypt(
                    archive, destination, path, settings.backup_recipients, str(folder)
                )
            )
    return stored


def restore_targets(backup: BackupManifest, below: Path | None) -> dict[str, Path]:
    """Where each archive of a backup goes: to its folder, or to one of that name below another.
    FolderNotEmpty before anything is written.
    """
    targets: dict[str, Path] = {}
    for file in backup.folder_files:
        original = Path(file.folder)
        targets[file.path] = original if below is None else below / original.relative_to("/")
    for target in targets.values():
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise FolderNotEmpty(
                f"{target} is not empty: move it away, or name another place by --folders-below"
            )
    return targets


def restore_folder(
    destination: BackupDestination, path: str, target: Path, identities: list[object]
) -> None:
    """Unpack an archive into a folder, which is made when it is missing."""
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    with programs.input_of([TAR, "--extract", f"--directory={target}"]) as archive:
        encryption.decrypt(destination, path, archive, identities)


def check_archive(destination: BackupDestination, path: str, identities: list[object]) -> None:
    """Read an archive to its end and write nothing. ProgramFailed when it is none."""
    with programs.input_of([TAR, "--list"]) as archive:
        encryption.decrypt(destination, path, archive, identities)
