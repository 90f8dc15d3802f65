import os
import subprocess
import sys
from pathlib import Path

from alembic import command
from alembic.config import Config

from gatte.infra.schema import migrate, required_revision
from gatte.infra.schema.history import MigrationHistory
from gatte.infra.schema.runner import connected
from gatte.infra.schema.versions import MIGRATIONS, scripts
from tests.store_fixtures import rows

TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1"
COLUMNS = """
    SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns
    WHERE table_schema = 'public' ORDER BY 1, 2
"""
INDEXES = "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1"
OLD_CORRELATION_IDS = """
    INSERT INTO contact (id) VALUES ('00000000-0000-0000-0000-000000000001');
    INSERT INTO conversation (id, contact_id, phone_number_id, correlation_id, state, owner,
        owner_version, fallback_count, invalid_slot_count, consecutive_errors, lease_token,
        turn_attempts)
    SELECT gen_random_uuid(), '00000000-0000-0000-0000-000000000001', number,
        lpad(number::text, 24, 'a'), 'STATE_START', 'bot', 0, 0, 0, 0, 0, 0
    FROM generate_series(1, 3) number;
    INSERT INTO transition (id, conversation_id, from_state, to_state, event, cause, duration_ms,
        correlation_id)
    SELECT 1, id, 'STATE_START', 'STATE_MENU', 'greeted', 'oi', 1, correlation_id
    FROM conversation LIMIT 1;
"""
WORDS_OF_META = """
    SET session_replication_role = replica;
    INSERT INTO status_event (phone_number_id, wamid_hash, status, error_code, error_details, at)
    VALUES ('1', 'x', 'failed', 131026, 'Message to Zuleica failed', now());
    INSERT INTO outbox (id, conversation_id, phone_number_id, author, owner_version, state,
        attempts, error_code, error_details)
    VALUES
        (gen_random_uuid(), gen_random_uuid(), '1', 'bot', 0, 'failed', 1, 131026, 'To Zuleica'),
        (gen_random_uuid(), gen_random_uuid(), '1', 'bot', 0, 'failed', 1, 131047, 'window_closed');
"""
CONSTRAINTS = (
    "SELECT conname, pg_get_constraintdef(oid) "
    "FROM pg_constraint WHERE connamespace = 'public'::regnamespace "
    "ORDER BY 1, 2"
)


def schema(url: str) -> list[list[tuple[object, ...]]]:
    return [rows(url, query) for query in (COLUMNS, INDEXES, CONSTRAINTS)]


def go_down(url: str, revision: str = "base") -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with connected(url) as connection:
        config.attributes |= {"connection": connection, "journal": MigrationHistory()}
        command.downgrade(config, revision)


def test_there_is_one_head():
    assert len(scripts().get_heads()) == 1


def test_up_down_and_up_again_gives_the_same_schema(empty_database_url):
    migrate(empty_database_url)
    before = schema(empty_database_url)
    go_down(empty_database_url)

    assert rows(empty_database_url, TABLES) == [("schema_migrations",), ("schema_version",)]
    assert rows(empty_database_url, "SELECT * FROM schema_migrations") == []
    assert migrate(empty_database_url)[-1] == required_revision()
    assert schema(empty_database_url) == before


def test_the_models_and_the_migrations_say_the_same(database_url):
    """`flask db check` would otherwise print the difference."""
    checked = flask(database_url, "db", "check")

    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_correlation_ids_that_were_made_of_a_phone_are_replaced(empty_database_url):
    migrate(empty_database_url)
    with connected(empty_database_url) as connection:
        connection.exec_driver_sql(OLD_CORRELATION_IDS)
        connection.commit()
    go_down(empty_database_url, "0006")
    migrate(empty_database_url)

    ids = rows(empty_database_url, "SELECT correlation_id FROM conversation")
    assert (len(set(ids)), {len(one) for (one,) in ids}) == (3, {32})
    assert rows(
        empty_database_url,
        "SELECT count(*) FROM transition JOIN conversation USING (correlation_id)",
    ) == [(1,)]


def test_words_of_meta_about_a_customer_go_and_our_own_stay(empty_database_url):
    migrate(empty_database_url)
    go_down(empty_database_url, "0027")
    with connected(empty_database_url) as connection:
        connection.exec_driver_sql(WORDS_OF_META)
        connection.commit()

    migrate(empty_database_url)

    kept = "SELECT error_code, error_details FROM {} ORDER BY error_details"
    assert rows(empty_database_url, kept.format("status_event")) == [(131026, None)]
    assert rows(empty_database_url, kept.format("outbox")) == [
        (131047, "window_closed"),
        (131026, None),
    ]


def test_flask_migrate_says_what_it_did_and_exits_with_0(empty_database_url):
    assert flask(empty_database_url, "migrate").returncode == 0
    assert rows(empty_database_url, "SELECT version_num FROM schema_version") == [
        (required_revision(),)
    ]


def test_flask_migrate_on_an_unreachable_database_gives_one_line_and_fails(tmp_path):
    failed = flask("postgresql://gatte:secret@127.0.0.1:1/gatte", "migrate")

    assert failed.returncode == 1
    assert [
        line
        for line in failed.stderr.splitlines()
        if line.startswith("gatte: the database cannot be reached")
    ]
    assert "secret" not in failed.stdout + failed.stderr


def flask(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"DATABASE_URL": url}
    return subprocess.run(
        [sys.executable, "-m", "flask", *arguments],
        cwd=Path(MIGRATIONS).parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
