"""How fast answers may leave, counted in Redis or in one process, and what sends do with it."""

import itertools
import threading
import time

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisAway

from gatte import services
from gatte.delivery.rate_limiter import (
    MAX_SLEEP_SECONDS,
    PAIR_BURST,
    PAIR_SECONDS,
    FallbackRateLimiter,
    InProcessRateLimiter,
    RedisRateLimiter,
    SendRate,
)
from tests.fakes.meta import Kind
from tests.fakes.meta_faults import Rates
from tests.integration.delivery.delivery_scenario import new_talk
from tests.process_system import least_seconds, until
from tests.slow_machines import left_of, retry_on_slow_machine

RATE = 20.0
_numbers = itertools.count(1)


@pytest.fixture(params=["in Redis", "in this process"])
def pace(request, redis_url):
    with Redis.from_url(redis_url) as client:
        yield (
            RedisRateLimiter(client, SendRate(RATE))
            if request.param == "in Redis"
            else InProcessRateLimiter(SendRate(RATE))
        )


def new_number():
    return f"number-{next(_numbers)}"


def waits(pace, number, count, first=0):
    return [
        pace.reserve(number, f"contact-{first + one}", f"{number}-{first + one}")
        for one in range(count)
    ]


@retry_on_slow_machine(0.08)
def test_places_of_a_number_lie_evenly_apart(pace):
    number = new_number()
    got = waits(pace, number, 40)

    assert got[0] == 0
    assert got[-1] == pytest.approx(39 / RATE, abs=0.1)
    assert got == sorted(got)


@retry_on_slow_machine(0.08)
def test_numbers_do_not_wait_for_each_other(pace):
    number = new_number()
    waits(pace, number, 40)

    assert pace.reserve(f"{number}-other", "contact", "slot") == 0


@retry_on_slow_machine(0.08)
def test_who_comes_back_for_a_place_goes_at_once_and_only_once(pace):
    number = new_number()
    waits(pace, number, 30)

    assert pace.reserve(number, "contact-29", f"{number}-29") == 0
    assert pace.reserve(number, "contact-29", f"{number}-29") > 1


@retry_on_slow_machine(0.08)
def test_a_customer_gets_a_burst_and_then_one_in_six_seconds(pace):
    number = new_number()
    got = [pace.reserve(f"{number}", "ana", f"{number}-{one}") for one in range(PAIR_BURST + 2)]

    assert got[-1] > MAX_SLEEP_SECONDS
    assert got[PAIR_BURST] == pytest.approx(PAIR_SECONDS, abs=0.5)
    assert pace.reserve(number, "bia", "bia") == pytest.approx(PAIR_BURST / RATE, abs=0.3)


@retry_on_slow_machine(0.08)
def test_a_number_that_was_too_fast_pauses_and_goes_slower(pace):
    number = new_number()
    pace.decrease_rate(number)
    pace.decrease_rate(number)  # the same fault, told twice

    got = waits(pace, number, 21)

    assert got[0] == pytest.approx(1.0, abs=0.1)
    assert got[20] - got[0] == pytest.approx(20 / (RATE * 0.67), rel=0.1)


@retry_on_slow_machine(0.08)
def test_places_that_were_given_at_the_old_rate_are_void(pace):
    number = new_number()
    waits(pace, number, 30)
    pace.decrease_rate(number)

    assert pace.reserve(number, "contact-29", f"{number}-29") > 0.5


@retry_on_slow_machine(0.08)
def test_a_customer_who_got_too_much_is_left_alone(pace):
    number = new_number()
    pace.block_recipient(number, "ana", 16)

    assert pace.reserve(number, "ana", "one") == pytest.approx(16, abs=0.2)
    assert pace.reserve(number, "bia", "two") == 0


def test_the_rate_comes_back(monkeypatch):
    pace, clock = InProcessRateLimiter(SendRate(RATE)), [1000.0]
    monkeypatch.setattr(
        "gatte.delivery.rate_limiter.time",
        type("Clock", (), {"monotonic": staticmethod(lambda: clock[0])}),
    )
    pace.decrease_rate("number")

    def rate():
        before = pace.reserve("number", f"contact-{clock[0]}-a", "a")
        return 1 / (pace.reserve("number", f"contact-{clock[0]}-b", "b") - before)

    clock[0] += 60
    soon = rate()
    clock[0] += 600
    assert soon == pytest.approx(RATE * 0.77, rel=0.01)
    assert rate() == pytest.approx(RATE)


