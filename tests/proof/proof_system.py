"""The real system for an attack: stores of its own, a stand-in for Meta, and processes to start."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import psycopg2

from devstack.postgres import Postgres
from devstack.valkey import Valkey
from gatte.infra.schema import migrate
from tests import process_system
from tests.fakes.meta import FakeMeta
from tests.process_system import System

META_TOKEN = "meta-token-of-the-proof"


@dataclass
class Finding:
    """One thing that must not be: where it was seen, and what brings it about."""

    what: str
    how: str

    def __str__(self) -> str:
        return f"{self.what}: {self.how}"


@dataclass
class Outcome:
    """What a part of the proof did, in words and figures, and what it found broken."""

    figures: dict[str, str] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)

    def fail(self, what: str, how: str) -> None:
        self.findings.append(Finding(what, how))


@dataclass
class ProofSystem:
    """Where everything is: processes, stores, and the stand-in for Meta."""

    folder: Path
    system: System
    postgres: Postgres
    valkey: Valkey
    meta: FakeMeta
    database: str
    """The URL of the superuser."""

    @property
    def url(self) -> str:
        return self.system.url

    def query(self, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """What a query gives, to the superuser."""
        with (
            closing(psycopg2.connect(self.database)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(sql, values)
            return cursor.fetchall() if cursor.description else []

    def stream(self, sql: str, *values: object) -> Iterator[tuple[Any, ...]]:
        """The rows of a query, some thousands at a time, to the superuser."""
        with (
            closing(psycopg2.connect(self.database)) as connection,
            connection,
            connection.cursor("streamed") as cursor,
        ):
            cursor.itersize = 5000
            cursor.execute(sql, values)
            yield from cursor

    def count(self, sql: str, *values: object) -> int:
        return int(self.query(sql, *values)[0][0])

    def resident_bytes(self, name: str) -> int:
        """The memory of a process and its children that is in use now."""
        process = psutil.Process(self.system.processes[name].pid)
        family = [process, *process.children(recursive=True)]
        return sum(one.memory_info().rss for one in family)


def _migrate(database: str, project: Path) -> None:
    """Make the schema of the code in a folder."""
    if project == process_system.PROJECT:
        migrate(database)
        return
    code = f"from gatte.infra.schema import migrate; migrate({database!r})"
    environment = process_system.process_environment({}, project)
    subprocess.run([sys.executable, "-c", code], cwd=project, env=environment, check=True)


@contextmanager
def proof_system(
    log_settings: dict[str, str] | None = None,
    project: Path = process_system.PROJECT,
    **settings: str,
) -> Iterator[ProofSystem]:
    """Migrated stores and a system that is not started yet, of the code in a folder;
    `log_settings` are of Postgres.
    """
    with (
        tempfile.TemporaryDirectory(prefix="gatte-proof-") as name,
        FakeMeta(token=META_TOKEN) as meta,
    ):
        folder = Path(name)
        postgres = Postgres(folder / "postgres", durable=False, settings=log_settings)
        valkey = Valkey(folder / "valkey")
        system = None
        try:
            database, redis_url = postgres.start(), valkey.start()
            _migrate(database, project)
            environment = process_system.settings(
                database,
                redis_url,
                **{
                    "WHATSAPP_ACCESS_TOKEN": META_TOKEN,
                    "WHATSAPP_API_BASE_URL": meta.url,
                    "GATTE_QUIET_SECONDS": "0.2",
                    **settings,
                },
            )
            process_system.prepare(environment, project)
            system = System(folder / "processes", environment, project=project)
            system.folder.mkdir()
            yield ProofSystem(folder, system, postgres, valkey, meta, database)
        finally:
            if system is not None:
                system.stop()
            valkey.stop()
            postgres.stop()
