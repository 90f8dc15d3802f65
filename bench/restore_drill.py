"""The restore drill: `python -m bench.restore_drill [messages]`.

A server with so many messages is backed up and lost. It comes back from the dump, and to a point in
time from base backup and WAL; counts must be equal, a conversation must be readable, and a contact
who was erased after the backup must not be. All by the commands of an operator, with times.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import psycopg2

from bench.seeding import PER_CONTACT, SAID, seed
from devstack.postgres import BINARIES, Postgres
from devstack.valkey import Valkey
from gatte.infra.schema.runner import connected
from gatte.store import catalog
from tests.app_fixture import application
from tests.process_system import ENCRYPTION_KEYS, MODELS, System, process_environment

MESSAGES = 10_000
LATER = 0.1  # the share of messages that come after the base backup
SUMMARIES = {"summarize_wal": "on"}


class DrillFailed(Exception):
    """Something is not as it must be after a restore."""


@dataclass
class RestoreDrill:
    """The servers, the commands, and how long each step took in seconds."""

    folder: Path
    redis_url: str
    seconds: dict[str, float] = field(default_factory=dict)
    recipient: str = ""

    @property
    def identity(self) -> Path:
        return self.folder / "identity.txt"

    def server(self, name: str) -> Postgres:
        return Postgres(self.folder / name, durable=False, settings=SUMMARIES)

    def flask(self, url: str, *arguments: str) -> str:
        """An operator's command; what it says. DrillFailed when it refuses."""
        done = self._system(url).command(*arguments)
        if done.returncode != 0:
            said = f"{done.stdout[-500:]}{done.stderr[-2000:]}"
            raise DrillFailed(f"flask {' '.join(arguments)} ({done.returncode}): {said}")
        return done.stdout

    def refused(self, url: str, *arguments: str) -> str:
        """What a command says that must refuse."""
        done = self._system(url).command(*arguments)
        if done.returncode == 0:
            raise DrillFailed(f"flask {' '.join(arguments)} should have refused")
        return done.stderr

    @contextmanager
    def receiving(self, url: str) -> Iterator[None]:
        """WAL is streamed into the destination meanwhile, and is there whole at the end."""
        system = self._system(url)
        arguments = ["backup", "receive-wal", "--spool", str(self.folder / "spool")]
        command = [str(system.binaries / "flask"), *arguments]
        log = (self.folder / "receive-wal.log").open("ab")
        with (
            log,
            subprocess.Popen(
                command,
                cwd=system.project,
                env=process_environment(self._settings(url)),
                stdout=log,
                stderr=log,
            ) as process,
        ):
            wait_for_slot(url)
            yield
            process.send_signal(signal.SIGTERM)
            if process.wait() != 0:
                said = Path(log.name).read_text()
                raise DrillFailed(f"receive-wal ended with code {process.returncode}: {said}")

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.seconds[step] = time.perf_counter() - started
        print(f"{self.seconds[step]:8.1f} s  {step}", flush=True)

    def _system(self, url: str) -> System:
        return System(self.folder, self._settings(url))

    def _settings(self, url: str) -> dict[str, str]:
        environment = {
            "DATABASE_URL": url,
            "REDIS_URL": self.redis_url,
            "SECRET_KEY": "a-secret-key-of-the-tests-4f9c1e7b",
            "GATTE_ENCRYPTION_KEYS": ENCRYPTION_KEYS,
            "GATTE_DATA_DIR": str(MODELS),
            "GATTE_LOG_LEVEL": "WARNING",
        }
        if self.recipient:
            environment["GATTE_BACKUP_RECIPIENT"] = self.recipient
            environment["GATTE_BACKUP_DESTINATION"] = str(self.folder / "backups")
            environment["GATTE_BACKUP_FOLDERS"] = str(self.folder / "media")
        return environment


@dataclass(frozen=True)
class LostServer:
    """What there was at a moment before the loss: rows by table, a contact who was erased after it,
    and one who was not.
    """

    url: str
    moment: datetime
    counts: dict[str, int]
    erased: str
    kept: str


def wait_for_slot(url: str) -> None:
    """Wait until somebody streams WAL from a server."""
    for _ in range(600):
        if query(url, "SELECT count(*) FROM pg_replication_slots WHERE active") == [(1,)]:
            return
        time.sleep(0.1)
    raise DrillFailed("nobody streams WAL after a minute")


def query(url: str, statement: str) -> list[tuple[object, ...]]:
    """What a query gives."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


def counts(url: str) -> dict[str, int]:
    """The rows of every table that a backup's own bookkeeping does not change."""
    with connected(url) as connection:
        found = dict(catalog.count_rows(connection))
    del found["backup_record"]
    return found


def require_equal(what: str, found: object, wanted: object) -> None:
    """DrillFailed when a restored thing is another one."""
    if found != wanted:
        raise DrillFailed(f"{what}: {found}, and should be {wanted}")


def fill(url: str, redis_url: str, contacts: int) -> None:
    """Store so many contacts with their conversations."""
    keys = {"gatte_encryption_keys": ENCRYPTION_KEYS}
    with application(url, redis_url, **keys) as app, app.app_context():
        seed(url, contacts)


