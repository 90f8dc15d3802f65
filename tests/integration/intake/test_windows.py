"""Sliding windows: exact over processes and threads, and never in the way when Redis hangs, is
away, or forgot everything.
"""

import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis

from gatte.infra.redis import sliding_window
from gatte.infra.redis.sliding_window import Hit, HitResult, InProcessSlidingWindows
from tests.app_fixture import application
from tests.process_system import free_port, least_seconds

NOW = 1_800_000_000_000
A_MINUTE = 60_000
COUNTING = """
import sys
from flask import Flask
from gatte.infra.redis import sliding_window
from gatte.infra.redis.fail_fast import FailFastRedis
from gatte.infra.redis.sliding_window import Hit
from gatte.settings import Settings

app = Flask("counting")
settings = Settings(
    _env_file=None, database_url="postgresql://unused/unused", redis_url=sys.argv[1]
)
app.extensions["gatte_memory"] = FailFastRedis(settings)
sys.stdin.readline()
with app.app_context():
    hits = [
        Hit("of-all", f"{sys.argv[2]}-{number}", 1_800_000_000_000 + number, 60_000, limit=50)
        for number in range(40)
    ]
    print(sum(sliding_window.record_hits([hit])[0].allowed for hit in hits))
"""


def mark(window, member, at=0, limit=3, **more):
    return Hit(window, str(member), NOW + at, A_MINUTE, limit=limit, **more)


def in_redis(context):
    return lambda given: sliding_window.record_hits([given])[0]


@pytest.fixture(params=["redis", "local"])
def count(request, context):
    """Both ways to count, which must agree."""
    return in_redis(context) if request.param == "redis" else InProcessSlidingWindows().record_hits


def test_so_many_fit_and_no_more(count):
    assert [count(mark("so-many", member)) for member in range(5)] == [
        HitResult(True, 1),
        HitResult(True, 2),
        HitResult(True, 3),
        HitResult(False, 3),
        HitResult(False, 3),
    ]


def test_the_window_slides(count):
    fits = [count(mark("slides", at, at * 1000)).allowed for at in (0, 20, 40, 59, 61, 62, 81)]

    assert fits == [True, True, True, False, True, False, True]


def test_what_is_counted_twice_counts_once(count):
    assert [count(mark("twice", "the same")) for _ in range(4)] == [HitResult(True, 1)] * 4


def test_a_clock_that_was_set_back_forgives(count):
    ahead = [count(mark("clock", member, 3_600_000)).allowed for member in range(3)]

    assert [*ahead, count(mark("clock", "now")).allowed] == [True, True, True, True]


def test_what_was_forgiven_does_not_count(count):
    for member in range(3):
        count(mark("forgiven", member))

    assert count(mark("forgiven", "after", 5, not_before=NOW + 1)) == HitResult(True, 1)


def test_several_processes_count_together_exactly(redis_url):
    command = [sys.executable, "-c", COUNTING, redis_url]
    pipes = {
        "stdin": subprocess.PIPE,
        "stdout": subprocess.PIPE,
        "text": True,
        "env": {"PYTHONPATH": "."},
    }
    processes = [subprocess.Popen([*command, str(number)], **pipes) for number in range(4)]
    with ThreadPoolExecutor(4) as pool:
        said = list(pool.map(lambda process: process.communicate("go\n", timeout=60)[0], processes))

    assert sum(int(one) for one in said) == 50


def test_threads_of_one_process_count_exactly_without_redis():
    local = InProcessSlidingWindows()
    with ThreadPoolExecutor(8) as pool:
        fits = list(
            pool.map(
                lambda member: local.record_hits(mark("threads", member, limit=50)).allowed,
                range(400),
            )
        )

    assert sum(fits) == 50


def test_local_windows_do_not_grow_without_end(monkeypatch):
    monkeypatch.setattr(sliding_window, "LOCAL_WINDOWS", 10)
    local = InProcessSlidingWindows()
    for number in range(100):
        local.record_hits(mark(f"window-{number}", "x"))

    assert len(local._windows) == 10


def test_a_redis_that_forgot_everything_counts_again(context, redis_url):
    count = in_redis(context)
    assert [count(mark("flushed", member, limit=1)).allowed for member in range(2)] == [True, False]
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()
        client.script_flush()

    assert count(mark("flushed", 2, limit=1)).allowed


def test_windows_end_by_themselves(context, redis_url):
    in_redis(context)(mark("ends", 1))
    with redis.Redis.from_url(redis_url) as client:
        assert 0 < client.pttl("gatte:sliding_window:ends") <= 2 * A_MINUTE


@pytest.fixture
def without_redis(database_url):
    with application(database_url, f"redis://127.0.0.1:{free_port()}/0") as app, app.app_context():
        yield


def test_without_redis_the_process_counts_for_itself(without_redis):
    assert [
        sliding_window.record_hits([mark("away", member)])[0].allowed for member in range(4)
    ] == [True, True, True, False]


def test_a_redis_that_hangs_costs_one_short_wait(database_url):
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"

        def count() -> float:
            with application(database_url, url) as app, app.app_context():
                return least_seconds(
                    1,
                    lambda: [
                        sliding_window.record_hits([mark("deaf", member)]) for member in range(50)
                    ],
                )

        assert any(count() < 2 for _ in range(3))
