"""What one turn asks of Postgres, counted on the wire: every round trip is a wait that every
customer pays for.

The bounds are what a turn costs today. Whoever needs one more says here what it buys.
"""

from collections.abc import Iterator

import pytest
from flask import Flask

from bench.proxy import Counts, Proxy, proxies
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.meta import FakeMeta
from tests.integration.turns.simulated_customer import Customer, somebody

TOKEN = "meta-token-of-the-tests"
NEW_CUSTOMER = Counts(trips=8, statements=24)
RETURNING_CUSTOMER = Counts(trips=7, statements=20)
# the cheapest of so many counts: now and then one also asks for what its process keeps for a while
TURNS = 4


@pytest.fixture(scope="module")
def proxy(database_url: str) -> Iterator[Proxy]:
    """A door in front of Postgres that counts what passes."""
    with proxies(database_url) as [made]:
        yield made


@pytest.fixture(scope="module")
def app(proxy: Proxy, redis_url: str) -> Iterator[Flask]:
    """A worker's application that answers through the stand-in for Meta."""
    with FakeMeta(TOKEN) as meta:
        to_meta = {"whatsapp_access_token": TOKEN, "whatsapp_api_base_url": meta.url}
        with application(proxy.url, redis_url, process="worker", **to_meta) as made:
            yield made
            made.extensions["gatte_cloud"].close()


@pytest.fixture(scope="module")
def customers(app: Flask) -> list[Customer]:
    """Customers who are new; the statements of both kinds of turn are prepared already."""
    first = somebody(app)
    first.sends(payloads.text("bom dia"))
    first.sends(payloads.text("bom dia"))
    return [somebody(app) for _ in range(TURNS)]


def cost_of_a_turn(customer: Customer, proxy: Proxy) -> Counts:
    """What the turn over one message asks, from the inbox to the recorded answer."""
    customer.delivers(payloads.text("bom dia"))
    before = Counts(proxy.counts.trips, proxy.counts.statements)
    customer.is_answered()
    return Counts(proxy.counts.trips - before.trips, proxy.counts.statements - before.statements)


def cheapest(costs: list[Counts]) -> Counts:
    return Counts(min(one.trips for one in costs), min(one.statements for one in costs))


def test_a_turn_asks_no_more_of_postgres_than_it_did(customers, proxy):
    new = cheapest([cost_of_a_turn(one, proxy) for one in customers])
    returning = cheapest([cost_of_a_turn(one, proxy) for one in customers])

    assert [len(one.heard()) for one in customers] == [2] * TURNS
    assert new.trips <= NEW_CUSTOMER.trips
    assert new.statements <= NEW_CUSTOMER.statements
    assert returning.trips <= RETURNING_CUSTOMER.trips
    assert returning.statements <= RETURNING_CUSTOMER.statements
