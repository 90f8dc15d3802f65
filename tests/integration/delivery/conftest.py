import time
from collections.abc import Iterator

import pytest
from flask import Flask

from gatte.delivery import number_pause
from gatte.extensions import db
from gatte.models import NumberPause
from tests.app_fixture import application
from tests.fakes.meta import MetaStandIn
from tests.integration.delivery.talks import Talk, new_talk

TOKEN = "meta-token-of-the-tests"


@pytest.fixture(scope="module")
def standing_in() -> Iterator[MetaStandIn]:
    with MetaStandIn(TOKEN) as meta:
        yield meta


@pytest.fixture
def meta(standing_in: MetaStandIn) -> MetaStandIn:
    """Meta, with nothing going wrong yet."""
    standing_in.graph.faults.clear()
    standing_in.graph.plan, standing_in.graph.delay = None, 0.0
    return standing_in


@pytest.fixture(scope="module")
def more() -> dict[str, object]:
    """Settings of the module's application beside the usual ones; a module may have its own."""
    return {}


@pytest.fixture(scope="module")
def app(
    database_url: str, redis_url: str, standing_in: MetaStandIn, more: dict[str, object]
) -> Iterator[Flask]:
    """An application that sends to the stand-in for Meta; doubtful sends wait half a second for a
    status.
    """
    given = {
        "whatsapp_access_token": TOKEN,
        "whatsapp_api_base_url": standing_in.url,
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
def talk(app: Flask, meta: MetaStandIn) -> Talk:
    """A conversation with a customer who just wrote."""
    return new_talk(app, meta)
