from collections.abc import Iterator

import pytest

from tests import process_system
from tests.fakes.gemini import FakeGemini
from tests.fakes.meta import FakeMeta
from tests.integration.flow.system_client import SystemClient
from tests.process_system import System


@pytest.fixture(scope="module")
def meta() -> Iterator[FakeMeta]:
    with FakeMeta(token="meta-token-of-the-tests") as fake_server:
        yield fake_server


@pytest.fixture(scope="module")
def gemini() -> Iterator[FakeGemini]:
    with FakeGemini() as fake_server:
        yield fake_server


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
def client(system, meta, gemini, database_url) -> SystemClient:
    return SystemClient(system, meta, gemini, database_url)
