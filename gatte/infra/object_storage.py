"""Where large files lie: a folder, or a bucket of S3 or of anything that speaks as S3 does."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import obstore
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import LocalStore, S3Store

if TYPE_CHECKING:
    from obstore import ReadableFile, WritableFile
    from obstore.store import ObjectStore

# S3 takes 10,000 parts of an object: so one may have 320 GB, and a writer some 100 MB of memory
PART_BYTES = 32 * 1024 * 1024
PARTS_AT_ONCE = 2
READ_BYTES = 8 * 1024 * 1024
BUCKET_SCHEME = "s3://"


class ObjectStorageUnavailable(Exception):
    """A storage cannot be read or written; the message has its own words."""


@dataclass(frozen=True)
class StoredObject:
    """One object of a storage; its size in bytes."""

    path: str
    size: int


@dataclass(frozen=True)
class BucketAccess:
    """How a bucket is reached. What is empty is taken from the machine (AWS_…, a role)."""

    endpoint: str
    region: str
    access_key_id: str
    secret_access_key: str


@dataclass(frozen=True)
class ObjectStorage:
    """A place for files; `folder` is None for a bucket. A class of its own says by which error and
    setting people are told that it is unavailable.
    """

    store: "ObjectStore"
    folder: Path | None
    unavailable: ClassVar[type[Exception]] = ObjectStorageUnavailable
    setting: ClassVar[str] = "the storage"

    @classmethod
    def open(cls, place: str, access: BucketAccess) -> Self:
        """The storage at the path of a folder, which is made when it is missing, or at
        s3://bucket/prefix. The class's own error when there can be none.
        """
        if place.startswith(BUCKET_SCHEME):
            return cls(_bucket(place, access), None)
        with cls._unavailable_told():
            folder = Path(place)
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            return cls(LocalStore(folder), folder)

    def list_objects(self, prefix: str = "") -> list[StoredObject]:
        """All objects below a prefix (a folder's path), by path."""
        with self._unavailable_told():
            found = obstore.list(self.store, prefix or None).collect()
        return sorted(
            (StoredObject(one["path"], one["size"]) for one in found), key=lambda one: one.path
        )

    def read_text(self, path: str) -> str:
        """The text of a small object."""
        with self._unavailable_told():
            return bytes(obstore.get(self.store, path).bytes()).decode()

    def write_text(self, path: str, content: str) -> None:
        """Write a small object, whole or not at all."""
        with self._unavailable_told():
            obstore.put(self.store, path, content.encode())
        self._flush(path)

    def reader(self, path: str) -> "ReadableFile":
        """An object as a stream."""
        with self._unavailable_told():
            return obstore.open_reader(self.store, path, buffer_size=READ_BYTES)

    @contextmanager
    def writer(self, path: str) -> Iterator["WritableFile"]:
        """A stream into an object, which is there once this ends, and is not when it failed."""
        stream = obstore.open_writer(
            self.store, path, buffer_size=PART_BYTES, max_concurrency=PARTS_AT_ONCE
        )
        with self._unavailable_told():
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
        with self._unavailable_told():
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

    @classmethod
    @contextmanager
    def _unavailable_told(cls) -> Iterator[None]:
        try:
            yield
        except BaseError as error:
            said = str(error).splitlines()[0]
            raise cls.unavailable(f"{cls.setting}: {said}") from error
        except FileNotFoundError as error:
            raise cls.unavailable(f"{cls.setting} lacks {error}") from error
        except OSError as error:
            raise cls.unavailable(f"{cls.setting}: {error}") from error


def _bucket(place: str, access: BucketAccess) -> S3Store:
    bucket, _, prefix = place.removeprefix(BUCKET_SCHEME).partition("/")
    given = {
        "endpoint": access.endpoint,
        "access_key_id": access.access_key_id,
        "secret_access_key": access.secret_access_key,
    }
    return S3Store(
        bucket,
        prefix=prefix or None,
        region=access.region,
        # what is stored is encrypted before
        client_options={"allow_http": access.endpoint.startswith("http://")},
        **{name: value for name, value in given.items() if value},  # type: ignore[arg-type]
    )
