"""kill -9 where it hurts; the check is made from outside, at the stand-in for Meta."""

import time

import pytest
import redis

from tests.fakes.meta import Kind
from tests.process_system import until


@pytest.fixture
def slow_text(client):
    """Make Gemini slow, so that a turn can be met in its middle; the local classifier is unsure of
    such a text.
    """
    client.gemini.is_slow(4.0, times=1)
    return "xyzzy plugh certificado frobnicar?"


def wait_for_a_call(client, before: int) -> None:
    assert until(lambda: len(client.gemini.calls) > before), "no turn asked Gemini"


def test_a_worker_killed_in_the_middle_of_a_turn(client, slow_text):
    who, before = client.somebody(), len(client.gemini.calls)
    client.says(who, slow_text)
    wait_for_a_call(client, before)

    client.system.kill("worker")
    client.system.start("worker")

    assert client.each_heard_one_answer([who])


def test_a_web_process_killed_between_receipt_and_answer(client):
    who = client.somebody()
    client.says(who, "oi")

    client.system.kill("web")
    client.system.start("web")

    assert client.each_heard_one_answer([who])
    client.system.wait_until_ready()


def test_a_scheduler_killed_before_it_dispatched(client):
    client.system.kill("scheduler")
    who = client.somebody()
    client.says(who, "oi")

    client.system.start("scheduler")

    assert client.each_heard_one_answer([who])


def test_a_worker_killed_after_meta_accepted(client):
    """Meta has the answer, we do not know: its status settles the doubt before it is sent again."""
    client.meta.post_statuses(
        f"{client.system.url}/webhook/whatsapp", "app-secret-of-the-tests", delay=1.0
    )
    client.meta.fail(Kind.DELAY, seconds=2.0, times=1)
    who = client.somebody()
    client.says(who, "oi")
    assert until(lambda: len(client.heard(who)) == 1)

    client.system.kill("worker")
    client.system.start("worker")

    assert client.each_heard_one_answer([who])


def test_a_flushed_redis_loses_nothing(client, redis_url):
    people = client.crowd(20)
    with redis.Redis.from_url(redis_url) as valkey:
        for _ in range(5):
            valkey.flushall()
            time.sleep(0.3)

    assert client.each_heard_one_answer(people)
