"""A system of its own for a bench: durable stores, the processes that a row needs, stand-ins in
processes of their own.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from flask import Flask

from bench.checkout import HERE, Checkout
from devstack.stores import Stores, Urls
from gatte.settings import FORMER_NAMES
from tests import process_system
from tests.process_system import System, free_port, until

TOKEN = "bench-token"  # noqa: S105 - of a stand-in


@dataclass(frozen=True)
class BenchEnvironment(Urls):
    """Where the stores are, and their process ids."""

    pids: dict[str, int]


@contextmanager
def stores(code: Checkout = HERE) -> Iterator[BenchEnvironment]:
    """Fresh stores that sync every commit to the disk, migrated to what this version needs."""
    with tempfile.TemporaryDirectory(prefix="gatte-bench-") as name:
        made = Stores(Path(name))
        try:
            urls = made.start()
            migrator = made.postgres.migrator_url()
            # a former commit may know of one role alone, which does everything
            database = urls.database if code is HERE else migrator
            urls = Urls(database, urls.redis)
            settings = environment(code, urls) | {"GATTE_MIGRATION_DATABASE_URL": migrator}
            code.flask(settings, "migrate")
            pids = {"Postgres": made.postgres.pid, "Valkey": made.valkey.pid}
            yield BenchEnvironment(urls.database, urls.redis, pids)
        finally:
            made.stop()


def environment(code: Checkout, urls: Urls, **more: str) -> dict[str, str]:
    """The settings of a version's processes over these stores."""
    more = {"GATTE_DATA_DIR": str(code.models), "GATTE_LOG_LEVEL": "INFO"} | more
    if code is not HERE:  # a former commit may know them by their former names
        named = {former.upper(): more.get(name.upper()) for former, name in FORMER_NAMES.items()}
        more |= {former: value for former, value in named.items() if value is not None}
    return process_system.settings(urls.database, urls.redis, **more)


@dataclass(frozen=True)
class FakeServer:
    """A stand-in that runs."""

    url: str
    pid: int


@contextmanager
def standin(module: str, *arguments: str) -> Iterator[str]:
    """A stand-in of the tests as a process; its URL."""
    with standin_process(module, *arguments) as made:
        yield made.url


@contextmanager
def standin_process(module: str, *arguments: str) -> Iterator[FakeServer]:
    """A stand-in of the tests as a process."""
    port = free_port()
    command = [sys.executable, "-m", f"tests.fakes.{module}", "--port", str(port), *arguments]
    process = subprocess.Popen(command, cwd=process_system.PROJECT, stdout=subprocess.DEVNULL)
    try:
        if not until(lambda: _answers(port), 20):
            raise RuntimeError(f"the stand-in {module} does not answer")
        yield FakeServer(f"http://127.0.0.1:{port}", process.pid)
    finally:
        process.terminate()
        process.wait(10)


def _answers(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def system(urls: Urls, *names: str, code: Checkout = HERE, **more: str) -> Iterator[System]:
    """These processes of GATTE over the stores, started; not waited for."""
    with tempfile.TemporaryDirectory(prefix="gatte-bench-logs-") as name:
        settings = environment(code, urls, **more)
        made = System(Path(name), settings, project=code.project, binaries=code.binaries)
        try:
            if names:
                made.start(*names)
            yield made
        finally:
            made.stop()


def application(place: Urls, **more: str) -> Flask:
    """An application over the stores in this very process."""
    os.environ.update(
        process_system.settings(place.database, place.redis, GATTE_LOG_LEVEL="WARNING", **more)
    )
    from gatte import create_app
    from gatte.settings import settings_or_exit

    settings_or_exit.cache_clear()  # those of the part before, in this process
    return create_app()


def scalar(urls: Urls, query: str) -> float:
    """One number out of the database."""
    with closing(psycopg2.connect(urls.database)) as connection, connection.cursor() as cursor:
        cursor.execute(query)
        found = cursor.fetchone()
        return float(found[0] or 0) if found else 0.0
