from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.app_fixture import application


@pytest.fixture(scope="module")
def ledger_path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("ledger") / "erasures.jsonl"


@pytest.fixture(scope="module")
def app(database_url, redis_url, ledger_path) -> Iterator[Flask]:
    """An application with a ledger of its own."""
    with application(database_url, redis_url, gatte_erasure_ledger=str(ledger_path)) as made:
        yield made
