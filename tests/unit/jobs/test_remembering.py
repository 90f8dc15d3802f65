import pytest

from gatte.infra.rq_queue import QueueName
from gatte.jobs.dedup import RETRY_AFTER_SECONDS, SNAPSHOT_SECONDS, DispatchDeduplicator
from tests.slow_machines import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def waits():
    """The bundles that nobody has fetched yet."""
    return {"a bundle"}


@pytest.fixture
def remembered(clock, waits):
    return DispatchDeduplicator(lambda _: frozenset(waits), clock=clock)


def put(remembered) -> None:
    remembered.record("a need", "a bundle", QueueName.TURNS)


def test_what_was_never_put_is_new(remembered):
    put(remembered)

    assert remembered.should_enqueue("another need")


def test_what_was_put_just_now_is_not_put_again(remembered, waits):
    put(remembered)
    waits.clear()

    assert not remembered.should_enqueue("a need")


def test_what_waits_in_the_queue_is_not_put_again_however_long_it_waits(remembered, clock):
    put(remembered)
    clock.now += 3600

    assert not remembered.should_enqueue("a need")


def test_what_is_still_due_and_waits_no_more_is_put_again(remembered, clock, waits):
    put(remembered)
    waits.clear()
    clock.now += RETRY_AFTER_SECONDS

    assert remembered.should_enqueue("a need")


def test_the_queue_is_asked_anew_after_a_while(remembered, clock, waits):
    put(remembered)
    clock.now += RETRY_AFTER_SECONDS
    assert not remembered.should_enqueue("a need")

    waits.clear()
    clock.now += SNAPSHOT_SECONDS

    assert remembered.should_enqueue("a need")


def test_what_is_due_no_more_is_forgotten(remembered, clock, waits):
    put(remembered)
    clock.now += RETRY_AFTER_SECONDS + 1

    remembered.prune({"another need"})

    assert remembered.should_enqueue("a need")


def test_what_is_still_due_is_not_forgotten(remembered, clock):
    put(remembered)
    clock.now += RETRY_AFTER_SECONDS + 1

    remembered.prune({"a need"})

    assert not remembered.should_enqueue("a need")
