"""The archive of WAL: what the server wrote since a base backup, up to the last minute.

`pg_receivewal` streams it into a spool folder; each segment that is complete is compressed,
encrypted and stored, then leaves the spool. The one that is being filled is stored again and again
as `….partial`, so a lost server costs a minute at most. A replication slot lets the server keep
what nobody has fetched yet.
"""

import gzip
import re
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import structlog

from gatte.infra.schema.runner import connected
from gatte.operations.backup import BackupFailed, encryption, programs
from gatte.operations.backup.destination import BackupDestination, open_destination
from gatte.operations.backup.manifest import BackupManifest
from gatte.operations.backup.postgres_tools import PostgresTools, find_tools
from gatte.settings import Settings
from gatte.store import catalog

log = structlog.get_logger(__name__)

SLOT = "gatte_backup"
POLL_SECONDS = 1.0
PARTIAL_SECONDS = 60.0
COMPLETE = re.compile(r"[0-9A-F]{24}|[0-9A-F]{8}\.history")
PARTIAL = re.compile(r"[0-9A-F]{24}\.partial")
STORED = re.compile(
    r"wal/\d+/(?P<segment>[0-9A-F]{24}|[0-9A-F]{8}\.history)(?P<partial>\.partial)?\.gz\.age"
)
IN_MEMORY_BYTES = 64 * 1024 * 1024
LOG_BYTES = 2**32  # the second group of eight digits of a segment's name counts these


class MissingWal(BackupFailed):
    """The archive lacks a segment that recovery needs."""


class WalArchive:
    """The spool and the stored segments; `run` streams until `stop`."""

    def __init__(self, settings: Settings, system_identifier: str, spool: Path) -> None:
        self._prefix = wal_prefix(system_identifier)
        self._recipients = settings.backup_recipients
        self._destination = open_destination(settings)
        self._spool = spool
        self._stopping = False
        self._partial_stored_at = 0.0
        self._partial_changed_at = 0.0

    def stop(self, *_: object) -> None:
        """End soon, with everything stored that is there."""
        self._stopping = True

    def run(self, tools: PostgresTools) -> None:
        """Stream WAL until stopped. ProgramFailed when pg_receivewal ends by itself; it waits for a
        server that is away.
        """
        programs.run(
            tools.connected("pg_receivewal", f"--slot={SLOT}", "--create-slot", "--if-not-exists"),
            tools.environment,
        )
        self._spool.mkdir(mode=0o700, parents=True, exist_ok=True)
        with self._receiver(tools) as receiver:
            while not self._stopping:
                self.store_complete()
                if time.monotonic() - self._partial_stored_at > PARTIAL_SECONDS:
                    self._partial_stored_at = time.monotonic()
                    self.store_partial()
                if receiver.poll() is not None:
                    raise programs.ProgramFailed(
                        f"pg_receivewal ended with code {receiver.returncode}: its reason is above"
                    )
                time.sleep(POLL_SECONDS)
        self.store_complete()
        self.store_partial()

    @contextmanager
    def _receiver(self, tools: PostgresTools) -> Iterator["subprocess.Popen[bytes]"]:
        command = tools.connected(
            "pg_receivewal", f"--directory={self._spool}", f"--slot={SLOT}", "--no-password"
        )
        with subprocess.Popen(command, env=tools.environment) as process:  # noqa: S603 - Postgres' tool
            try:
                yield process
            finally:
                process.send_signal(signal.SIGINT)

    def store_complete(self) -> None:
        """Store the segments of the spool that are complete, and take them out of it."""
        for file in sorted(self._spool.iterdir()):
            if not COMPLETE.fullmatch(file.name):
                continue
            self._store(file)
            self._destination.delete([f"{self._prefix}/{file.name}.partial.gz.age"])
            file.unlink()
            log.info("wal_segment_stored", segment=file.name)

    def store_partial(self) -> None:
        """Store the segment that is being filled, if it changed."""
        for file in sorted(self._spool.iterdir()):
            if not PARTIAL.fullmatch(file.name):
                continue
            try:
                changed_at = file.stat().st_mtime
                if changed_at != self._partial_changed_at:
                    self._store(file)
                    self._partial_changed_at = changed_at
            except FileNotFoundError:  # it is complete now, and has its name
                continue

    def _store(self, file: Path) -> None:
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as compressed:
            with gzip.GzipFile(fileobj=compressed, mode="wb", compresslevel=1) as packed:
                packed.write(file.read_bytes())
            compressed.seek(0)
            path = f"{self._prefix}/{file.name}.gz.age"
            encryption.encrypt(compressed, self._destination, path, self._recipients)


def wal_prefix(system_identifier: str) -> str:
    """Where the segments of a server lie: those of another one may have the same names."""
    return f"wal/{system_identifier}"


def receive(settings: Settings, spool: Path) -> None:
    """Stream WAL into the destination until SIGTERM or SIGINT."""
    url = settings.backup_database_url
    with connected(url) as connection:
        server = catalog.get_server_facts(connection)
    tools = find_tools(settings, server, url)
    archive = WalArchive(settings, server.system_identifier, spool)
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, archive.stop)
    archive.run(tools)


def list_segments(destination: BackupDestination, system_identifier: str) -> dict[str, str]:
    """Where each stored segment and history file of a server lies, by its name. A segment that was
    stored whole stands for the part of it.
    """
    found: dict[str, str] = {}
    for one in destination.list_objects(wal_prefix(system_identifier)):
        match = STORED.fullmatch(one.path)
        if match is None:
            continue
        if not match["partial"] or match["segment"] not in found:
            found[match["segment"]] = one.path
    return found


def is_older(segment: str, first: str) -> bool:
    """Whether a segment lies before another one, on whatever timeline; a history file never."""
    return len(segment) == len(first) and segment[8:] < first[8:]


def fetch(
    destination: BackupDestination, base: BackupManifest, target: Path, identities: list[object]
) -> int:
    """Decrypt the segments that follow a base backup into a folder, as the server wants to read
    them; how many there are. MissingWal when the first is not there, or one in between.
    """
    first = base.first_wal
    stored = list_segments(destination, base.system_identifier)
    wanted = {name: path for name, path in stored.items() if not is_older(name, first)}
    if first not in wanted:
        raise MissingWal(f"WAL segment {first}, with which recovery begins, is not in the archive")
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, path in sorted(wanted.items()):
        with tempfile.SpooledTemporaryFile(max_size=IN_MEMORY_BYTES) as compressed:
            encryption.decrypt(destination, path, compressed, identities)
            compressed.seek(0)
            with (
                gzip.GzipFile(fileobj=compressed, mode="rb") as packed,
                (target / name).open("wb") as file,
            ):
                shutil.copyfileobj(packed, file)
    _require_no_gap([name for name in wanted if len(name) == len(first)], target)
    return len(wanted)


def _require_no_gap(names: list[str], folder: Path) -> None:
    """MissingWal when segments do not follow each other, on whatever timeline."""
    in_a_log = LOG_BYTES // (folder / names[0]).stat().st_size
    numbers = sorted({int(name[8:16], 16) * in_a_log + int(name[16:], 16) for name in names})
    for before, after in pairwise(numbers):
        if after != before + 1:
            missing = f"{(before + 1) // in_a_log:08X}{(before + 1) % in_a_log:08X}"
            raise MissingWal(f"WAL segment …{missing} is not in the archive: what follows is lost")
