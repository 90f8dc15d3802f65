"""Two who file at the same time: the order of their locks, and what a failure may write when
another was faster.
"""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import select, text
from structlog.testing import capture_logs

from gatte.extensions import db
from gatte.intake import inbox_retry, screening
from gatte.jobs.definitions import process_inbox
from gatte.models import InboxMessage
from gatte.turns import process
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

PATIENCE = 10.0
WAITS_FOR_A_SENDER = text(
    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    " WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted"
)


@pytest.fixture
def customer(app):
    return somebody(app)


def until_somebody_waits_for_the_sender(app) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        with app.app_context():
            if db.session.scalar(WAITS_FOR_A_SENDER):
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")


def test_a_turn_that_looks_for_more_and_one_that_processes_it_do_not_wait_for_each_other(
    app, customer, monkeypatch
):
    processing, sift, think = threading.Event(), screening.screen, process.process

    def sift_slowly(talk, arrived):
        if any(one.text == "e aceita pix?" for one in arrived):
            processing.set()
            until_somebody_waits_for_the_sender(app)
        return sift(talk, arrived)

    def think_while_more_comes(state):
        if not processing.is_set():
            customer.delivers(payloads.text("e aceita pix?"))
            turns.submit(process_inbox, *customer.due())
            assert processing.wait(PATIENCE)
        return think(state)

    monkeypatch.setattr(screening, "screen", sift_slowly)
    monkeypatch.setattr(process, "process", think_while_more_comes)
    customer.delivers(payloads.text("quanto custa o certificado a1?"))
    with capture_logs() as logs, ThreadPoolExecutor(1) as turns:
        customer.is_answered()

    assert [one["event"] for one in logs if one["log_level"] == "error"] == []
    assert "turn_recomputed" in {one["event"] for one in logs}
    with app.app_context():
        assert {row.attempts for row in db.session.scalars(select(InboxMessage))} == {0}


def test_a_failure_that_is_noted_late_does_not_bring_back_what_another_process_did(
    app, customer, database_url
):
    customer.delivers(payloads.text("oi"))
    number, sender = customer.due()

    def note() -> None:
        with app.app_context():
            inbox_retry.record_failure(
                number, bytes.fromhex(sender), ValueError("too late"), transient=True
            )

    mine = "FROM inbox_message WHERE sender_hash = %s"
    with (
        closing(psycopg2.connect(database_url)) as other,
        other.cursor() as cursor,
        ThreadPoolExecutor(1) as late,
    ):
        cursor.execute(f"SELECT id {mine} FOR UPDATE", (bytes.fromhex(sender),))
        noted = late.submit(note)
        time.sleep(0.3)
        assert not noted.done()
        cursor.execute(
            "UPDATE inbox_message SET payload = NULL, processed_at = now() WHERE sender_hash = %s",
            (bytes.fromhex(sender),),
        )
        other.commit()
        noted.result()
        cursor.execute(
            f"SELECT processed_at IS NOT NULL, attempts {mine}", (bytes.fromhex(sender),)
        )
        assert cursor.fetchall() == [(True, 0)]
