import os
import socket
import subprocess
import sys
import time

import psutil
import psycopg2
import pytest
import redis

from devstack.postgres import Postgres
from devstack.stores import Stores
from devstack.valkey import Valkey
from tests.store_fixtures import execute, rows, running_stores


@pytest.fixture
def own_stores(tmp_path):
    with running_stores(tmp_path, durable=True) as running:
        yield running


def test_what_was_committed_is_there_after_a_crash(own_stores):
    execute(own_stores.postgres.url(), "CREATE TABLE kept (id int)", "INSERT INTO kept VALUES (1)")
    own_stores.postgres.crash()
    own_stores.postgres.start()

    assert rows(own_stores.postgres.url(), "SELECT id FROM kept") == [(1,)]


def test_ports_and_passwords_stay_over_a_restart(own_stores):
    before = own_stores.postgres.url(), own_stores.valkey.url()
    after = own_stores.restart()

    assert (after.database, after.redis) == before


def test_valkey_comes_back_empty(own_stores):
    with redis.Redis.from_url(own_stores.valkey.url()) as client:
        client.set("key", "value")
    own_stores.valkey.crash()
    with redis.Redis.from_url(own_stores.valkey.start()) as client:
        assert client.get("key") is None


def test_nobody_gets_in_without_the_password(own_stores):
    with pytest.raises(psycopg2.OperationalError, match="password"):
        psycopg2.connect(
            own_stores.postgres.url().replace(":" + password(own_stores.postgres), ":wrong")
        ).close()
    with (
        redis.Redis(
            port=int(own_stores.valkey.url().rpartition(":")[2].partition("/")[0])
        ) as client,
        pytest.raises(redis.AuthenticationError),
    ):
        client.ping()


def test_the_stores_end_with_whoever_started_them(tmp_path):
    """kill -9 of the starter: the kernel tells the servers."""
    code = (
        "import sys, time; from pathlib import Path; from devstack.stores import Stores; "
        "s = Stores(Path(sys.argv[1])); s.start(); "
    )
    code += "print(s.postgres.pid, s.valkey.pid, flush=True); time.sleep(600)"
    starter = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True
    )
    pids = [int(pid) for pid in starter.stdout.readline().split()]
    starter.kill()
    starter.communicate()

    wait_until(lambda: not any(alive(pid) for pid in pids))
    with running_stores(tmp_path) as again:
        assert rows(again.postgres.url(), "SELECT 1") == [(1,)]


def test_a_server_that_was_left_running_is_taken_over(tmp_path):
    first = Postgres(tmp_path)
    first.start()
    second = Postgres(tmp_path)
    second.start()
    try:
        assert second.pid
        assert not first.pid
    finally:
        second.stop()


def test_a_pid_file_that_names_a_stranger_does_no_harm(tmp_path):
    server = Postgres(tmp_path)
    server.start()
    server.stop()
    (server.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.data}\n")
    server.start()

    assert rows(server.url(), "SELECT 1") == [(1,)]
    server.stop()


def test_an_initdb_that_was_killed_leaves_nothing_in_the_way(tmp_path):
    (tmp_path / "fresh" / "data").mkdir(parents=True)
    (tmp_path / "fresh" / "data" / "PG_VERSION").write_text("18\n")
    server = Postgres(tmp_path)
    server.start()

    assert rows(server.url(), "SELECT 1") == [(1,)]
    server.stop()


def test_a_port_that_is_taken_meanwhile_is_replaced(tmp_path):
    server = Valkey(tmp_path)
    server.start()
    port = int((tmp_path / "port").read_text())
    server.stop()
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind(("127.0.0.1", port))
        taken.listen()
        server.start()
        assert int((tmp_path / "port").read_text()) != port
        server.stop()


def test_the_extension_vector_is_to_be_had(stores: Stores):
    assert rows(
        stores.postgres.url(), "SELECT count(*) FROM pg_available_extensions WHERE name = 'vector'"
    ) == [(1,)]


@pytest.mark.skipif(
    os.geteuid() != 0, reason="only root has folders that Postgres's user cannot enter"
)
def test_root_may_keep_its_data_in_a_folder_that_nobody_else_can_enter(tmp_path):
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with running_stores(closed) as running:
        assert psutil.Process(running.postgres.pid).username() != "root"
        assert closed.stat().st_mode & 0o777 == 0o700


def password(server: Postgres) -> str:
    return (server.folder / "password").read_text()


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


def wait_until(condition, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
