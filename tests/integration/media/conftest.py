from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.app_fixture import application
from tests.fakes.meta import FakeMeta
from tests.integration.turns.simulated_customer import Customer, somebody

TOKEN = "meta-token-of-the-tests"


@pytest.fixture(scope="module")
def meta() -> Iterator[FakeMeta]:
    with FakeMeta(TOKEN) as fake_meta:
        yield fake_meta


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("media")


@pytest.fixture(scope="module")
def settings(meta: FakeMeta, folder: Path) -> dict[str, str]:
    return {
        "whatsapp_access_token": TOKEN,
        "whatsapp_api_base_url": meta.url,
        "gatte_media_dir": str(folder / "files"),
        "gatte_media_max_mb": "3",
        "gatte_erasure_ledger": str(folder / "erasures.jsonl"),
    }


@pytest.fixture(scope="module")
def app(database_url: str, redis_url: str, settings: dict[str, str]) -> Iterator[Flask]:
    """An application with a folder for files and a way to the stand-in for Meta."""
    with application(database_url, redis_url, **settings) as made:
        yield made
        for way in ("gatte_cloud", "gatte_media"):
            made.extensions[way].close()


@pytest.fixture
def files(folder: Path) -> Path:
    """Where files of customers lie."""
    return folder / "files"


@pytest.fixture
def customer(app: Flask) -> Customer:
    return somebody(app)
