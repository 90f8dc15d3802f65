"""A disk that is really full under Postgres: 503 and never 200 for what is not stored, and all goes
on when there is room again.

Two ways to have no room. As root, a small disk of its own holds the whole cluster, write-ahead log
included, and is filled to the last byte. Where that may not be mounted, and beside it, the kernel
lets no process of Postgres write to any file (the limit of a file's size is nought): that needs no
rights, and hits everything at once, so that Postgres goes down by itself.
"""

import os
import subprocess
from collections.abc import Callable
from contextlib import contextmanager, nullcontext, suppress

import psutil
import pytest

from devstack.process_spawn import guarded
from gatte.infra.schema import migrate
from tests import process_system
from tests.fakes import payloads
from tests.faults import system_environments
from tests.process_system import NUMBER, until
from tests.store_fixtures import running_stores

DISK_MIB = 320
REFUSED = 5  # so often that it is no chance
LONG = "Bom dia! Segue o que aconteceu com o meu certificado. " * 60
SMALL_DISK, NO_FILE_GROWS = "a small disk", "no file may be written"
WAYS = [SMALL_DISK, NO_FILE_GROWS] if os.geteuid() == 0 else [NO_FILE_GROWS]


@contextmanager
def mounted(folder):
    """A disk of its own at a folder."""
    folder.mkdir(parents=True)
    size = f"size={DISK_MIB}m,mode=755"
    subprocess.run(["mount", "-t", "tmpfs", "-o", size, "gatte-test", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture(scope="module", params=WAYS)
def way(request):
    return request.param


@pytest.fixture(scope="module")
def stores(way, tmp_path_factory):
    """Stores of this module's own, the database on a disk that can be filled."""
    folder = tmp_path_factory.mktemp("own-stores")
    with (
        mounted(folder / "postgres") if way == SMALL_DISK else nullcontext(),
        running_stores(folder, durable=True) as started,
    ):
        migrate(started.postgres.url())
        yield started


@pytest.fixture(scope="module")
def database_url(stores):
    return stores.postgres.url()


@pytest.fixture(scope="module")
def system(stores, tmp_path_factory, meta, gemini):
    environment = system_environments.environment(
        stores.postgres.url(), stores.valkey.url(), meta, gemini
    )
    process_system.prepare(environment)
    with process_system.running(tmp_path_factory.mktemp("system"), environment) as started:
        meta.post_statuses(f"{started.url}/webhook/whatsapp", process_system.APP_SECRET, delay=0.5)
        yield started


@contextmanager
def full(stores, way):
    """No room for anything more, until this ends."""
    if way == SMALL_DISK:
        filler = stores.postgres.folder / "filler"
        fill(filler)
        yield
        filler.unlink()
    else:
        limit_files(stores, 0)
        yield
        limit_files(stores, "unlimited")
    stores.postgres.restart()  # as a supervisor does, should it have gone down


def fill(filler) -> None:
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))


def limit_files(stores, size: int | str) -> None:
    """Let no process of Postgres, and none that it starts, write beyond so many bytes of a file."""
    if not stores.postgres.pid:
        return
    postmaster = psutil.Process(stores.postgres.pid)
    for process in [postmaster, *postmaster.children(recursive=True)]:
        command = ["prlimit", "--pid", str(process.pid), f"--fsize={size}:"]
        subprocess.run(
            guarded(command, "TERM"), capture_output=True, check=False
        )  # one that has just ended is no matter


def written_until(client, enough: Callable[[list[int]], bool]) -> tuple[list, list[int]]:
    """New customers who write until it is enough: those whose message was taken, and all codes."""
    taken, codes = [], []

    def one_more() -> bool:
        who = client.somebody()
        answer = client.deliver(payloads.body(payloads.text(LONG), who, number=NUMBER))
        codes.append(answer.status_code)
        if answer.status_code == 200:
            taken.append(who)
        return enough(codes)

    assert until(one_more, pause=0.0), codes
    return taken, codes


def test_a_full_disk_refuses_loses_nothing_and_everything_goes_on_when_there_is_room(
    client, stores, way
):
    before, _ = written_until(client, lambda codes: codes.count(200) == 2)
    pids = {name: process.pid for name, process in client.system.processes.items()}
    with full(stores, way):
        during, codes = written_until(client, lambda codes: codes[-REFUSED:] == [503] * REFUSED)
    after, _ = written_until(client, lambda codes: codes.count(200) == 2)

    assert set(codes) <= {200, 503}
    people = [*before, *during, *after]
    fine = client.each_heard_one_answer(people)
    assert fine, [client.heard(who) for who in people]
    assert client.query("SELECT count(*) FROM inbox_message") == [(len(people),)]
    assert {
        name: process.pid
        for name, process in client.system.processes.items()
        if process.poll() is None
    } == pids


def test_nothing_is_left_over_when_the_disk_was_full(client):
    assert until(
        lambda: (
            client.query("SELECT count(*) FROM inbox_message WHERE processed_at IS NULL") == [(0,)]
        )
    )
    assert client.query("SELECT count(*) FROM turn WHERE outcome IN ('failed', 'dead_letter')") == [
        (0,)
    ]
    assert until(
        lambda: (
            client.query(
                "SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'uncertain')"
            )
            == [(0,)]
        )
    )
    assert client.query(
        "SELECT count(*) FROM outbox WHERE state IN ('failed', 'dead_letter', 'cancelled')"
    ) == [(0,)]
