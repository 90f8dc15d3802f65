"""No commit, no 200: while Postgres is away the webhook asks for another delivery, and takes it
when the database is back.
"""

import httpx
import pytest

from gatte.infra.schema import migrate
from tests import process_system
from tests.fakes import payloads
from tests.process_system import APP_SECRET, NUMBER, System, until
from tests.store_fixtures import rows, running_stores


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Stores of this module's own, to be crashed."""
    with running_stores(tmp_path_factory.mktemp("own-stores"), durable=True) as started:
        migrate(started.postgres.url())
        yield started


@pytest.fixture(scope="module")
def web(stores, tmp_path_factory):
    system = System(
        tmp_path_factory.mktemp("web"),
        process_system.settings(stores.postgres.url(), stores.valkey.url()),
    )
    system.start("web")
    assert until(lambda: alive(system)), system.log_tail()
    yield system
    system.stop()


def alive(system) -> bool:
    try:
        return httpx.get(f"{system.url}/health/live", timeout=2).status_code == 200
    except httpx.HTTPError:
        return False


def deliver(system, number: int) -> httpx.Response:
    body, headers = payloads.signed(
        payloads.body(payloads.text("oi"), payloads.person(number), number=NUMBER), APP_SECRET
    )
    return httpx.post(f"{system.url}/webhook/whatsapp", content=body, headers=headers, timeout=30)


def test_a_message_is_refused_while_the_database_is_away_and_taken_afterwards(web, stores):
    stores.postgres.crash()
    refused = [deliver(web, number) for number in range(4)]
    stores.postgres.start()

    assert [answer.status_code for answer in refused] == [503] * 4
    assert {answer.headers.get("Retry-After") for answer in refused} == {"5"}
    assert until(lambda: deliver(web, 5).status_code == 200)
    assert rows(stores.postgres.url(), "SELECT count(*) FROM inbox_message") == [(1,)]


def test_a_running_process_survives_a_crash_of_the_database(web, stores):
    assert deliver(web, 6).status_code == 200
    stores.postgres.crash()
    assert deliver(web, 7).status_code == 503
    stores.postgres.start()

    assert until(lambda: deliver(web, 7).status_code == 200)
    assert rows(stores.postgres.url(), "SELECT count(*) FROM inbox_message") == [(3,)]


def test_readiness_tells_what_is_away(web, stores):
    stores.valkey.stop()
    answer = httpx.get(f"{web.url}/health/ready", timeout=30)
    stores.valkey.start()

    checks = answer.json()["checks"]
    assert answer.status_code == 503
    assert checks["redis"]["ok"] is False
    assert checks["database"]["ok"] is checks["schema"]["ok"] is True
