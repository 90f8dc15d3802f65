"""Migration 0011: names and stored values change, there and back, and never under a running
system.
"""

from contextlib import closing

import psycopg2
import pytest
from alembic import command
from alembic.config import Config

from gatte.infra.schema import migrate
from gatte.infra.schema.failures import MigrationFailed
from gatte.infra.schema.history import MigrationHistory
from gatte.infra.schema.runner import connected
from gatte.infra.schema.versions import MIGRATIONS
from tests.store_fixtures import execute, rows

BEFORE = "0010"
IDS = [f"00000000-0000-0000-0000-00000000000{number}" for number in range(1, 5)]
ROWS_BEFORE = f"""
    INSERT INTO contact (id) VALUES ('{IDS[0]}');
    INSERT INTO conversation (id, contact_id, phone_number_id, correlation_id, state, owner,
        owner_version, misunderstandings, slot_failures, errors, lease_token, turn_attempts,
        asking)
    VALUES ('{IDS[0]}', '{IDS[0]}', '1', 'c', 'STATE_START', 'bot', 0, 3, 2, 1, 0, 0, 'name');
    INSERT INTO message (id, contact_id, conversation_id, direction, author, kind, sent_at,
        set_aside)
    VALUES ('{IDS[0]}', '{IDS[0]}', '{IDS[0]}', 'in', 'customer', 'text', now(), 'limited'),
        ('{IDS[1]}', '{IDS[0]}', '{IDS[0]}', 'in', 'customer', 'text', now(), 'muted'),
        ('{IDS[2]}', '{IDS[0]}', '{IDS[0]}', 'out', 'bot', 'text', now(), NULL);
    INSERT INTO outbox (id, conversation_id, phone_number_id, author, owner_version, state,
        attempts)
    VALUES ('{IDS[2]}', '{IDS[0]}', '1', 'bot', 0, 'parked', 1);
    INSERT INTO turn (id, conversation_id, outcome, attempt, lease_token, times)
    VALUES ('{IDS[0]}', '{IDS[0]}', 'silent', 1, 1, '{{}}'),
        ('{IDS[1]}', '{IDS[0]}', 'parked', 1, 1, '{{}}'),
        ('{IDS[2]}', '{IDS[0]}', 'answered', 1, 1, '{{"decide": 2}}');
    INSERT INTO article (id, slug, title, question, answer, topic, source, active, version)
    VALUES ('{IDS[0]}', 'a', '', '', '', '', '', true, 1);
"""  # noqa: S608 - names of our own
COUNTS = "SELECT requested_slot, fallback_count, invalid_slot_count, consecutive_errors"


@pytest.fixture
def former_url(empty_database_url) -> str:
    """A database of the version before, with rows in it."""
    migrate(empty_database_url)
    go_down(empty_database_url)
    execute(empty_database_url, ROWS_BEFORE)
    return empty_database_url


def go_down(url: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with connected(url) as connection:
        config.attributes |= {"connection": connection, "journal": MigrationHistory()}
        command.downgrade(config, BEFORE)


def column(url: str, query: str) -> list[object]:
    return [value for (value,) in rows(url, query)]


def test_values_are_stored_under_plain_names(former_url):
    migrate(former_url)

    assert rows(former_url, f"{COUNTS} FROM conversation") == [("name", 3, 2, 1)]
    assert column(former_url, "SELECT skip_reason FROM message ORDER BY id") == [
        "rate_limited",
        "muted",
        None,
    ]
    assert column(former_url, "SELECT state FROM outbox") == ["dead_letter"]
    assert column(former_url, "SELECT outcome FROM turn ORDER BY id") == [
        "no_reply",
        "dead_letter",
        "answered",
    ]


def test_the_way_back_restores_the_former_values(former_url):
    migrate(former_url)
    go_down(former_url)

    assert column(former_url, "SELECT set_aside FROM message ORDER BY id") == [
        "limited",
        "muted",
        None,
    ]
    assert column(former_url, "SELECT state FROM outbox") == ["parked"]
    assert column(former_url, "SELECT outcome FROM turn ORDER BY id") == [
        "silent",
        "parked",
        "answered",
    ]


def test_a_change_of_an_article_still_makes_another_knowledge_version(former_url):
    before = column(former_url, "SELECT number FROM knowledge_version")
    migrate(former_url)
    execute(former_url, "UPDATE article SET title = 'b'")

    assert column(former_url, "SELECT version FROM knowledge_version") > before


@pytest.mark.parametrize("process", ["gatte-web", "gatte-worker", "gatte-scheduler"])
def test_nothing_is_renamed_under_a_process_that_runs(former_url, process):
    with closing(psycopg2.connect(former_url, application_name=process)):
        with pytest.raises(MigrationFailed) as refused:
            migrate(former_url)
        assert column(former_url, "SELECT state FROM outbox") == ["parked"]

    assert f"still run: {process} (1 connections); stop web" in str(refused.value)
    assert "\n" not in str(refused.value)


def test_people_and_tools_that_are_connected_do_not_hold_it_up(former_url):
    with closing(psycopg2.connect(former_url, application_name="psql")):
        assert migrate(former_url)[0] == "0011"
