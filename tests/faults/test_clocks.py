"""Webhooks doubled, out of order and hours late, and hosts whose clocks are wrong or step: order
holds, each is answered once and in time.

What is due is decided by the clock of the database alone.
"""

import random
import time
from pathlib import Path

import pytest

from tests import process_system
from tests.fakes import payloads
from tests.fakes.payloads import new_wamid
from tests.faults import system_environments
from tests.faults.system_environments import LIBRARY, wrong_clock
from tests.process_system import NUMBER, never, until

HOUR, DAY = 3600, 86_400


@pytest.fixture(scope="module")
def clock(tmp_path_factory) -> Path:
    """A file that says how far the clock of our own processes is off."""
    file = tmp_path_factory.mktemp("clock") / "offset"
    file.write_text("+0")
    return file


@pytest.fixture(scope="module")
def system(tmp_path_factory, database_url, redis_url, meta, gemini, clock):
    environment = system_environments.environment(
        database_url, redis_url, meta, gemini, GATTE_QUIET_SECONDS="2"
    )
    process_system.prepare(environment)
    with process_system.running(
        tmp_path_factory.mktemp("system"), environment | wrong_clock(clock)
    ) as started:
        yield started


def write(client, who, part, at: float, wamid: str | None = None) -> None:
    made = payloads.body(part, who, number=NUMBER, wamid=wamid or new_wamid(who.phone), at=int(at))
    assert client.deliver(made).status_code == 200


OF_THE_LAST = """
    SELECT kind FROM message WHERE direction = 'in'
        AND conversation_id = (
            SELECT conversation_id FROM message
            WHERE direction = 'in' ORDER BY sequence DESC LIMIT 1)
    ORDER BY sequence
"""


def kinds(client) -> list[str]:
    """What the customer who wrote last wrote, in the order in which it was read."""
    return [kind for (kind,) in client.query(OF_THE_LAST)]


@pytest.mark.parametrize(
    "late", [0, 3 * HOUR, -HOUR // 2], ids=["in time", "hours late", "ahead of our clock"]
)
def test_messages_doubled_and_out_of_order_are_read_once_in_order(client, late):
    who, sent = client.somebody(), time.time() - late
    parts = [
        payloads.text("oi"),
        payloads.sticker(),
        payloads.location(),
        payloads.contacts(),
        payloads.text("quanto custa?"),
    ]
    deliveries = [
        (part, sent + second, new_wamid(who.phone)) for second, part in enumerate(parts)
    ] * 2
    random.Random(late).shuffle(deliveries)
    for part, at, wamid in deliveries:
        write(client, who, part, at, wamid)

    assert len(client.waits_for_answers(who, 1)) >= 1
    assert until(lambda: kinds(client) == ["text", "sticker", "location", "contacts", "text"]), (
        kinds(client)
    )
    said = client.heard(who)
    assert never(lambda: client.heard(who) != said, 3)
    assert client.query(
        "SELECT count(*) FROM turn "
        "WHERE conversation_id ="
        " (SELECT conversation_id FROM turn ORDER BY created_at DESC LIMIT 1)"
    ) == [(1,)]


def test_the_same_delivery_hours_later_is_no_new_message(client):
    who, wamid, sent = client.somebody(), "", time.time()
    wamid = new_wamid(who.phone)
    write(client, who, payloads.text("oi"), sent, wamid)
    assert client.each_heard_one_answer([who])
    write(client, who, payloads.text("oi"), sent, wamid)

    assert never(lambda: len(client.heard(who)) > 1, 4)


def test_a_timestamp_of_the_future_does_not_hold_the_window_open(client):
    who = client.somebody()
    write(client, who, payloads.text("oi"), time.time() + 10 * DAY)

    assert client.each_heard_one_answer([who])
    assert client.query(
        "SELECT count(*) FROM conversation WHERE last_inbound_at > clock_timestamp()"
    ) == [(0,)]


@pytest.mark.skipif(LIBRARY is None, reason="needs libfaketime (Debian's package faketime)")
@pytest.mark.parametrize("offset", [f"+{2 * DAY}", f"-{2 * DAY}", f"+{HOUR}", "+0"])
def test_when_the_clock_of_our_hosts_steps_customers_notice_nothing(client, clock, offset):
    before = [client.somebody() for _ in range(3)]
    for who in before:
        write(client, who, payloads.text("oi"), time.time())
    clock.write_text(offset)
    after = [client.somebody() for _ in range(3)]
    stepped = time.monotonic()
    for who in after:
        write(client, who, payloads.text("oi"), time.time())

    assert all(len(client.waits_for_answers(who, 1)) == 1 for who in before + after)
    assert time.monotonic() - stepped < 30
    assert client.each_heard_one_answer(before + after)


def test_the_clock_was_really_wrong(system, clock):
    if LIBRARY is None:
        pytest.skip("needs libfaketime (Debian's package faketime)")
    days = {
        line[14:24]
        for line in system.log("worker").splitlines()
        if line.startswith('{"timestamp":"')
    }

    assert len(days) >= 3
