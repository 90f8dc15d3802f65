"""Turns that fail: tried again, told to the customer, dead letters in the end, and run again when a
person says so.
"""

import time
from contextlib import contextmanager

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import InterfaceError

from gatte.extensions import db
from gatte.infra.database.statement_batch import fetch_rows
from gatte.jobs.definitions import resume_turn
from gatte.models import Conversation, Message, Turn
from gatte.turns import held_leases, retry
from tests.app_fixture import superuser_url
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody
from tests.slow_machines import left_of
from tests.store_fixtures import execute

PASSING, LASTING = (
    "40001",
    "P0001",
)  # a lost race of transactions; an error of the database that nothing mends


@pytest.fixture
def customer(app):
    return somebody(app)


@contextmanager
def refusing(app, table, when, code):
    """The database refuses such rows for as long as this lasts."""
    body = f"BEGIN RAISE EXCEPTION 'refused by the test' USING ERRCODE = '{code}'; END"
    change(app, f"CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    change(
        app,
        f"CREATE TRIGGER refuse BEFORE INSERT ON {table} "
        f"FOR EACH ROW WHEN ({when}) EXECUTE FUNCTION refuse()",
    )
    try:
        yield
    finally:
        change(app, "DROP FUNCTION refuse CASCADE")


def change(app, statement):
    execute(superuser_url(app), statement)


def answers_refused(app, code):
    return refusing(app, "turn", "NEW.outcome IN ('answered', 'no_reply')", code)


def outcomes(customer):
    with customer.app.app_context():
        mine = (
            select(Turn)
            .filter_by(conversation_id=customer.conversation().id)
            .order_by(Turn.created_at)
        )
        return [turn.outcome.value for turn in db.session.scalars(mine)]


def due_in(customer):
    """Seconds until the next turn is due; None when none is."""
    with customer.app.app_context():
        seconds = func.extract("epoch", Conversation.turn_due_at - func.clock_timestamp())
        found = db.session.scalar(
            select(seconds).where(Conversation.id == customer.conversation().id)
        )
        return None if found is None else float(found)


def unread(customer):
    with customer.app.app_context():
        mine = (
            select(func.count())
            .select_from(Message)
            .filter_by(conversation_id=customer.conversation().id, author="customer", turn_id=None)
        )
        return db.session.scalar(mine)


def resumes(customer):
    with customer.app.app_context():
        conversation_id = str(customer.conversation().id)
    resume_turn(conversation_id)


def reprocess(app, *options):
    with app.app_context():
        done = app.test_cli_runner().invoke(args=["reprocess", *options])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_fault_that_may_pass_is_tried_again_and_the_customer_notices_nothing(customer, app):
    with answers_refused(app, PASSING):
        started = time.monotonic()
        customer.sends(payloads.text("oi"))
        assert due_in(customer) == left_of(1, started)
        started = time.monotonic()
        resumes(customer)
        assert due_in(customer) == left_of(2, started)
    assert (customer.heard(), outcomes(customer)) == ([], [])

    resumes(customer)

    assert (len(customer.heard()), outcomes(customer), due_in(customer)) == (1, ["answered"], None)


def test_a_lost_connection_is_a_fault_that_passes(app):
    with app.app_context():
        db.session.connection().connection.dbapi_connection.close()
        with pytest.raises(InterfaceError) as lost:
            fetch_rows("SELECT 1 AS one")
        db.session.rollback()

    assert retry.is_transient(lost.value)


def test_the_attempts_of_a_turn_are_counted_and_forgotten_with_its_answer(customer, app):
    with answers_refused(app, PASSING):
        customer.sends(payloads.text("oi"))
        resumes(customer)
    resumes(customer)

    with app.app_context():
        attempts = list(
            db.session.scalars(
                select(Turn.attempt).filter_by(conversation_id=customer.conversation().id)
            )
        )
        assert (attempts, customer.conversation().turn_attempts) == ([3], 0)


