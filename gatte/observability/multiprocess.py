"""The numbers of several processes in one directory.

Every process writes files of its own. While it lives it holds a lock, which the kernel gives back
however the process ends; so the living are told from the dead over forks, containers and reused
pids. The counters of the dead are added to an archive: totals never fall because a worker was
replaced.
"""

import fcntl
import os
import secrets
import struct
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from prometheus_client.mmap_dict import MmapedDict

ARCHIVE = "archive"
_KEPT_AFTER_DEATH = ("counter", "histogram", "summary")


class ProcessIdentity:
    """Who this process is, and the lock that says that it lives. Calling it gives the identity;
    after a fork, a new one.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._pid = 0
        self._identity = ""
        self._lock: int | None = None

    def __call__(self) -> str:
        if self._pid != os.getpid():
            self._register()
        return self._identity

    def _register(self) -> None:
        if self._lock is not None:
            os.close(self._lock)  # inherited by the fork: the parent's lock is the parent's alone
        pid = os.getpid()
        identity = f"{pid}-{secrets.token_hex(4)}"
        alive_file = _alive_file(self.directory, identity)
        with locked(self.directory):
            self._lock = os.open(alive_file, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._identity = identity
        self._pid = pid


@contextmanager
def locked(directory: Path) -> Generator[None]:
    """Hold the directory alone: nobody comes, goes or is counted meanwhile."""
    descriptor = os.open(directory / "directory.lock", os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def archive_dead_processes(directory: Path) -> None:
    """Move the totals of ended processes to the archive and drop their gauges. Call it with the
    directory locked.
    """
    files = [*directory.glob("*.db"), *directory.glob("*.alive")]
    known = {_identity_of(file) for file in files}
    for identity in sorted(known - {ARCHIVE}):
        if not _is_alive(directory, identity):
            _archive(directory, identity)


def _archive(directory: Path, identity: str) -> None:
    for file in directory.glob(f"*_{identity}.db"):
        kind = file.name.split("_")[0]
        if kind in _KEPT_AFTER_DEATH:
            _add_to_archive(file, directory / f"{kind}_{ARCHIVE}.db")
        file.unlink()
    _alive_file(directory, identity).unlink(missing_ok=True)


def _add_to_archive(file: Path, archive_file: Path) -> None:
    archive: Any = MmapedDict(str(archive_file))  # type: ignore[no-untyped-call]
    try:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(str(file)):  # type: ignore[no-untyped-call]
            archive.write_value(key, archive.read_value(key)[0] + value, 0.0)
    except (RuntimeError, struct.error, UnicodeDecodeError):
        pass  # killed while it created the file: what could be read is kept
    finally:
        archive.close()


def _is_alive(directory: Path, identity: str) -> bool:
    try:
        descriptor = os.open(_alive_file(directory, identity), os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    else:
        return False
    finally:
        os.close(descriptor)


def _identity_of(file: Path) -> str:
    return file.stem.rsplit("_", 1)[-1]


def _alive_file(directory: Path, identity: str) -> Path:
    return directory / f"{identity}.alive"
