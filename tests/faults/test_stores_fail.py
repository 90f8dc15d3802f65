"""Redis stopped and flushed, Postgres restarted, full, at odds with itself and out of connections;
a leader that dies or is cut off.
"""

import os
import random
import signal
import threading
import time
from contextlib import closing, contextmanager, suppress

import httpx
import psycopg2
import pytest
import redis

from gatte.infra.schema import migrate
from tests import process_system
from tests.fakes import payloads
from tests.faults import system_environments
from tests.process_system import NUMBER, least_seconds, until
from tests.store_fixtures import execute, running_stores


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Stores of this module's own, to be stopped and filled."""
    with running_stores(tmp_path_factory.mktemp("own-stores"), durable=True) as started:
        migrate(started.postgres.url())
        yield started


@pytest.fixture(scope="module")
def database_url(stores):
    return stores.postgres.url()


@pytest.fixture(scope="module")
def system(stores, tmp_path_factory, meta, gemini):
    limit = {"GATTE_CONTACT_RATE_PER_MINUTE": "5"}
    environment = system_environments.environment(
        stores.postgres.url(), stores.valkey.url(), meta, gemini, **limit
    )
    process_system.prepare(environment)
    with process_system.running(tmp_path_factory.mktemp("system"), environment) as started:
        meta.post_statuses(f"{started.url}/webhook/whatsapp", process_system.APP_SECRET, delay=0.5)
        yield started


def write(client, who, text="oi") -> httpx.Response:
    return client.deliver(payloads.body(payloads.text(text), who, number=NUMBER))


# --- Redis ---


def test_while_redis_is_away_messages_are_taken_and_answered_when_it_is_back(client, stores):
    stores.valkey.stop()
    people = [client.somebody() for _ in range(8)]
    each = iter(people)
    took = least_seconds(len(people), lambda: client.says(next(each), "oi"))
    stores.valkey.start()

    assert took < 1, "the webhook waited for Redis each time"
    assert client.each_heard_one_answer(people)


def test_limits_by_contact_hold_without_redis(client, stores):
    """Turns that were put before Redis went away count by themselves; the backlog is judged by when
    it arrived.
    """
    who = client.somebody()
    stores.valkey.stop()
    for number in range(9):
        assert write(client, who, f"pergunta {number}").status_code == 200
    stores.valkey.start()

    assert until(lambda: client.query(OF_THE_LAST) == [(5, 4)]), client.query(OF_THE_LAST)


OF_THE_LAST = """
    SELECT count(*) FILTER (WHERE skip_reason IS NULL),
        count(*) FILTER (WHERE skip_reason = 'rate_limited')
    FROM message
    WHERE direction = 'in' AND contact_id = (
        SELECT contact_id FROM message
        WHERE direction = 'in' ORDER BY sequence DESC LIMIT 1)
"""


def test_a_redis_that_is_flushed_again_and_again_loses_nothing(client, stores):
    people = client.crowd(10)
    with redis.Redis.from_url(stores.valkey.url()) as valkey:
        for _ in range(8):
            valkey.flushall()
            time.sleep(0.2)

    assert client.each_heard_one_answer(people)


# --- the leader ---


def test_when_the_leader_is_killed_the_other_scheduler_leads_within_five_seconds(client, system):
    """Three tries: the machine may be busy, but not each time."""
    pair = ["scheduler", "scheduler:2"]
    assert until(lambda: client.schedulers() == 1 == len(client.leaders()))
    system.start("scheduler:2")

    assert any(seconds_to_follow(client, system, *one) < 5 for one in (pair, pair[::-1], pair))


def seconds_to_follow(client, system, leads: str, waits: str) -> float:
    """How long a customer waits for an answer when the leader is killed; it runs again then, and
    the other leads.
    """
    assert until(lambda: client.schedulers() == 2)
    led = system.log(waits).count('"leader_elected"')
    system.kill(leads)
    took = seconds_until_answered(client)
    assert system.log(waits).count('"leader_elected"') == led + 1
    system.start(leads)
    return took


def seconds_until_answered(client) -> float:
    started, who = time.monotonic(), client.somebody()
    client.says(who, "oi")
    assert until(lambda: len(client.heard(who)) == 1)
    return time.monotonic() - started


def test_a_leader_whose_connection_is_cut_leads_no_more(client):
    assert any(seconds_without_a_leader(client) < 5 for _ in range(3))


def seconds_without_a_leader(client) -> float:
    """How long a customer waits for an answer when the leader's connection is cut."""
    assert until(lambda: client.schedulers() == 2)
    (before,) = client.leaders()
    client.query("SELECT pg_terminate_backend(%s)", before)
    took = seconds_until_answered(client)
    assert len(client.leaders() - {before}) == 1
    return took


def test_a_leader_that_sleeps_and_wakes_does_no_harm(client, system):
    """It holds its lock while it sleeps: nobody leads meanwhile, and nothing is lost."""
    processes = [system.processes[name] for name in ("scheduler", "scheduler:2")]
    for process in processes:
        os.kill(process.pid, signal.SIGSTOP)
    people = client.crowd(4)
    time.sleep(2)
    for process in processes:
        os.kill(process.pid, signal.SIGCONT)

    assert client.each_heard_one_answer(people)
    system.terminate("scheduler:2")


