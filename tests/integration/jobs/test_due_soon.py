"""Turns that the dispatcher finds shortly before their time, so that they start at it."""

import time

import pytest
from sqlalchemy import text

from gatte.extensions import db
from gatte.infra.rq_queue import JobName
from gatte.jobs import dispatcher
from gatte.jobs.worker import job_batch
from gatte.store import conversations
from gatte.store.due_work import fetch_due_work, fetch_lately_due
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody
from tests.process_system import least_seconds

PAUSE = 5.0


def found(app, customer, look_ahead: float) -> list[float]:
    """How long the turns of a customer have to wait still."""
    settings = app.extensions["gatte_settings"].model_copy(update={"gatte_quiet_seconds": PAUSE})
    with app.app_context(), db.engine.connect() as connection:
        due = fetch_due_work(connection, settings, look_ahead)
    return [
        one.delay_seconds
        for one in due
        if one.job is JobName.PROCESS_INBOX and one.arguments == customer.due()
    ]


def test_a_customer_who_may_write_more_is_found_when_the_pause_ends_soon(app):
    customer = somebody(app)
    customer.delivers(payloads.text("oi"))

    assert found(app, customer, look_ahead=1.0) == []
    [ahead] = found(app, customer, look_ahead=PAUSE + 1)
    assert PAUSE - 2 < ahead <= PAUSE


def test_a_tap_on_a_button_waits_for_nothing(app):
    customer = somebody(app)
    customer.delivers(payloads.button_reply("1", "Falar com atendente"))

    assert found(app, customer, look_ahead=PAUSE + 1) == [0.0]


def found_by(fetch, app, customer) -> bool:
    """Whether a look of the dispatcher finds the turn of a customer."""
    with app.app_context(), db.engine.connect() as connection:
        due = fetch(connection, app.extensions["gatte_settings"])
    return any(one.arguments == customer.due() for one in due)


def test_what_was_committed_long_after_its_time_is_found_by_a_look_at_all(app):
    """As a message whose transaction took a minute, or one that was there before the start."""
    customer = somebody(app)
    customer.delivers(payloads.text("oi"))
    assert found_by(fetch_lately_due, app, customer) == found_by(fetch_due_work, app, customer)
    late = "UPDATE inbox_message SET received_at = now() - interval '1 minute'"
    with app.app_context():
        db.session.execute(
            text(f"{late} WHERE sender_hash = :sender"),
            {"sender": bytes.fromhex(customer.due()[1])},
        )
        db.session.commit()

    assert not found_by(fetch_lately_due, app, customer)
    assert found_by(fetch_due_work, app, customer)


@pytest.mark.parametrize(("spent", "pause"), [(0.001, 1.0), (0.03, 3.0), (2.0, 5.0)])
def test_looks_at_all_take_a_hundredth_of_the_time(spent, pause):
    assert dispatcher._pause_after_whole_look(spent) == pytest.approx(pause)


def test_a_job_starts_at_its_time(app):
    started = time.time()

    job_batch.run_job("APPLY_STATUSES", [], started + 0.08)

    assert time.time() >= started + 0.08


def test_a_clock_that_is_wrong_delays_no_job_for_long(app):
    assert (
        least_seconds(3, lambda: job_batch.run_job("APPLY_STATUSES", [], time.time() + 3600)) < 10
    )


def test_the_look_for_inactivity_reads_no_conversation_whose_time_has_not_come(app):
    asked = f"EXPLAIN SELECT id FROM conversation WHERE {conversations.WOKEN}"  # noqa: S608 - our own words
    with app.app_context():
        db.session.execute(text("SET LOCAL enable_seqscan = off"))
        db.session.execute(text("SET LOCAL enable_bitmapscan = off"))
        plan = "\n".join(db.session.scalars(text(asked)))
        db.session.rollback()

    assert "Index Scan using ix_conversation_wake" in plan
    assert "Index Cond: (wake_at <= statement_timestamp())" in plan
