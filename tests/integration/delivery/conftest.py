import time
from collections.abc import Iterator

import pytest
from flask import Flask

from gatte.delivery import number_pause
from gatte.extensions import db
from gatte.models import NumberPause
from tests.app_fixture import application
from tests.fakes.meta import FakeMeta
from tests.integration.delivery.delivery_scenario import DeliveryScenario, new_talk

TOKEN = "meta-token-of-the-tests"


@pytest.fixture(scope="module")
def fake_server() -> Iterator[FakeMeta]:
    with FakeMeta(TOKEN) as meta:
        yield meta


@pytest.fixture
def meta(fake_server: FakeMeta) -> FakeMeta:
    """Meta, with nothing going wrong yet."""
    fake_server.graph.faults.clear()
    fake_server.graph.plan, fake_server.graph.delay = None, 0.0
    return fake_server


@pytest.fixture(scope="module")
def more() -> dict[str, object]:
    """Settings of the module's application beside the usual ones; a module may have its own."""
    return {}


@pytest.fixture(scope="module")
def app(
    database_url: str, redis_url: str, fake_server: FakeMeta, more: dict[str, object]
) -> Iterator[Flask]:
    """An application that sends to the stand-in for Meta; doubtful sends wait half a second for a
    status.
    """
    given = {
        "whatsapp_access_token": TOKEN,
        "whatsapp_api_base_url": fake_server.url,
        "gatte_uncertain_grace_seconds": 0.5,
    }
    with application(database_url, redis_url, **(given | more)) as made:
        yield made
        made.extensions["gatte_cloud"].close()


@pytest.fixture(autouse=True)
def number_works(app: Flask) -> None:
    """No test leaves the number of the company paused for the next one."""
    with app.app_context():
        db.session.execute(db.delete(NumberPause))
        db.session.commit()
    app.extensions["gatte_pauses"] = number_pause.PauseCache(asked_at=time.monotonic())


@pytest.fixture
def chat(app: Flask, meta: FakeMeta) -> DeliveryScenario:
    """A conversation with a customer who just wrote."""
    return new_talk(app, meta)
