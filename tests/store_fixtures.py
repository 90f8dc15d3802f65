"""Real stores for tests: one embedded Postgres and one Valkey a test session, a fresh copy of the
migrated database a module.
"""

import itertools
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
import redis
from structlog.testing import capture_logs

from devstack.stores import Stores
from gatte.infra.schema import migrate

TEMPLATE = "migrated"
_numbers = itertools.count(1)


def execute(url: str, *statements: str) -> None:
    """Run statements outside a transaction, as CREATE DATABASE wants it."""
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    """What a query gives."""
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


@contextmanager
def database(stores: Stores, template: str = "template1") -> Iterator[str]:
    """A database of its own, dropped at the end; its URL."""
    name = f"test_{next(_numbers)}"
    execute(stores.postgres.url("postgres"), f"CREATE DATABASE {name} TEMPLATE {template}")
    yield stores.postgres.url(name)
    execute(stores.postgres.url("postgres"), f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")


@contextmanager
def running_stores(folder: Path, *, durable: bool = False) -> Iterator[Stores]:
    """Stores in a folder, stopped at the end. Fault tests take durable ones of their own."""
    stores = Stores(folder, durable=durable)
    stores.start()
    try:
        yield stores
    finally:
        stores.stop()


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stores]:
    """The stores of this test session; not to be crashed."""
    with running_stores(tmp_path_factory.mktemp("stores")) as running:
        yield running


@pytest.fixture(scope="session")
def template_database(stores: Stores) -> str:
    """The name of a database with the newest schema, to be copied."""
    execute(stores.postgres.url("postgres"), f"CREATE DATABASE {TEMPLATE}")
    migrate(stores.postgres.url(TEMPLATE))
    return TEMPLATE


@pytest.fixture(scope="module")
def database_url(stores: Stores, template_database: str) -> Iterator[str]:
    """A database with the newest schema, for one test module."""
    with database(stores, template_database) as url:
        yield url


@pytest.fixture
def empty_database_url(stores: Stores) -> Iterator[str]:
    """A database without any table, for one test."""
    with database(stores) as url:
        yield url


@pytest.fixture(scope="module")
def redis_url(stores: Stores) -> str:
    """An emptied Valkey, for one test module."""
    with redis.Redis.from_url(stores.valkey.url()) as client:
        client.flushall()
    return stores.valkey.url()


@pytest.fixture
def logged() -> Iterator[list[dict[str, object]]]:
    """The log lines of a test, before masking and rendering."""
    with capture_logs() as lines:
        yield lines
