import pytest

from gatte.infra.circuit_breaker import CircuitBreaker
from tests.slow_machines import Clock


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def breaker(clock):
    return CircuitBreaker(failure_threshold=3, reset_timeout_seconds=30, clock=clock)


def fail(breaker, times):
    for _ in range(times):
        breaker.record_failure()


def test_calls_go_while_failures_are_few(breaker):
    fail(breaker, 2)

    assert breaker.allow_request()


def test_enough_failures_in_a_row_hold_calls_back(breaker):
    fail(breaker, 3)

    assert not breaker.allow_request()
    assert breaker.is_open


def test_a_success_forgets_earlier_failures(breaker):
    fail(breaker, 2)
    breaker.record_success()
    fail(breaker, 2)

    assert breaker.allow_request()


def test_after_the_reset_timeout_exactly_one_probe_goes(breaker, clock):
    fail(breaker, 3)
    clock.now += 30

    assert [breaker.allow_request() for _ in range(3)] == [True, False, False]


def test_a_probe_that_succeeds_lets_all_calls_go(breaker, clock):
    fail(breaker, 3)
    clock.now += 30
    breaker.allow_request()
    breaker.record_success()

    assert breaker.allow_request()
    assert not breaker.is_open


def test_a_probe_that_fails_starts_the_reset_timeout_again(breaker, clock):
    fail(breaker, 3)
    clock.now += 30
    breaker.allow_request()
    breaker.record_failure()
    clock.now += 29

    assert not breaker.allow_request()


def test_a_probe_that_never_reports_is_followed_by_another(breaker, clock):
    fail(breaker, 3)
    clock.now += 30
    breaker.allow_request()
    clock.now += 30

    assert breaker.allow_request()
