"""Contents of customers' files in the media storage: under the id of their row, sealed under the
data key of the contact. A preview lies beside the content.
"""

import hashlib
from collections.abc import Iterator
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from gatte import services
from gatte.infra.gevent_mode import run_off_the_loop
from gatte.infra.object_storage import BucketAccess, ObjectStorage, ObjectStorageUnavailable
from gatte.models import MediaFile, keyring
from gatte.privacy import sealed_chunks
from gatte.privacy.crypto import DecryptionFailed
from gatte.settings import Settings

HASH_KIND = "media"


class MediaUnreadable(Exception):
    """A file cannot be had now: the storage is away, or the file or its key is gone."""


class MediaStorage(ObjectStorage):
    """Where files of customers lie."""

    setting = "GATTE_MEDIA_DIR"


class ContentPart(StrEnum):
    """What of a file lies in the storage."""

    CONTENT = "content"
    PREVIEW = "preview"


def open_storage(settings: Settings) -> MediaStorage:
    """The media storage of the settings; ObjectStorageUnavailable when there can be none."""
    access = BucketAccess(
        settings.gatte_media_s3_endpoint,
        settings.gatte_media_s3_region,
        settings.gatte_media_s3_access_key_id,
        settings.gatte_media_s3_secret_access_key.get_secret_value(),
    )
    return _opened(settings.media_place, access)


@lru_cache(maxsize=4)
def _opened(place: str, access: BucketAccess) -> MediaStorage:
    return MediaStorage.open(place, access)


def path_of(file_id: UUID, part: ContentPart) -> str:
    """Where a part of a file lies; its last digits are random, so folders fill evenly."""
    return f"{file_id.hex[-2:]}/{file_id}.{part}"


def write(
    storage: MediaStorage, file_id: UUID, key: bytes, part: ContentPart, plain: bytes
) -> None:
    """Seal and store a part of a file, in place of what lies there; whole or not at all.
    ObjectStorageUnavailable when it cannot be.
    """
    with storage.writer(path_of(file_id, part)) as stream:
        for chunk in sealed_chunks.seal(key, plain, _place(file_id, part)):
            stream.write(chunk)


def remove(storage: MediaStorage, file_ids: list[UUID]) -> None:
    """Let everything of these files be gone; what is gone already is no error."""
    paths = [path_of(file_id, part) for file_id in file_ids for part in ContentPart]
    storage.delete(paths)


def read(row: MediaFile, part: ContentPart) -> Iterator[bytes]:
    """A part of a stored file, piece by piece. MediaUnreadable at once, or in the middle when the
    storage fails there; nothing of the database is used after the first piece.
    """
    key = None if row.data_key_id is None else keyring().open(row.data_key_id)
    if key is None:
        raise MediaUnreadable("the key is gone")
    pieces = _pieces(open_storage(services.settings()), row.id, key, part)
    first = next(pieces)
    return _after(first, pieces)


def _after(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    yield first
    yield from rest


def _pieces(storage: MediaStorage, file_id: UUID, key: bytes, part: ContentPart) -> Iterator[bytes]:
    try:
        stream = run_off_the_loop(storage.reader, path_of(file_id, part))

        def read_some(count: int) -> bytes:
            return bytes(run_off_the_loop(stream.read, count))

        yield from sealed_chunks.unseal(key, read_some, _place(file_id, part))
    except (ObjectStorageUnavailable, OSError, DecryptionFailed) as error:
        raise MediaUnreadable(type(error).__name__) from error


def read_whole(row: MediaFile) -> bytes:
    """The content of a stored file; MediaUnreadable when it is not the one that was stored."""
    content = b"".join(read(row, ContentPart.CONTENT))
    if row.checksum != checksum_of(content):
        raise MediaUnreadable("the content was changed")
    return content


def checksum_of(content: bytes) -> bytes:
    """A keyed hash of a content: equal ones can be compared, and it tells nobody what they are."""
    return keyring().lookup_hash(HASH_KIND, hashlib.sha256(content).hexdigest())


def digest_of(row: MediaFile) -> str:
    """The SHA-256 of a stored file's content, whatever its checksum says; MediaUnreadable."""
    digest = hashlib.sha256()
    for piece in read(row, ContentPart.CONTENT):
        digest.update(piece)
    return digest.hexdigest()


def _place(file_id: UUID, part: ContentPart) -> bytes:
    return f"media_file.{part}:{file_id}".encode()
