from collections.abc import Iterator

import pytest

from tests import process_system
from tests.fakes.gemini import GeminiStandIn
from tests.fakes.meta import MetaStandIn
from tests.integration.flow.world import World
from tests.process_system import System


@pytest.fixture(scope="module")
def meta() -> Iterator[MetaStandIn]:
    with MetaStandIn(token="meta-token-of-the-tests") as standing_in:
        yield standing_in


@pytest.fixture(scope="module")
def gemini() -> Iterator[GeminiStandIn]:
    with GeminiStandIn() as standing_in:
        yield standing_in


@pytest.fixture(scope="module")
def system(tmp_path_factory, database_url, redis_url, meta, gemini) -> Iterator[System]:
    """The whole system over stand-ins, with the demo articles."""
    folder = tmp_path_factory.mktemp("system")
    environment = process_system.settings(
        database_url,
        redis_url,
        WHATSAPP_ACCESS_TOKEN="meta-token-of-the-tests",
        WHATSAPP_API_BASE_URL=meta.url,
        GEMINI_API_KEY="gemini-key-of-the-tests",
        GEMINI_BASE_URL=gemini.url,
        GATTE_QUIET_SECONDS="0.5",
        GATTE_UNCERTAIN_GRACE_SECONDS="3",
        GATTE_LEASE_SECONDS="8",
    )
    process_system.prepare(environment)
    with process_system.running(folder, environment) as started:
        yield started


@pytest.fixture
def world(system, meta, gemini, database_url) -> World:
    return World(system, meta, gemini, database_url)
