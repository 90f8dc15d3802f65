"""kill -9 where it hurts; the check is made from outside, at the stand-in for Meta."""

import time

import pytest
import redis

from tests.fakes.meta import Kind
from tests.process_system import until


@pytest.fixture
def thinking(world):
    """Make Gemini slow, so that a turn can be met in its middle; the local classifier is unsure of
    such a text.
    """
    world.gemini.is_slow(4.0, times=1)
    return "xyzzy plugh certificado frobnicar?"


def wait_for_a_call(world, before: int) -> None:
    assert until(lambda: len(world.gemini.calls) > before), "no turn asked Gemini"


def test_a_worker_killed_in_the_middle_of_a_turn(world, thinking):
    who, before = world.somebody(), len(world.gemini.calls)
    world.says(who, thinking)
    wait_for_a_call(world, before)

    world.system.kill("worker")
    world.system.start("worker")

    assert world.each_heard_one_answer([who])


def test_a_web_process_killed_between_receipt_and_answer(world):
    who = world.somebody()
    world.says(who, "oi")

    world.system.kill("web")
    world.system.start("web")

    assert world.each_heard_one_answer([who])
    world.system.wait_until_ready()


def test_a_scheduler_killed_before_it_dispatched(world):
    world.system.kill("scheduler")
    who = world.somebody()
    world.says(who, "oi")

    world.system.start("scheduler")

    assert world.each_heard_one_answer([who])


def test_a_worker_killed_after_meta_accepted(world):
    """Meta has the answer, we do not know: its status settles the doubt before it is sent again."""
    world.meta.post_statuses(
        f"{world.system.url}/webhook/whatsapp", "app-secret-of-the-tests", delay=1.0
    )
    world.meta.fail(Kind.DELAY, seconds=2.0, times=1)
    who = world.somebody()
    world.says(who, "oi")
    assert until(lambda: len(world.heard(who)) == 1)

    world.system.kill("worker")
    world.system.start("worker")

    assert world.each_heard_one_answer([who])


def test_a_flushed_redis_loses_nothing(world, redis_url):
    people = world.crowd(20)
    with redis.Redis.from_url(redis_url) as client:
        for _ in range(5):
            client.flushall()
            time.sleep(0.3)

    assert world.each_heard_one_answer(people)
