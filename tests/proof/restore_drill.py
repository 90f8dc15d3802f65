"""The restore drill: a server with so many messages is backed up and lost.

It comes back from the dump, and to a point in time from base backup and WAL; counts must be equal,
a conversation and its file must be readable, and a contact who was erased after the backup must not
be. What is damaged, cut or opened with another key must be told. All by the commands of an
operator, with times.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from uuid import UUID

import psycopg2
from sqlalchemy import select

from bench.seeding import PER_CONTACT, SAID, seed
from devstack.postgres import BINARIES, Postgres
from devstack.valkey import Valkey
from gatte import services
from gatte.conversation.nlu import MessageKind
from gatte.extensions import db
from gatte.infra.schema.runner import connected
from gatte.media import sealed_files
from gatte.media.sealed_files import ContentPart, MediaUnreadable
from gatte.models import Contact, MediaFile, MediaState, Message, keyring
from gatte.privacy.crypto import DecryptionFailed
from gatte.store import catalog
from tests.app_fixture import application
from tests.process_system import ENCRYPTION_KEYS, MODELS, System, process_environment
from tests.proof.proof_system import Outcome

OTHER_KEYS = "test:9mZ+1wBS7K1ePy4mXl8ZgI5rUuWaVdYjRfShJpPqMrE="
SOUND = b"OggS" * 20_000
LATER = 0.1  # the share of messages that come after the base backup
MIB = 1024**2
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
    more: dict[str, str] = field(default_factory=dict)
    """Settings that differ from those under which the backups were made."""

    @property
    def media(self) -> Path:
        """Where the files of customers lie."""
        return self.folder / "media"

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
        sys.stderr.write(f"{self.seconds[step]:8.1f} s  {step}\n")

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
            "GATTE_MEDIA_DIR": str(self.media),
            **self.more,
        }
        if self.recipient:
            environment["GATTE_BACKUP_RECIPIENT"] = self.recipient
            environment["GATTE_BACKUP_DESTINATION"] = str(self.folder / "backups")
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


@contextmanager
def opened(drill: RestoreDrill, url: str) -> Iterator[None]:
    """The application of this process over a database, within its context."""
    given = {"gatte_encryption_keys": ENCRYPTION_KEYS, "gatte_media_dir": str(drill.media)}
    with application(url, drill.redis_url, **given) as app, app.app_context():
        yield


def fill(drill: RestoreDrill, url: str, contacts: int) -> None:
    """Store so many contacts with their conversations."""
    with opened(drill, url):
        seed(url, contacts)


def add_file(contact_id: str) -> None:
    """Store a file that a contact sent, as fetching it does."""
    contact = db.session.get_one(Contact, UUID(contact_id))
    found = select(Message).filter_by(contact_id=contact.id).order_by(Message.id).limit(1)
    message = db.session.scalars(found).one()
    row = MediaFile(
        data_key_id=contact.data_key_id,
        message_id=message.id,
        contact_id=contact.id,
        kind=MessageKind.AUDIO,
        state=MediaState.STORED,
        mime_type="audio/ogg",
        size=len(SOUND),
        checksum=sealed_files.checksum_of(SOUND),
    )
    db.session.add(row)
    db.session.flush()
    key = keyring().open(row.data_key_id)
    assert key is not None
    storage = sealed_files.open_storage(services.settings())
    sealed_files.write(storage, row.id, key, ContentPart.CONTENT, SOUND)
    db.session.commit()


def run(messages: int) -> Outcome:
    """The drill at a size; each thing that is not as it must be ends it and is told."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="gatte-drill-") as folder:
        valkey = Valkey(Path(folder) / "valkey")
        drill = RestoreDrill(Path(folder), valkey.start())
        try:
            _lose_and_restore(drill, messages, outcome)
        except DrillFailed as failure:
            outcome.fail("the drill", str(failure))
        finally:
            valkey.stop()
            for server in Path(folder).glob("*/data/postmaster.pid"):
                drill.server(server.parents[1].name).stop()
    seconds = {step: f"{taken:.0f} s" for step, taken in drill.seconds.items()}
    outcome.figures |= seconds
    return outcome


def _lose_and_restore(drill: RestoreDrill, messages: int, outcome: Outcome) -> None:
    contacts = messages // PER_CONTACT
    first = drill.server("first")
    url = first.start()
    drill.flask(url, "migrate")
    with drill.timed("making the rows"):
        fill(drill, url, int(contacts * (1 - LATER)))
    said = drill.flask(url, "backup", "keygen", str(drill.identity))
    drill.recipient = re.findall(r"age1\w+", said)[0]
    erased, kept = (
        str(found)
        for (found,) in query(url, "SELECT contact_id FROM conversation ORDER BY id LIMIT 2")
    )
    with opened(drill, url):
        add_file(erased)
        add_file(kept)
    with drill.receiving(url):
        with drill.timed("base backup"):
            drill.flask(url, "backup", "create", "--kind", "base")
        fill(drill, url, contacts)
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
        drill.flask(url, "backup", "verify", "--identity", str(drill.identity))
    drill.refused(url, "backup", "restore", "--identity", str(drill.identity))
    _find_damage(drill, url)
    outcome.figures["messages, rows of all tables"] = (
        f"{before['message']:,}, {sum(before.values()):,}"
    )
    sizes = {
        kind: sum(file.stat().st_size for file in drill.folder.glob(f"backups/{kind}*/*"))
        for kind in ("dump", "base")
    }
    outcome.figures["size of the dump, of the base backups"] = (
        f"{sizes['dump'] / MIB:.0f} MiB, {sizes['base'] / MIB:.0f} MiB"
    )
    first.crash()
    shutil.rmtree(drill.media)
    lost = LostServer(url, moment, before, erased, kept)
    _restore_dump(drill, lost)
    _restore_moment(drill, lost)
    _find_cut_chain(drill, lost)


