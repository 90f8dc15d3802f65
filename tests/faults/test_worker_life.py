"""Workers that wear out, that are told to stop in the middle of a turn, and how many connections
all of them open.
"""

import math
import os
import signal
import time
from collections import Counter
from contextlib import closing

import psutil
import psycopg2
import pytest

from tests import process_system
from tests.faults import system_environments
from tests.process_system import never, until

UNSURE = "xyzzy plugh certificado frobnicar?"
LEASE_SECONDS, POOL = 90, 4


@pytest.fixture(scope="module")
def system(tmp_path_factory, database_url, redis_url, meta, gemini):
    more = {
        "GATTE_LEASE_SECONDS": str(LEASE_SECONDS),
        "GATTE_DB_POOL_SIZE": str(POOL),
        "WEB_CONCURRENCY": "2",
        "GATTE_GEMINI_TIMEOUT_SECONDS": "20",
    }
    environment = system_environments.environment(database_url, redis_url, meta, gemini, **more)
    process_system.prepare(environment)
    with process_system.running(tmp_path_factory.mktemp("system"), environment) as started:
        yield started


def start_worker(system, name: str, **more: str) -> str:
    """Start a worker and wait until it works."""
    system.start(name, **more)
    assert until(lambda: starts(system, name) > 0), system.log_tail()
    return name


def starts(system, name: str) -> int:
    return system.log(name).count('"worker_started"')


def workers(system) -> list[str]:
    return [
        name
        for name, process in system.processes.items()
        if name.startswith("worker") and process.poll() is None
    ]


def stop_workers(system) -> None:
    for name in workers(system):
        system.terminate(name)


def a_worker(system) -> str:
    """The one worker that runs, whichever it is."""
    return next(iter(workers(system)), "") or start_worker(
        system, f"worker:{len(system.processes)}"
    )


def test_a_worn_out_worker_is_replaced_and_nothing_is_lost(client, system):
    stop_workers(system)
    start_worker(system, "worker:worn", GATTE_WORKER_MAX_JOBS="6")

    for life in range(1, 4):
        assert client.each_heard_one_answer(client.crowd(8))
        assert until(lambda life=life: starts(system, "worker:worn") > life)

    assert system.log("worker:worn").count('"worker_recycled"') >= 3


def test_a_process_of_several_is_started_again_when_it_dies(client, system):
    stop_workers(system)
    name = start_worker(system, "worker:two", GATTE_WORKER_PROCESSES="2")
    assert until(lambda: starts(system, name) == 2)

    psutil.Process(system.processes[name].pid).children()[0].kill()

    assert until(lambda: starts(system, name) == 3)
    assert '"worker_died"' in system.log(name)
    assert client.each_heard_one_answer(client.crowd(8))
    assert system.terminate(name) == 0


def test_a_memory_limit_that_the_models_alone_exceed_is_no_limit(client, system):
    stop_workers(system)
    start_worker(system, "worker:fat", GATTE_WORKER_MAX_MEMORY_MB="50")

    assert client.each_heard_one_answer(client.crowd(3))
    assert '"worker_memory_limit_too_low"' in system.log("worker:fat")
    assert '"worker_recycled"' not in system.log("worker:fat")


def test_a_worker_told_to_stop_gives_its_turn_to_another(client, system, gemini):
    """Three tries: the machine may be busy, but not each time."""
    assert any(seconds_to_stop(client, system, gemini) < 10 for _ in range(3))


def seconds_to_stop(client, system, gemini) -> float:
    """How long a worker takes to end whose turn waits for Gemini; without end when nobody answers
    in its place within five seconds.
    """
    one, other = a_worker(system), start_worker(system, f"worker:{len(system.processes)}")
    os.kill(system.processes[other].pid, signal.SIGSTOP)
    time.sleep(1.5)  # what it waits for in Redis ends in a second
    who, before = client.somebody(), len(gemini.calls)
    gemini.is_slow(15.0)
    client.says(who, UNSURE)
    assert until(lambda: len(gemini.calls) > before), "no turn asked Gemini"

    os.kill(system.processes[other].pid, signal.SIGCONT)
    told_at = time.monotonic()
    system.terminate(one)
    took = time.monotonic() - told_at

    soon = until(lambda: len(client.heard(who)) == 1, 5)
    assert '"leases_released"' in system.log(one)
    assert never(lambda: len(client.heard(who)) > 1, 2)
    return took if soon else math.inf


def test_a_worker_told_to_stop_finishes_what_does_not_take_long_and_leaves_no_connection(
    client, system, gemini
):
    who, before, one = client.somebody(), len(gemini.calls), a_worker(system)
    gemini.is_slow(2.0)
    client.says(who, UNSURE)
    assert until(lambda: len(gemini.calls) > before), "no turn asked Gemini"

    system.terminate(one)

    assert len(client.heard(who)) == 1
    assert until(lambda: connections(client).get("gatte-worker", 0) == 0)


def connections(client) -> dict[str, int]:
    """How many connections each kind of process has open."""
    return dict(
        client.query(
            "SELECT application_name, count(*) FROM pg_stat_activity GROUP BY application_name"
        )
    )


def test_each_process_opens_no_more_connections_than_documented(client, system):
    """More turns than connections wait for a table that somebody else holds."""
    a_worker(system)
    most: Counter[str] = Counter()

    def seen() -> Counter[str]:
        nonlocal most
        most |= Counter(connections(client))
        return most

    with (
        closing(psycopg2.connect(client.database_url)) as somebody_else,
        somebody_else.cursor() as cursor,
    ):
        cursor.execute("LOCK TABLE turn IN EXCLUSIVE MODE")
        people = client.crowd(60)
        assert until(lambda: seen()["gatte-worker"] >= POOL)
        assert never(lambda: seen()["gatte-worker"] > POOL, 3)

    assert most["gatte-web"] <= 2 * (POOL + 1)
    assert most["gatte-worker"] == POOL
    assert most["gatte-scheduler"] == 1
    assert client.each_heard_one_answer(people)
