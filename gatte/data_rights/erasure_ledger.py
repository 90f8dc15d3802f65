"""The erasure ledger: a file, apart from the database and its backups, in which every erasure is
written before it is carried out.

A backup that is older than an erasure holds what was erased, and the master key opens it: so a
database that lacks an entry of the ledger must carry that entry out before it may serve.

One JSON object a line. The first names the ledger and holds the key of its hashes; the others are
entries with rising `sequence`. Each line carries the SHA-256 of itself and of the line before
(`digest`), so a line that was changed or taken out is found; a last line without its end was never
finished, and nothing was erased by it.
"""

import base64
import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from gatte.privacy import crypto

FORMAT = 1


class LedgerUnusable(Exception):
    """The ledger cannot be read, or is not what was written; the message says what to do."""


@dataclass(frozen=True)
class LedgerEntry:
    """One erasure: of whom, under which data key, when. `sender_digests` are the hashes under which
    the contact's messages may still lie in an inbox of that time, hashed again under the ledger's
    key.
    """

    sequence: int
    contact_id: UUID
    data_key_id: UUID | None
    at: datetime
    sender_digests: frozenset[bytes]
    digest: bytes


@dataclass(frozen=True)
class ErasureLedger:
    """A ledger as it was read."""

    id: UUID
    key: bytes
    entries: tuple[LedgerEntry, ...]
    last_digest: bytes

    def sender_digest(self, sender_hash: bytes) -> bytes:
        """The hash under which this ledger knows a sender of the inbox."""
        return crypto.hmac_sha256(self.key, sender_hash).digest()[:16]


def read(path: Path) -> ErasureLedger | None:
    """The ledger in a file, None when there is no such file; LedgerUnusable when it is damaged."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise LedgerUnusable(f"{path} cannot be read ({error.strerror})") from None
    return _parsed(path, content)


def append(
    path: Path,
    contact_id: UUID,
    data_key_id: UUID | None,
    at: datetime,
    sender_hashes: Sequence[bytes],
) -> tuple[ErasureLedger, LedgerEntry]:
    """Write an erasure behind the others, made and on disk when this returns; the ledger with it,
    and the entry. LedgerUnusable when it cannot be written.
    """
    with _locked(path) as descriptor:
        content = path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]  # what was not finished is no entry
        os.ftruncate(descriptor, len(whole))
        if not whole:
            whole = _line(_header(), b"")
            _write(descriptor, whole)
        ledger = _read_whole(path, whole)
        digests = sorted(ledger.sender_digest(one) for one in sender_hashes)
        entry = {
            "sequence": len(ledger.entries) + 1,
            "contact": str(contact_id),
            "data_key": None if data_key_id is None else str(data_key_id),
            "at": at.isoformat(),
            "senders": [one.hex() for one in digests],
        }
        line = _line(entry, ledger.last_digest)
        _write(descriptor, line)
        os.fsync(descriptor)
        after = _read_whole(path, whole + line)
    return after, after.entries[-1]


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file, made when it is missing, locked against other writers of all processes."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    except OSError as error:
        raise LedgerUnusable(f"{path} cannot be written ({error.strerror})") from None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        _sync_folder(path.parent)
        yield descriptor
    except OSError as error:
        raise LedgerUnusable(f"{path} cannot be written ({error.strerror})") from None
    finally:
        os.close(descriptor)


def _sync_folder(folder: Path) -> None:
    """Let the file itself survive a crash, and not only what it holds."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write(descriptor: int, line: bytes) -> None:
    written = os.write(descriptor, line)
    if written < len(line):
        raise OSError(0, "the disk is full")


def _header() -> dict[str, Any]:
    key = base64.b64encode(crypto.new_data_key()).decode()
    return {"format": FORMAT, "ledger": str(uuid4()), "key": key}


def _line(values: dict[str, Any], before: bytes) -> bytes:
    digest = _digest(values, before)
    return json.dumps({**values, "digest": digest.hex()}).encode() + b"\n"


def _digest(values: dict[str, Any], before: bytes) -> bytes:
    return sha256(before + json.dumps(values, sort_keys=True).encode()).digest()


def _read_whole(path: Path, content: bytes) -> ErasureLedger:
    ledger = _parsed(path, content)
    if ledger is None:
        raise LedgerUnusable(f"{path} is empty")
    return ledger


def _parsed(path: Path, content: bytes) -> ErasureLedger | None:
    lines = content.split(b"\n")[:-1]
    if not lines:
        return None
    try:
        rows = _checked(lines)
        header = next(rows)
        if header["format"] != FORMAT:
            raise LedgerUnusable(f"{path} has format {header['format']}, which this version lacks")
        entries = tuple(_entry(row) for row in rows)
        last = entries[-1].digest if entries else bytes.fromhex(header["digest"])
        ledger = ErasureLedger(
            UUID(header["ledger"]), base64.b64decode(header["key"]), entries, last
        )
    except (ValueError, KeyError, TypeError) as error:
        raise LedgerUnusable(
            f"{path} is damaged ({error}): put back the last good copy of it"
        ) from None
    if [one.sequence for one in ledger.entries] != list(range(1, len(ledger.entries) + 1)):
        raise LedgerUnusable(f"{path} lacks an entry: put back the last good copy of it")
    return ledger


def _checked(lines: Sequence[bytes]) -> Iterator[dict[str, Any]]:
    """The rows of the lines; ValueError at the first that is not what was written."""
    before = b""
    for number, line in enumerate(lines, start=1):
        row = json.loads(line)
        values = {name: value for name, value in row.items() if name != "digest"}
        if row["digest"] != _digest(values, before).hex():
            raise ValueError(f"line {number} was changed")
        before = bytes.fromhex(row["digest"])
        yield row


def _entry(row: dict[str, Any]) -> LedgerEntry:
    return LedgerEntry(
        sequence=row["sequence"],
        contact_id=UUID(row["contact"]),
        data_key_id=None if row["data_key"] is None else UUID(row["data_key"]),
        at=datetime.fromisoformat(row["at"]),
        sender_digests=frozenset(bytes.fromhex(one) for one in row["senders"]),
        digest=bytes.fromhex(row["digest"]),
    )
