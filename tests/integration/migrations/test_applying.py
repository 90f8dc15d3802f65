import threading
import time
from pathlib import Path

from gatte import __version__
from gatte.infra.schema import migrate
from tests.store_fixtures import rows

JOURNAL = (
    "SELECT revision, description, app_version, length(checksum), "
    "duration_ms >= 0, applied_at <= now() "
    "FROM schema_migrations ORDER BY 1"
)


def make(table: str) -> str:
    return f'op.execute("CREATE TABLE {table} (id int)")'


def test_each_migration_has_a_row_in_the_journal(empty_database_url, migrations):
    assert migrate(empty_database_url, migrations(make("a"), make("b"))) == ["0001", "0002"]

    assert rows(empty_database_url, JOURNAL) == [
        ("0001", "Step 1", __version__, 64, True, True),
        ("0002", "Step 2", __version__, 64, True, True),
    ]
    assert rows(empty_database_url, "SELECT version_num FROM schema_version") == [("0002",)]


def test_a_second_run_applies_nothing(empty_database_url, migrations):
    folder = migrations(make("a"))
    migrate(empty_database_url, folder)

    assert migrate(empty_database_url, folder) == []


def test_the_journal_tells_how_long_a_migration_took(empty_database_url, migrations):
    started = time.monotonic()
    migrate(empty_database_url, migrations('op.execute("SELECT pg_sleep(0.3)")'))
    most = 1000 * (time.monotonic() - started)

    [(duration,)] = rows(empty_database_url, "SELECT duration_ms FROM schema_migrations")
    assert 300 <= duration <= most


def test_two_migrators_at_once_run_each_migration_once(empty_database_url, migrations):
    folder = migrations(
        'op.execute("CREATE TABLE once (id int)"); op.execute("SELECT pg_sleep(0.5)")',
        make("twice"),
    )
    applied: list[list[str]] = []
    migrators = [
        threading.Thread(target=lambda: applied.append(migrate(empty_database_url, folder)))
        for _ in range(2)
    ]
    for migrator in migrators:
        migrator.start()
    for migrator in migrators:
        migrator.join()

    assert sorted(applied) == [[], ["0001", "0002"]]


def test_a_migration_changed_after_it_was_applied_is_pointed_out(
    empty_database_url, migrations, logged
):
    folder = migrations(make("a"))
    migrate(empty_database_url, folder)
    script = Path(folder, "versions", "0001_step.py")
    script.write_text(script.read_text() + "\n# changed\n")
    migrate(empty_database_url, folder)

    assert [
        (line["event"], line["revision"]) for line in logged if line["log_level"] == "warning"
    ] == [("migration_checksum_mismatch", "0001")]


def test_migrations_run_with_time_limits_for_locks_and_statements(empty_database_url, migrations):
    settings = (
        "current_setting('lock_timeout') AS lock_limit, "
        "current_setting('statement_timeout') AS statement_limit"
    )
    migrate(
        empty_database_url, migrations(f'op.execute("CREATE TABLE limits AS SELECT {settings}")')
    )

    assert rows(empty_database_url, "SELECT * FROM limits") == [("5s", "15min")]