# --- Postgres ---


def delivered_until_taken(client, people) -> list[int]:
    """What the webhook answered while the messages of these people were delivered again and again,
    as Meta does.
    """
    codes: list[int] = []

    def taken(body: dict) -> bool:
        answer = client.deliver(body)
        codes.append(answer.status_code)
        assert answer.status_code in {200, 503}
        assert answer.status_code == 200 or answer.headers["Retry-After"] == "5"
        return answer.status_code == 200

    for who in people:
        body = payloads.body(payloads.text("oi"), who, number=NUMBER)
        assert until(lambda body=body: taken(body), pause=0.2)
    return codes


def test_a_restart_of_postgres_while_customers_write(client, stores):
    people = [client.somebody() for _ in range(12)]
    writing = threading.Thread(
        target=delivered_until_taken, args=(client, people)
    )  # a server belongs to the thread that started it
    writing.start()
    stores.postgres.restart()
    writing.join()

    assert client.each_heard_one_answer(people)


@contextmanager
def refusing(stores, table: str, code: str, when: str = "true"):
    """Postgres refuses new rows of a table with this error for as long as this lasts."""
    body = f"BEGIN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '{code}'; END"
    execute(
        stores.postgres.url(),
        f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$",
        f"CREATE TRIGGER refuse BEFORE INSERT ON {table} "
        f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()",
    )
    try:
        yield
    finally:
        execute(stores.postgres.url(), "DROP FUNCTION refuse CASCADE")


DISK_FULL, DEADLOCK, SERIALIZATION, OUT_OF_MEMORY = "53100", "40P01", "40001", "53200"


def test_what_postgres_cannot_take_now_is_asked_for_again(client, stores):
    people = [client.somebody() for _ in range(4)]
    for who, code in zip(people, (DISK_FULL, DEADLOCK, SERIALIZATION, OUT_OF_MEMORY), strict=True):
        with refusing(stores, "inbox_message", code):
            answer = write(client, who)
        assert (answer.status_code, answer.headers.get("Retry-After")) == (503, "5")
        assert write(client, who).status_code == 200

    assert client.each_heard_one_answer(people)


@pytest.mark.parametrize(
    ("table", "code"),
    [
        ("message", DISK_FULL),
        ("turn", DEADLOCK),
        ("outbox", DISK_FULL),
        ("delivery_attempt", DEADLOCK),
    ],
)
def test_a_step_that_postgres_refuses_is_taken_again(client, stores, table, code):
    with refusing(stores, table, code):
        people = client.crowd(3)
        time.sleep(2)

    assert client.each_heard_one_answer(people)


def test_somebody_who_locks_the_same_rows_in_any_order_is_survived(client, stores):
    people, deadline = [], time.monotonic() + 5
    client.meta.graph.delay = 0.2  # long enough for a quarrel to begin during a send
    while time.monotonic() < deadline:
        people += client.crowd(1)
        time.sleep(0.25)
        quarrel(stores, *random.sample(["conversation", "outbox", "message", "inbox_message"], 4))
    client.meta.graph.delay = 0.0

    assert client.each_heard_one_answer(people)


def quarrel(stores, *tables: str) -> None:
    """Lock the newest rows of these tables in this order, slowly; a deadlock ends one of two."""
    with (
        closing(psycopg2.connect(stores.postgres.url())) as connection,
        connection.cursor() as cursor,
        suppress(psycopg2.Error),
    ):
        cursor.execute("SET deadlock_timeout = '20ms'")
        for table in tables:
            cursor.execute(f"SELECT id FROM {table} ORDER BY id DESC LIMIT 5 FOR UPDATE")  # noqa: S608 - names above
            time.sleep(0.1)
        connection.commit()


def test_postgres_without_a_free_connection(client, stores):
    """Other programs take every connection; ours are thrown out, come back, and nothing is lost."""
    taken = all_connections(stores)
    execute_on(
        taken[0],
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE application_name LIKE 'gatte-%'",
    )
    taken += all_connections(stores)
    people = [client.somebody() for _ in range(4)]
    assert write(client, people[0]).status_code == 503
    for connection in taken:
        connection.close()

    delivered_until_taken(client, people)
    assert client.each_heard_one_answer(people)


def all_connections(stores) -> list:
    """As many connections as Postgres gives."""
    taken = []
    with suppress(psycopg2.OperationalError):
        while len(taken) < 1000:
            taken.append(psycopg2.connect(stores.postgres.url()))
    return taken


def execute_on(connection, statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    connection.commit()


def test_after_all_this_nothing_is_left_over(client):
    assert client.query(
        "SELECT count(*) FROM inbox_message WHERE processed_at IS NULL OR payload IS NOT NULL"
    ) == [(0,)]
    assert client.query("SELECT count(*) FROM turn WHERE outcome IN ('failed', 'dead_letter')") == [
        (0,)
    ]
    assert client.query(
        "SELECT count(*) FROM outbox "
        "WHERE state IN ('failed', 'dead_letter', 'cancelled', 'uncertain', 'pending')"
    ) == [(0,)]