class Away:
    """A Redis that does not answer."""

    calls = 0

    def reserve(self, *_):
        self.calls += 1
        raise RedisAway

    decrease_rate = block_recipient = reserve


@retry_on_slow_machine(0.08)
def test_without_redis_a_process_paces_by_itself_and_does_not_ask_again_at_once():
    away = Away()
    pacer = FallbackRateLimiter(away, InProcessRateLimiter(SendRate(RATE)))

    got = [pacer.reserve("number", f"contact-{one}", f"slot-{one}") for one in range(40)]

    assert got[-1] == pytest.approx(39 / RATE, abs=0.1)
    assert away.calls == 1


@retry_on_slow_machine(0.15)
def test_many_hosts_share_one_rate(redis_url):
    number = new_number()
    got = []

    def host(index):
        with Redis.from_url(redis_url) as client:
            got.extend(
                waits(RedisRateLimiter(client, SendRate(RATE)), number, 10, first=100 * index)
            )

    hosts = [threading.Thread(target=host, args=(index,)) for index in range(4)]
    for one in hosts:
        one.start()
    for one in hosts:
        one.join()

    assert max(got) == pytest.approx(39 / RATE, abs=0.2)


@pytest.fixture(scope="module")
def more():
    return {"gatte_number_rate_per_second": 40}


def deliver_until_sent(talks, patience=20.0):
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and not all(chat.heard() for chat in talks):
        for chat in talks:
            if chat.states()[0] == "pending" and chat.waits_seconds()[0] <= 0:
                chat.is_delivered()


def test_more_than_a_number_may_send_is_postponed_and_arrives_without_a_refusal(
    app, meta, redis_url
):
    """Three tries, each at the full rate: a machine that stops for a moment sends in a heap what
    was to be sent apart.
    """
    assert any(refusals(app, meta, redis_url) == 0 for _ in range(3))


def refusals(app, meta, redis_url) -> int:
    """How many of 60 answers at once Meta refuses that takes one a second more than we send; all
    have arrived in the end.
    """
    with Redis.from_url(redis_url) as client:
        client.delete(f"gatte:rate:{talk_number()}")
    time.sleep(1)  # what was sent before does not count any more
    meta.graph.rates = Rates(per_second=41)
    talks = [new_talk(app, meta) for _ in range(60)]
    for chat in talks:
        chat.answers("oi")
    refused = len(meta.graph.refused)
    workers = [
        threading.Thread(target=deliver_until_sent, args=(talks[index::3],)) for index in range(3)
    ]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    meta.graph.rates = Rates()

    assert [chat.heard() for chat in talks] == [["oi"]] * 60
    assert {chat.outcomes()[-1] for chat in talks} == {"accepted"}
    return len(meta.graph.refused) - refused


def test_a_place_further_ahead_than_a_thread_may_sleep_postpones_the_send(app, chat, meta):

    with app.app_context():
        for one in range(120):
            services.rate_limiter().reserve(talk_number(), f"contact-{one}", f"slot-{one}")
    talks = iter([chat, new_talk(app, meta), new_talk(app, meta)])

    def postpones() -> None:
        one = next(talks)
        one.answers("um", "dois")
        one.is_delivered()
        assert one.states() == ["pending", "pending"]

    assert least_seconds(3, postpones) < 0.5
    assert (chat.states(), chat.heard()) == (["pending", "pending"], [])
    assert chat.waits_seconds()[0] > 0.2
    assert chat.rows()[0].attempts == 0
    assert until(lambda: chat.waits_seconds()[0] <= 0)
    chat.is_delivered()
    assert chat.heard() == ["um", "dois"]


def talk_number():
    from tests.process_system import NUMBER

    return NUMBER


def test_after_a_pair_limit_the_customer_is_left_alone_for_meta_s_pauses(chat, meta):
    meta.fail(Kind.ERROR, to=chat.phone, status=400, code=131056, times=2)
    chat.answers("oi")
    started = time.monotonic()
    chat.is_delivered()
    assert chat.waits_seconds()[0] == left_of(1, started, tolerance=0.5)
    assert until(lambda: chat.waits_seconds()[0] <= 0)
    started = time.monotonic()
    chat.is_delivered()
    assert chat.waits_seconds()[0] == left_of(4, started, tolerance=0.5)

    assert chat.outcomes() == ["refused", "refused"]
