"""Several hosts: turns spread over them, one that is cut off says nothing late, and a rolling
restart loses nothing.
"""

import os
import signal
import threading
import time
from contextlib import ExitStack

import httpx
import pytest
import redis

from devstack.postgres import Postgres
from gatte.infra.schema import migrate
from tests import process_system
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.fakes.meta import FakeMeta, Kind
from tests.faults import network_namespaces, system_environments
from tests.faults.network_namespaces import NETWORK, Hosts
from tests.integration.flow.system_client import SystemClient
from tests.process_system import APP_SECRET, NUMBER, free_port, never, until
from tests.store_fixtures import Stores, execute

pytestmark = pytest.mark.skipif(
    bool(network_namespaces.possible()), reason=network_namespaces.possible()
)

UNSURE = "xyzzy plugh certificado frobnicar?"
LEASE_SECONDS = 5


@pytest.fixture(scope="module")
def others():
    """Two more hosts."""
    with ExitStack() as made:
        yield [made.enter_context(network_namespaces.host(number)) for number in (1, 2)]


@pytest.fixture(scope="module")
def meta():
    with FakeMeta(system_environments.TOKEN, host="0.0.0.0") as fake_server:  # noqa: S104 - the other hosts ask it too
        yield fake_server


@pytest.fixture(scope="module")
def gemini():
    with FakeGemini(host="0.0.0.0") as fake_server:  # noqa: S104 - likewise
        yield fake_server


@pytest.fixture(scope="module")
def stores(others, tmp_path_factory):
    """Stores that other hosts may use."""
    folder = tmp_path_factory.mktemp("own-stores")
    made = Stores(folder)
    made.postgres = Postgres(folder / "postgres", settings={"listen_addresses": "*"})
    made.start()
    with (made.postgres.data / "pg_hba.conf").open("a") as rules:
        rules.write(f"host all all {NETWORK}.0.0/16 scram-sha-256\n")
    execute(made.postgres.url(), "SELECT pg_reload_conf()")
    with redis.Redis.from_url(made.valkey.url()) as client:
        client.config_set("bind", " ".join(["127.0.0.1", *(one.gateway for one in others)]))
    migrate(made.postgres.url())
    yield made
    made.stop()


@pytest.fixture(scope="module")
def database_url(stores):
    return stores.postgres.url()


@pytest.fixture(scope="module")
def system(stores, others, tmp_path_factory, meta, gemini):
    """Stores, web and scheduler here; a worker on each of the other hosts."""
    folder = tmp_path_factory.mktemp("system")
    environment = system_environments.environment(
        stores.postgres.url(),
        stores.valkey.url(),
        meta,
        gemini,
        GATTE_LEASE_SECONDS=str(LEASE_SECONDS),
    )
    process_system.prepare(environment)
    system = Hosts(folder, environment)
    system.others = {str(one.number): one for one in others}
    meta.post_statuses(f"{system.url}/webhook/whatsapp", APP_SECRET, delay=0.5)
    try:
        system.start("web", "scheduler")
        for one in others:
            system.start_on(one, "worker")
        system.wait_until_ready()
        assert until(lambda: all(starts(system, f"worker:{one.number}") for one in others)), (
            system.log_tail()
        )
        yield system
    finally:
        system.stop()


def starts(system, name: str) -> int:
    return system.log(name).count('"worker_started"')


def turns(system, name: str) -> int:
    return system.log(name).count('"turn_completed"')


def test_turns_spread_over_the_hosts(client, system):
    people = client.crowd(40)

    assert client.each_heard_one_answer(people)
    assert min(turns(system, "worker:1"), turns(system, "worker:2")) >= 5


@pytest.fixture
def turn_on_host_1(client, system, gemini):
    """A customer whose turn is under way on the first host, where it waits for Gemini."""
    other = system.processes["worker:2"].pid
    os.kill(other, signal.SIGSTOP)
    time.sleep(1.5)  # what it waits for in Redis ends in a second
    who, before = client.somebody(), len(gemini.calls)
    gemini.is_slow(4.0)
    client.says(who, UNSURE)
    assert until(lambda: len(gemini.calls) > before), "no turn asked Gemini"
    os.kill(other, signal.SIGCONT)
    return who


def test_a_host_that_is_cut_off_in_a_turn_loses_it_and_says_nothing_late(
    client, system, others, turn_on_host_1
):
    who, before = turn_on_host_1, turns(system, "worker:2")
    others[0].cut()
    try:
        assert len(client.waits_for_answers(who, 1, LEASE_SECONDS + 10)) == 1
        assert turns(system, "worker:2") > before
    finally:
        others[0].reconnect()

    assert never(lambda: len(client.heard(who)) > 1, 8)


def test_the_host_works_again_when_it_is_back(client, system):
    before = turns(system, "worker:1")

    assert client.each_heard_one_answer(client.crowd(10))
    assert until(
        lambda: client.each_heard_one_answer(client.crowd(5)) and turns(system, "worker:1") > before
    )


