"""Where backups lie: a folder, or a bucket of S3 or of anything that speaks as S3 does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

from gatte.operations.backup import BackupFailed
from gatte.settings import Settings

if TYPE_CHECKING:
    from obstore import ReadableFile, WritableFile
    from obstore.store import ObjectStore

# S3 takes 10,000 parts of an object: so one may have 320 GB, and a writer some 100 MB of memory
PART_BYTES = 32 * 1024 * 1024
PARTS_AT_ONCE = 2
READ_BYTES = 8 * 1024 * 1024


class NoDestination(BackupFailed):
    """GATTE_BACKUP_DESTINATION is empty: there are no backups."""


class DestinationUnavailable(BackupFailed):
    """The destination cannot be read or written; the message has its own words."""


@dataclass(frozen=True)
class StoredObject:
    """One object of the destination; its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class BackupDestination:
    """A place for backups; `folder` is None for a bucket."""

    store: "ObjectStore"
    folder: Path | None

    def list_objects(self, prefix: str = "") -> list[StoredObject]:
        """All objects below a prefix (a folder's path), by path."""
        with _unavailable_told():
            found = obstore.list(self.store, prefix or None).collect()
        return sorted(
            (StoredObject(one["path"], one["size"]) for one in found), key=lambda one: one.path
        )

    def read_text(self, path: str) -> str:
        """The text of a small object."""
        with _unavailable_told():
            return bytes(obstore.get(self.store, path).bytes()).decode()

    def write_text(self, path: str, content: str) -> None:
        """Write a small object, whole or not at all."""
        with _unavailable_told():
            obstore.put(self.store, path, content.encode())
        self._flush(path)

    def reader(self, path: str) -> "ReadableFile":
        """An object as a stream."""
        with _unavailable_told():
            return obstore.open_reader(self.store, path, buffer_size=READ_BYTES)

    @contextmanager
    def writer(self, path: str) -> Iterator["WritableFile"]:
        """A stream into an object, which is there once this ends, and is not when it failed."""
        stream = obstore.open_writer(
            self.store, path, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
        )
        with _unavailable_told():
            try:
                yield stream
            except BaseException:
                stream.close()
                self._delete_object(path)
                raise
            stream.close()
        self._flush(path)

    def delete(self, paths: list[str]) -> None:
        """Delete objects; those that are gone already are no error."""
        with _unavailable_told():
            for path in paths:
                self._delete_object(path)
        self._delete_empty_folders(paths)

    def _delete_object(self, path: str) -> None:
        with suppress(FileNotFoundError, NotFoundError):
            obstore.delete(self.store, path)

    def _flush(self, path: str) -> None:
        """Let a file of a folder survive a power cut."""
        if self.folder is None:
            return
        for place in (self.folder / path, (self.folder / path).parent):
            descriptor = os.open(place, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def _delete_empty_folders(self, paths: list[str]) -> None:
        if self.folder is None:
            return
        for parent in {(self.folder / path).parent for path in paths}:
            if parent != self.folder and parent.is_dir() and not any(parent.iterdir()):
                parent.rmdir()


def open_destination(settings: Settings) -> BackupDestination:
    """The destination of the settings. NoDestination, DestinationUnavailable."""
    spelled = settings.gatte_backup_destination
    if not spelled:
        raise NoDestination(
            "GATTE_BACKUP_DESTINATION is empty: name a folder or s3://bucket/prefix"
        )
    if spelled.startswith("s3://"):
        return BackupDestination(_bucket(settings), None)
    with _unavailable_told():
        folder = Path(spelled)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        return BackupDestination(LocalStore(folder), folder)


def _bucket(settings: Settings) -> S3Store:
    """The bucket; without keys in the settings those of the machine are used (AWS_…, a role)."""
    bucket, _, prefix = settings.gatte_backup_destination.removeprefix("s3://").partition("/")
    given = {
        "endpoint": settings.gatte_backup_s3_endpoint,
        "access_key_id": settings.gatte_backup_s3_access_key_id,
        "secret_access_key": settings.gatte_backup_s3_secret_access_key.get_secret_value(),
    }
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=settings.gatte_backup_s3_region,
        # the backups themselves are encrypted
        client_options={"allow_http": settings.gatte_backup_s3_endpoint.startswith("http://")},
        **{name: value for name, value in given.items() if value},  # type: ignore[arg-type]
    )


@contextmanager
def _unavailable_told() -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        said = str(error).splitlines()[0]
        raise DestinationUnavailable(f"GATTE_BACKUP_DESTINATION: {said}") from error
    except FileNotFoundError as error:
        raise DestinationUnavailable(f"GATTE_BACKUP_DESTINATION lacks {error}") from error
    except OSError as error:
        raise DestinationUnavailable(f"GATTE_BACKUP_DESTINATION: {error}") from error
