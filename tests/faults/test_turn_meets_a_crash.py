"""Postgres crashes while a turn thinks: the turn gives its lease back, and nobody waits for that to
run out.
"""

import pytest

from gatte.infra.schema import migrate
from gatte.jobs.definitions import resume_turn
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.integration.turns.simulated_customer import somebody
from tests.integration.turns.slow_turn import turn_waiting_for_gemini
from tests.store_fixtures import running_stores


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Stores of this module's own, to be crashed."""
    with running_stores(tmp_path_factory.mktemp("own-stores"), durable=True) as started:
        migrate(started.postgres.url())
        yield started


@pytest.fixture(scope="module")
def gemini():
    with FakeGemini() as fake:
        yield fake


@pytest.fixture(scope="module")
def app(stores, gemini):
    with application(
        stores.postgres.url(), stores.valkey.url(), gemini_api_key="key", gemini_base_url=gemini.url
    ) as made:
        yield made
        made.extensions["gatte_gemini"].close()


@pytest.mark.parametrize(
    "thinks_on", [True, False], ids=["ends while Postgres is away", "ends when it is back"]
)
def test_a_turn_that_thinks_while_postgres_crashes_is_taken_again_at_once(
    app, stores, gemini, thinks_on
):
    customer = somebody(app)
    customer.sends(payloads.text("quero abrir um chamado"))
    before = customer.heard()
    with turn_waiting_for_gemini(customer, gemini) as go_on:
        stores.postgres.crash()
        if thinks_on:
            go_on.set()
        stores.postgres.start()

    with app.app_context():
        conversation = customer.conversation()
        assert conversation.lease_expires_at is None
    resume_turn(str(conversation.id))
    assert len(customer.heard()) == len(before) + 1