def test_a_host_that_is_cut_off_while_it_sends(client, others, meta):
    """Meta has the answers, and nobody was told: their statuses settle it."""
    meta.fail(Kind.DELAY, seconds=2.0, times=6)
    before = len(meta.messages)
    people = client.crowd(6)
    assert until(lambda: len(meta.messages) >= before + 6)
    others[0].cut()
    time.sleep(5)
    others[0].reconnect()

    assert client.each_heard_one_answer(people)


def test_a_leader_that_is_cut_off_is_followed_within_five_seconds(client, system, others):
    """Three tries: the machine may be busy, but not each time."""
    system.terminate("scheduler")
    system.start_on(others[0], "scheduler")

    assert any(seconds_to_follow(client, system, others[0]) < 5 for _ in range(3))


IS_CUT_OFF = '"dispatcher_database_unavailable"'


def seconds_to_follow(client, system, far) -> float:
    """How long nobody leads when the leader's host is cut off; the other scheduler ends up as the
    only one.
    """
    lost = system.log("scheduler:1").count(IS_CUT_OFF)
    if "scheduler:here" in system.processes:
        system.terminate("scheduler:here")
    assert until(lambda: client.schedulers() == 1 == len(client.leaders()))
    system.start("scheduler:here")
    assert until(lambda: client.schedulers() == 2)
    (before,) = client.leaders()

    far.cut()
    cut = time.monotonic()
    try:
        assert until(lambda: len(client.leaders() - {before}) == 1)
        took = time.monotonic() - cut
        assert '"leader_elected"' in system.log("scheduler:here")
    finally:
        far.reconnect()

    assert until(lambda: system.log("scheduler:1").count(IS_CUT_OFF) > lost)
    assert client.each_heard_one_answer(client.crowd(3))
    assert len(client.leaders()) == 1
    return took


def test_a_rolling_restart_loses_nothing(client, system, others):
    """Every process is replaced while customers write; whoever is not answered 200 is delivered
    again, to any web process that lives.
    """
    ports = {"web": system.port, "web:b": free_port()}
    system.start("web:b", GATTE_BIND=f"127.0.0.1:{ports['web:b']}")
    assert until(lambda: alive(ports["web:b"]))
    people: list = []
    done = threading.Event()
    writing = threading.Thread(
        target=keep_writing, args=(client, list(ports.values()), people, done)
    )
    writing.start()
    scheduler = "scheduler:here" if "scheduler:here" in system.processes else "scheduler"
    for name in ("worker:1", "web", "worker:2", "web:b", scheduler):
        wrote = len(people)
        replace(system, others, name, ports)
        assert until(lambda wrote=wrote: len(people) > wrote + 10), (
            f"nobody could write around the restart of {name}"
        )
    done.set()
    writing.join()

    assert client.each_heard_one_answer(people)
    assert client.query("SELECT count(*) FROM turn WHERE outcome IN ('failed', 'dead_letter')") == [
        (0,)
    ]


def replace(system, others, name: str, ports: dict[str, int]) -> None:
    """End a process and start its successor, as a rolling restart does."""
    before = starts(system, name)
    system.terminate(name)
    if name.startswith("worker"):
        system.start_on(others[int(name[-1]) - 1], "worker")
        assert until(lambda: starts(system, name) > before)
    elif name.startswith("web"):
        system.start(name, GATTE_BIND=f"127.0.0.1:{ports[name]}")
        assert until(lambda: alive(ports[name]))
    else:
        system.start(name)


def alive(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def keep_writing(
    client: SystemClient, ports: list[int], people: list, done: threading.Event
) -> None:
    """A new customer every tenth of a second, delivered to one web process or another until it is
    acknowledged.
    """
    while not done.is_set():
        who = client.somebody()
        body, headers = payloads.signed(
            payloads.body(payloads.text("oi"), who, number=NUMBER), APP_SECRET
        )
        people.append(who)
        assert until(
            lambda body=body, headers=headers: any(
                delivered(port, body, headers) for port in ports
            ),
            pause=0.2,
        )
        ports.reverse()
        time.sleep(0.1)


def delivered(port: int, body: bytes, headers: dict[str, str]) -> bool:
    try:
        return (
            httpx.post(
                f"http://127.0.0.1:{port}/webhook/whatsapp",
                content=body,
                headers=headers,
                timeout=10,
            ).status_code
            == 200
        )
    except httpx.HTTPError:
        return False


def test_no_doubtful_row_is_left(client):
    assert until(
        lambda: (
            client.query(
                "SELECT count(*) FROM outbox WHERE state IN ('pending', 'sending', 'uncertain')"
            )
            == [(0,)]
        )
    )
    assert client.query("SELECT count(*) FROM inbox_message WHERE processed_at IS NULL") == [(0,)]