def run(drill: RestoreDrill, messages: int) -> None:
    """The whole drill; DrillFailed at the first thing that is not as it must be."""
    contacts = messages // PER_CONTACT
    media = drill.folder / "media"
    media.mkdir()
    (media / "áudio 1.ogg").write_bytes(b"OggS" * 1000)
    first = drill.server("first")
    url = first.start()
    drill.flask(url, "migrate")
    fill(url, drill.redis_url, int(contacts * (1 - LATER)))
    said = drill.flask(url, "backup", "keygen", str(drill.identity))
    drill.recipient = re.findall(r"age1\w+", said)[0]
    erased, kept = (
        str(found)
        for (found,) in query(url, "SELECT contact_id FROM conversation ORDER BY id LIMIT 2")
    )
    with drill.receiving(url):
        with drill.timed("base backup"):
            drill.flask(url, "backup", "create", "--kind", "base")
        fill(url, drill.redis_url, contacts)
        with drill.timed("incremental base backup"):
            drill.flask(url, "backup", "create", "--kind", "base")
        with drill.timed("dump"):
            drill.flask(url, "backup", "create")
        before = counts(url)
        time.sleep(1)
        moment = datetime.now(UTC)
        time.sleep(1)
        drill.flask(url, "contacts", "erase", "--id", erased, "--yes")
        execute_mistake(url)
    with drill.timed("verification of the dump"):
        print(drill.flask(url, "backup", "verify", "--identity", str(drill.identity)).strip())
    drill.refused(url, "backup", "restore", "--identity", str(drill.identity))
    first.crash()
    print(f"The server is lost: {before['message']} messages, one contact erased since.")
    media.joinpath("áudio 1.ogg").unlink()
    lost = LostServer(url, moment, before, erased, kept)
    _restore_dump(drill, lost)
    require_equal("files of media", len(list(media.iterdir())), 1)
    _restore_moment(drill, lost)


def give_to_owner(folder: Path, example: Path) -> None:
    """Let a folder and all in it belong to whom another one belongs to: the server insists."""
    owner = example.stat()
    for path in (folder, *folder.rglob("*")):
        os.chown(path, owner.st_uid, owner.st_gid)


def execute_mistake(url: str) -> None:
    """Somebody deletes what nobody should have: a moment before is what a point in time is for."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("DELETE FROM ticket; DELETE FROM lead")
        connection.commit()


def _restore_dump(drill: RestoreDrill, lost: LostServer) -> None:
    server = drill.server("from-dump")
    url = server.start()
    with drill.timed("restore of the dump"):
        print(drill.flask(url, "backup", "restore", "--identity", str(drill.identity)).strip())
    _check(drill, url, lost)
    server.stop()


def _restore_moment(drill: RestoreDrill, lost: LostServer) -> None:
    server = drill.server("from-wal")
    server.folder.mkdir()
    for name in ("password", "port"):
        shutil.copy(drill.folder / "first" / name, server.folder / name)
    arguments = ["--at", lost.moment.isoformat(), "--data-dir", str(server.data)]
    arguments += ["--postgres-bin-dir", str(BINARIES), "--identity", str(drill.identity)]
    arguments += ["--folders-below", str(drill.folder / "media-of-base")]
    with drill.timed("restore to a point in time"):
        print(drill.flask(lost.url, "backup", "restore", *arguments).strip())
    give_to_owner(server.data, drill.folder / "first" / "data")
    with drill.timed("recovery of the server"):
        url = server.start()
        while query(url, "SELECT pg_is_in_recovery()") == [(True,)]:
            time.sleep(0.1)
    require_equal("rows at that time", counts(url), lost.counts)
    print(drill.flask(url, "erasures", "replay").strip())
    _check(drill, url, lost)
    server.stop()


def _check(drill: RestoreDrill, url: str, lost: LostServer) -> None:
    """One contact is gone, with its ten messages; the texts of another can be read."""
    after = counts(url)
    require_equal("contacts", after["contact"], lost.counts["contact"] - 1)
    require_equal("messages", after["message"], lost.counts["message"] - PER_CONTACT)
    copy = drill.folder / f"copy-{time.monotonic_ns()}.json"
    drill.flask(url, "contacts", "export", "--id", lost.kept, "--output", str(copy))
    if not all(sentence in copy.read_text() for sentence in SAID):
        raise DrillFailed("the conversation of a contact cannot be read")
    drill.refused(url, "contacts", "export", "--id", lost.erased, "--output", str(copy))


def main() -> int:
    messages = int(sys.argv[1]) if len(sys.argv) > 1 else MESSAGES
    with tempfile.TemporaryDirectory(prefix="gatte-drill-") as folder:
        valkey = Valkey(Path(folder) / "valkey")
        drill = RestoreDrill(Path(folder), valkey.start())
        try:
            run(drill, messages)
        except DrillFailed as failure:
            print(f"FAILED: {failure}")
            return 1
        finally:
            valkey.stop()
            for server in Path(folder).glob("*/data/postmaster.pid"):
                drill.server(server.parents[1].name).stop()
    print(f"The drill went well, with {messages} messages.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