def _find_damage(drill: RestoreDrill, url: str) -> None:
    """A changed bit, a cut end, another identity and other master keys are each found."""
    identity = ("--identity", str(drill.identity))
    ((dump),) = drill.folder.glob("backups/dump-*/database.dump.age")
    for name, damage in (("a changed bit", change_bit), ("a cut end", cut_end)):
        whole = dump.read_bytes()
        damage(dump)
        said = drill.refused(url, "backup", "verify", *identity)
        dump.write_bytes(whole)
        require_told(name, said, dump.name)
    other = drill.folder / "other-identity.txt"
    drill.flask(url, "backup", "keygen", str(other))
    said = drill.refused(url, "backup", "verify", "--identity", str(other))
    require_told("another identity", said, "identity")
    _forget_keys(drill, url, identity)


def _forget_keys(drill: RestoreDrill, url: str, identity: tuple[str, str]) -> None:
    """Verification under other master keys: what was restored opens not."""
    drill.more = {"GATTE_ENCRYPTION_KEYS": OTHER_KEYS}
    said = drill.refused(url, "backup", "verify", *identity)
    drill.more = {}
    require_told("other master keys", said, "GATTE_ENCRYPTION_KEYS")


def change_bit(file: Path) -> None:
    """Flip one bit in the middle of a file."""
    with file.open("r+b") as stream:
        stream.seek(file.stat().st_size // 2)
        byte = stream.read(1)[0]
        stream.seek(-1, os.SEEK_CUR)
        stream.write(bytes([byte ^ 1]))


def cut_end(file: Path) -> None:
    """Take the last thousand bytes of a file."""
    os.truncate(file, file.stat().st_size - 1000)


def require_told(damage: str, said: str, word: str) -> None:
    """DrillFailed when a refusal does not name what is amiss."""
    if word not in said:
        raise DrillFailed(f"{damage} is refused without a word of {word}: {said[-500:]}")


def _find_cut_chain(drill: RestoreDrill, lost: LostServer) -> None:
    """A chain that lacks its first backup is refused, and leaves no folder behind."""
    first = min(drill.folder.glob("backups/base-*"))
    shutil.rmtree(first)
    target = drill.folder / "cut" / "data"
    arguments = ["--at", "latest", "--data-dir", str(target), "--postgres-bin-dir", str(BINARIES)]
    arguments += ["--identity", str(drill.identity), "--folders-below", str(drill.folder / "cut")]
    said = drill.refused(lost.url, "backup", "restore", *arguments)
    require_told("a chain without its first backup", said, first.name)
    require_equal("a folder of what cannot be restored", target.exists(), False)


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
        drill.flask(url, "backup", "restore", "--identity", str(drill.identity))
    _check(drill, url, lost)
    server.stop()


def _restore_moment(drill: RestoreDrill, lost: LostServer) -> None:
    server = drill.server("from-wal")
    server.folder.mkdir()
    for name in ("password", "port"):
        shutil.copy(drill.folder / "first" / name, server.folder / name)
    shutil.rmtree(drill.media)
    arguments = ["--at", lost.moment.isoformat(), "--data-dir", str(server.data)]
    arguments += ["--postgres-bin-dir", str(BINARIES), "--identity", str(drill.identity)]
    with drill.timed("restore to a point in time"):
        drill.flask(lost.url, "backup", "restore", *arguments)
    give_to_owner(server.data, drill.folder / "first" / "data")
    with drill.timed("recovery of the server"):
        url = server.start()
        while query(url, "SELECT pg_is_in_recovery()") == [(True,)]:
            time.sleep(0.1)
    require_equal("rows at that time", counts(url), lost.counts)
    drill.flask(url, "erasures", "replay")
    _check(drill, url, lost)
    server.stop()


def _check(drill: RestoreDrill, url: str, lost: LostServer) -> None:
    """One contact is gone, with messages and file; texts and file of another can be read. That all
    tables have their counts, the restore itself compares.
    """
    after = counts(url)
    require_equal("contacts", after["contact"], lost.counts["contact"] - 1)
    require_equal("messages", after["message"], lost.counts["message"] - PER_CONTACT)
    copy = drill.folder / f"copy-{time.monotonic_ns()}"
    drill.flask(url, "contacts", "export", "--id", lost.kept, "--output", str(copy))
    exported = copy.read_bytes()
    if not all(_holds(exported, sentence) for sentence in SAID):
        raise DrillFailed("the conversation of a contact cannot be read")
    drill.refused(url, "contacts", "export", "--id", lost.erased, "--output", str(copy))
    with opened(drill, url):
        require_equal("the file of a contact", read_file(lost.kept), SOUND)
        require_equal("the file of the erased contact", read_file(lost.erased), None)


def _holds(exported: bytes, sentence: str) -> bool:
    """Whether an export holds a sentence; one with files is a ZIP archive."""
    if exported.startswith(b"PK"):
        with zipfile.ZipFile(BytesIO(exported)) as archive:
            exported = b"".join(archive.read(name) for name in archive.namelist())
    return sentence.encode() in exported


def read_file(contact_id: str) -> bytes | None:
    """What the file of a contact holds; None when there is none that can be read."""
    found = select(MediaFile).filter_by(contact_id=UUID(contact_id))
    row = db.session.scalars(found).one_or_none()
    if row is None:
        return None
    try:
        return b"".join(sealed_files.read(row, ContentPart.CONTENT))
    except (MediaUnreadable, DecryptionFailed):
        return None
