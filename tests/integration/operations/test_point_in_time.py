"""The whole server back at a moment: base backup, incremental one, and streamed WAL."""

import shutil
import threading
import time
from contextlib import closing
from datetime import UTC, datetime

import psycopg2
import pytest

from devstack.postgres import BINARIES, Postgres
from devstack.store_process import owned_folder, runs_as_root
from gatte.infra.schema import migrate
from gatte.infra.schema.runner import connected
from gatte.operations.backup import encryption, restore, wal_archive
from gatte.operations.backup.wal_archive import WalArchive
from gatte.store import catalog
from tests.app_fixture import application
from tests.integration.operations.test_backup import runner
from tests.store_fixtures import execute, rows


@pytest.fixture
def server(tmp_path):
    running = Postgres(tmp_path / "first", durable=False, settings={"summarize_wal": "on"})
    running.start()
    yield running
    running.stop()


@pytest.fixture
def settings(server, tmp_path):
    return {
        "gatte_backup_database_url": server.url(),
        "gatte_backup_destination": str(tmp_path / "destination"),
        "gatte_backup_recipient": encryption.write_identity(tmp_path / "identity.txt"),
        "gatte_erasure_ledger": str(tmp_path / "erasures.jsonl"),
    }


class Receiver:
    """WAL streamed in a thread."""

    def __init__(self, app, url, spool):
        with connected(url) as connection:
            server = catalog.get_server_facts(connection)
        settings = app.extensions["gatte_settings"]
        self.archive = WalArchive(settings, server.system_identifier, spool)
        tools = restore.tools_for(settings, url)
        self._thread = threading.Thread(target=self.archive.run, args=(tools,))
        self._thread.start()
        while not rows(url, "SELECT FROM pg_replication_slots WHERE active"):
            time.sleep(0.05)

    def stop(self):
        self.archive.stop()
        self._thread.join()


def note(url, said):
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("INSERT INTO audit_note VALUES (%s)", (said,))
        connection.commit()


def notes(url):
    return {said for (said,) in rows(url, "SELECT said FROM audit_note")}


def recovered(tmp_path, data_dir):
    """A server on a prepared data folder, once it serves."""
    folder = owned_folder(data_dir.parent)
    for name in ("password", "port"):
        shutil.copy(tmp_path / "first" / name, folder / name)
    if runs_as_root():
        for path in (data_dir, *data_dir.rglob("*")):
            shutil.chown(path, (tmp_path / "first" / "data").owner())
    running = Postgres(folder, durable=False)
    url = running.start()
    while rows(url, "SELECT pg_is_in_recovery()") == [(True,)]:
        time.sleep(0.05)
    return running, url


def test_the_server_comes_back_at_a_moment_and_a_gap_in_the_archive_is_told(
    server, settings, redis_url, tmp_path
):
    url = server.url()
    migrate(url)
    execute(url, "CREATE TABLE audit_note (said text)")
    identity = ("--identity", str(tmp_path / "identity.txt"))
    with application(url, redis_url, **settings) as app:
        flask = runner(app)
        receiver = Receiver(app, url, tmp_path / "spool")
        flask("backup", "create", "--kind", "base")
        note(url, "before the second backup")
        said = flask("backup", "create", "--kind", "base")
        note(url, "before the moment")
        time.sleep(0.1)
        moment = datetime.now(UTC)
        time.sleep(0.1)
        note(url, "after the moment")
        execute(url, "SELECT pg_switch_wal()")
        note(url, "in the segment that was being filled")
        time.sleep(2)
        receiver.stop()
        server.crash()

        def restored(name, at):
            data_dir = tmp_path / name / "data"
            arguments = ("--at", at, "--data-dir", str(data_dir))
            programs = ("--postgres-bin-dir", str(BINARIES))
            flask("backup", "restore", *arguments, *programs, *identity)
            return recovered(tmp_path, data_dir)

        first, first_url = restored("at-moment", moment.isoformat())
        at_moment = notes(first_url)
        first.stop()
        second, second_url = restored("at-end", "latest")
        at_end = notes(second_url)
        second.stop()
        gap = sorted((tmp_path / "destination" / "wal").glob("*/*"))[-2]
        gap.unlink()
        told = flask(
            "backup",
            "restore",
            "--at",
            "latest",
            "--data-dir",
            str(tmp_path / "no" / "data"),
            "--postgres-bin-dir",
            str(BINARIES),
            *identity,
            code=1,
        )

    assert "changes since base-" in said
    assert at_moment == {"before the second backup", "before the moment"}
    assert at_end == at_moment | {"after the moment", "in the segment that was being filled"}
    assert "is not in the archive" in told
    assert not (tmp_path / "no" / "data").exists()


def test_segments_are_older_by_number_on_whatever_timeline():
    first = "000000020000000A000000FF"

    assert wal_archive.is_older("000000010000000A000000FE", first)
    assert wal_archive.is_older("00000003000000090000000A", first)
    assert not wal_archive.is_older("000000010000000A000000FF", first)
    assert not wal_archive.is_older("000000010000000B00000000", first)
    assert not wal_archive.is_older("00000001.history", first)


def test_a_moment_that_has_not_come_or_is_none_is_refused(settings, redis_url, tmp_path):
    place = ("--data-dir", str(tmp_path / "data"), "--postgres-bin-dir", str(BINARIES))
    identity = ("--identity", str(tmp_path / "identity.txt"))
    with application("postgresql://a@127.0.0.1:1/b", redis_url, **settings) as app:
        flask = runner(app)
        future = flask("backup", "restore", "--at", "2999-01-01", *place, *identity, code=2)
        none = flask("backup", "restore", "--at", "ontem", *place, *identity, code=2)
        lacking = flask("backup", "restore", "--at", "latest", *place, *identity, code=1)

    assert "has not come yet" in future
    assert "2026-11-27T14:30:00-03:00" in none
    assert "no base backup" in lacking
