import contextlib
import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gatte.infra.schema import MigrationFailed, migrate
from tests.store_fixtures import execute, rows

PROJECT = Path(__file__).parents[3]
GOOD = 'op.execute("CREATE TABLE kept (id int)")'
BAD = (
    'op.execute("CREATE TABLE half_done (id int)"); '
    'op.execute("ALTER TABLE missing ADD COLUMN name text")'
)
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
CONNECTIONS = (
    "SELECT count(*) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


def test_a_failed_migration_logs_sqlstate_message_statement_and_stack(
    empty_database_url, migrations, logged
):
    with pytest.raises(MigrationFailed):
        migrate(empty_database_url, migrations(GOOD, BAD))

    line = next(line for line in logged if line["event"] == "migration_failed")
    assert (line["revision"], line["sqlstate"], line["message"]) == (
        "0002",
        "42P01",
        'relation "missing" does not exist',
    )
    assert line["statement"] == "ALTER TABLE missing ADD COLUMN name text"
    assert line["exc_info"].__traceback__ is not None


def test_in_production_that_is_one_json_object(empty_database_url, migrations):
    migrator = start_migrator(empty_database_url, migrations(BAD))
    output, errors = migrator.communicate(timeout=60)

    assert migrator.returncode == 1
    lines = [json.loads(line) for line in (output + errors).splitlines() if line.startswith("{")]
    line = next(line for line in lines if line.get("sqlstate"))
    assert (line["event"], line["level"], line["sqlstate"]) == (
        "migration_failed",
        "error",
        "42P01",
    )
    assert line["statement"] == "ALTER TABLE missing ADD COLUMN name text"
    assert "0001_step.py" in json.dumps(line)


def test_a_failed_migration_leaves_the_schema_as_it_was(empty_database_url, migrations):
    with pytest.raises(MigrationFailed, match=r"0002.*42P01.*rolled back"):
        migrate(empty_database_url, migrations(GOOD, BAD))

    assert rows(empty_database_url, TABLES) == [
        ("kept",),
        ("schema_migrations",),
        ("schema_version",),
    ]
    assert rows(empty_database_url, "SELECT revision FROM schema_migrations") == [("0001",)]


def test_a_failed_first_migration_leaves_the_database_empty(empty_database_url, migrations):
    with pytest.raises(MigrationFailed):
        migrate(empty_database_url, migrations(BAD))

    assert rows(empty_database_url, TABLES) == []


def test_an_error_outside_the_database_fails_and_is_rolled_back_too(empty_database_url, migrations):
    with pytest.raises(MigrationFailed, match="division by zero"):
        migrate(empty_database_url, migrations('op.execute("CREATE TABLE a (id int)"); 1 / 0'))

    assert rows(empty_database_url, TABLES) == []


def test_after_the_cause_is_mended_the_migration_goes_through(empty_database_url, migrations):
    folder = migrations(GOOD, BAD)
    with pytest.raises(MigrationFailed):
        migrate(empty_database_url, folder)
    execute(empty_database_url, "CREATE TABLE missing (id int)")

    assert migrate(empty_database_url, folder) == ["0002"]


@pytest.mark.parametrize("upgrades", [(GOOD,), (BAD,)])
def test_no_connection_is_left_after_success_or_failure(empty_database_url, migrations, upgrades):
    with contextlib.suppress(MigrationFailed):
        migrate(empty_database_url, migrations(*upgrades))

    assert rows(empty_database_url, CONNECTIONS) == [(0,)]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_migration_is_rolled_back_and_leaves_no_connection(
    empty_database_url, migrations, number
):
    slow = 'op.execute("CREATE TABLE half_done (id int)"); op.execute("SELECT pg_sleep(60)")'
    migrator = start_migrator(empty_database_url, migrations(slow))
    wait_until(
        lambda: rows(
            empty_database_url,
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(60)'",
        )
    )
    migrator.send_signal(number)

    _, errors = migrator.communicate(timeout=10)
    assert (migrator.returncode, errors.splitlines()[-1]) == (
        130,
        "gatte: interrupted; the migration that ran was rolled back",
    )
    assert rows(empty_database_url, CONNECTIONS) == [(0,)]
    assert rows(empty_database_url, TABLES) == []


RUN = """
import functools, pathlib, sys
from gatte.infra.schema import runner
from gatte.observability.logging import configure_logging

configure_logging(json=True, level="INFO", process="migrate")
runner.migrate = functools.partial(runner.migrate, directory=pathlib.Path(sys.argv[2]))
sys.exit(runner.run_command(sys.argv[1]))
"""


def start_migrator(url: str, folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", RUN, url, folder],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def wait_until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
