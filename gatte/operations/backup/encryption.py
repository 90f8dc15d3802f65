"""Encryption with age (age-encryption.org/v1), as a stream, with the checksum of what is stored."""

from hashlib import sha256
from pathlib import Path
from typing import IO, TYPE_CHECKING, Protocol

import pyrage

from gatte.operations.backup import BackupFailed
from gatte.operations.backup.destination import BackupDestination
from gatte.operations.backup.manifest import DamagedBackup, StoredFile

if TYPE_CHECKING:
    from obstore import ReadableFile, WritableFile

READ_BYTES = 1024 * 1024


class IdentityUnusable(BackupFailed):
    """The identity cannot be read, or opens not this backup; the message says what is wrong."""


class ByteSource(Protocol):
    """What can be read as a stream."""

    def read(self, size: int = -1, /) -> bytes: ...


class HashingWriter:
    """A stream that counts and hashes what passes through it."""

    def __init__(self, target: "WritableFile") -> None:
        self._target = target
        self._hash = sha256()
        self.size = 0

    def write(self, chunk: bytes) -> int:
        """Pass bytes on."""
        self._target.write(chunk)
        self._hash.update(chunk)
        self.size += len(chunk)
        return len(chunk)

    def flush(self) -> None:
        """Nothing waits here."""

    @property
    def sha256(self) -> str:
        """The SHA-256 of all that passed, in hexadecimal digits."""
        return self._hash.hexdigest()


class PlainReader:
    """An object of the destination as a stream of `bytes`, the type that pyrage takes."""

    def __init__(self, source: "ReadableFile") -> None:
        self._source = source

    def read(self, size: int = -1) -> bytes:
        """At most so many bytes; none at the end."""
        return bytes(self._source.read(size))


def encrypt(
    source: ByteSource,
    destination: BackupDestination,
    path: str,
    recipients: list[str],
    folder: str = "",
) -> StoredFile:
    """Encrypt a stream into an object of the destination, to whoever has an identity of the
    recipients.
    """
    keys = [pyrage.x25519.Recipient.from_str(spelled) for spelled in recipients]
    with destination.writer(path) as stream:
        target = HashingWriter(stream)
        pyrage.encrypt_io(source, target, keys)
    return StoredFile(path=path, size=target.size, sha256=target.sha256, folder=folder)


def check_stored(destination: BackupDestination, file: StoredFile) -> None:
    """DamagedBackup when a file is missing, or has not the size and checksum of its manifest."""
    found = {one.path: one.size for one in destination.list_objects(file.path.partition("/")[0])}
    if file.path not in found:
        raise DamagedBackup(f"{file.path} is missing")
    if found[file.path] != file.size:
        raise DamagedBackup(
            f"{file.path} has {found[file.path]} bytes, and should have {file.size}"
        )
    source = PlainReader(destination.reader(file.path))
    digest = sha256()
    while chunk := source.read(READ_BYTES):
        digest.update(chunk)
    if digest.hexdigest() != file.sha256:
        raise DamagedBackup(f"{file.path} was changed: its checksum is another one")


def decrypt(
    destination: BackupDestination, path: str, sink: IO[bytes], identities: list[object]
) -> None:
    """Decrypt an object into a stream. IdentityUnusable, DamagedBackup; BrokenPipeError when
    nobody reads the stream any more.
    """
    source = PlainReader(destination.reader(path))
    try:
        pyrage.decrypt_io(source, sink, identities)
    except BrokenPipeError:
        raise
    except pyrage.DecryptError as error:
        raise IdentityUnusable(f"the identity opens not {path}: {error}") from None
    except OSError as error:
        raise DamagedBackup(f"{path} cannot be decrypted: {error}") from None


def read_identities(path: Path) -> list[object]:
    """The identities of a file as `flask backup keygen` and age-keygen write it."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise IdentityUnusable(f"{path} cannot be read: {error}") from None
    spelled = [line.strip() for line in lines if line.strip() and not line.startswith("#")]
    if not spelled:
        raise IdentityUnusable(f"{path} holds no identity: it must have a line AGE-SECRET-KEY-1…")
    return [_identity(path, one) for one in spelled]


def _identity(path: Path, spelled: str) -> object:
    try:
        return pyrage.x25519.Identity.from_str(spelled)
    except pyrage.IdentityError:
        raise IdentityUnusable(
            f"{path} has a line that is no identity of age: it must begin AGE-SECRET-KEY-1"
            " (a file under a passphrase is opened with age -d first)"
        ) from None


def write_identity(path: Path) -> str:
    """Make an identity in a new file that only its owner can read; its public key."""
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(f"# public key: {recipient}\n{identity}\n", encoding="utf-8")
    return recipient