def test_a_passing_fault_that_does_not_pass_is_a_dead_letter_and_told(customer, app):
    with answers_refused(app, PASSING):
        customer.sends(payloads.text("oi"))
        for _ in range(retry.MAX_ATTEMPTS - 1):
            resumes(customer)

    assert (outcomes(customer), unread(customer), due_in(customer)) == (["dead_letter"], 0, None)
    assert len(customer.heard()) == 1


def test_a_fault_that_does_not_pass_is_told_at_once(customer, app):
    with answers_refused(app, LASTING):
        customer.sends(payloads.text("oi"))

    assert (outcomes(customer), unread(customer), due_in(customer)) == (["failed"], 0, None)
    assert len(customer.heard()) == 1


def test_a_failure_that_cannot_be_told_either_is_a_dead_letter_in_the_end(customer, app):
    customer.sends(payloads.text("oi"))
    heard = customer.heard()
    with refusing(app, "transition", "true", LASTING):
        customer.sends(payloads.text("quero comprar um e-CNPJ"))
        for _ in range(retry.MAX_ATTEMPTS - 1):
            assert unread(customer) == 1
            resumes(customer)

    assert (outcomes(customer)[1:], unread(customer), due_in(customer), customer.heard()) == (
        ["dead_letter"],
        0,
        None,
        heard,
    )


def test_a_message_that_ends_its_process_each_time_is_a_dead_letter(customer, app):
    customer.sends(payloads.text("oi"))
    customer.delivers(payloads.text("mensagem fatal"))
    dies(customer, app, retry.MAX_ATTEMPTS)

    resumes(customer)

    assert (outcomes(customer), unread(customer)) == (["answered", "dead_letter"], 0)
    assert len(customer.heard()) == 2


def dies(customer, app, times):
    """So many turns begin and never end."""
    from gatte.turns import arrival

    with app.app_context():
        conversation_id = customer.conversation().id
        arrival.process_remaining_inbox(conversation_id)
        for _ in range(times):
            assert held_leases.acquire(conversation_id) is not None
            db.session.execute(
                update(Conversation).filter_by(id=conversation_id).values(lease_expires_at=None)
            )
            db.session.commit()


@pytest.mark.parametrize("options", [[], ["--turns"]])
def test_a_failed_turn_is_taken_again_when_a_person_says_so(customer, app, options):
    with answers_refused(app, LASTING):
        customer.sends(payloads.text("quero comprar um e-CNPJ"))

    said = reprocess(app, *options)
    with app.app_context():
        assert f"{customer.conversation().id}: 1 messages will be read again" in said
    assert (reprocess(app, *options), unread(customer)) == ("", 1)
    assert due_in(customer) <= 0

    resumes(customer)
    assert (outcomes(customer), unread(customer), len(customer.heard())) == (
        ["failed", "answered"],
        0,
        2,
    )


@pytest.mark.parametrize(
    "options",
    [
        ["--sends"],
        ["--since", "2100-01-01"],
        ["--conversation", "01890000-0000-7000-8000-000000000000"],
    ],
)
def test_a_failed_turn_that_is_not_meant_is_left(customer, app, options):
    with answers_refused(app, LASTING):
        customer.sends(payloads.text("oi"))

    assert reprocess(app, *options) == ""
    assert unread(customer) == 0
    reprocess(app)


def test_a_failed_turn_of_a_closed_conversation_is_left(customer, app):
    with answers_refused(app, LASTING):
        customer.sends(payloads.text("oi"))
    customer.close()

    assert "left: the conversation is closed" in reprocess(app)
    assert unread(customer) == 0


def test_the_desk_reads_the_message_that_failed_when_failures_lead_to_it(customer, app):
    with answers_refused(app, LASTING):
        customer.sends(payloads.text("minha nota 4471 não sai"))
        customer.sends(payloads.text("a senha é 98765"), payloads.text("e o boleto 82 também não"))

    with app.app_context():
        conversation = customer.conversation()
        assert conversation.state == "STATE_WAITING_HUMAN"
        assert "e o boleto 82 também não" in conversation.summary
        assert "minha nota 4471 não sai" in conversation.summary
        assert "98765" not in conversation.summary
