"""An erasure that dies at any step is finished later; one that meets a turn, a send or a message
leaves nothing of them.
"""

import os
import signal
import sys
import threading
from collections.abc import Iterator
from types import FrameType

import pytest
from flask import Flask

from gatte.data_rights import erasure, erasure_ledger
from gatte.delivery import claims
from gatte.extensions import db
from gatte.jobs import cron
from gatte.jobs.definitions import deliver
from gatte.models import Contact, DeliveryState, Outbox
from gatte.store import erasures
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.gemini import FakeGemini
from tests.integration.data_rights.traces import found_in_rows, traces_of
from tests.integration.turns.simulated_customer import somebody
from tests.integration.turns.slow_turn import turn_waiting_for_gemini

STEPS = [
    ("erasures.py", "get_locked"),
    ("erasure_ledger.py", "append"),
    ("daily_figures.py", "carry"),
    ("erasures.py", "blank_inbox"),
    ("erasures.py", "delete_rows"),
    ("erasures.py", "record_applied"),
    ("erasure.py", "erase"),
]


@pytest.fixture(scope="module")
def gemini() -> Iterator[FakeGemini]:
    with FakeGemini() as fake:
        yield fake


@pytest.fixture(scope="module")
def app(database_url, redis_url, ledger_path, gemini) -> Iterator[Flask]:
    with application(
        database_url,
        redis_url,
        gatte_erasure_ledger=str(ledger_path),
        gemini_api_key="key",
        gemini_base_url=gemini.url,
        gatte_gemini_timeout_seconds=30,
    ) as made:
        yield made
        made.extensions["gatte_gemini"].close()


def contact_of(app, customer):
    with app.app_context():
        return customer.conversation().contact_id


def erase(app, contact_id) -> erasure.ErasedContact:
    with app.app_context():
        done = erasure.erase(contact_id)
        db.session.commit()
        erasure.clear_caches(done)
        return done


def dies_after(file: str, function: str) -> None:
    """Let this process be killed when a function of ours returns."""

    def killed(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        if event == "return" and code.co_name == function and code.co_filename.endswith(file):
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(killed)


def erase_in_a_process_that_dies(app, contact_id, file: str, function: str) -> None:
    child = os.fork()
    if child == 0:
        with app.app_context():
            db.engine.dispose(close=False)  # its connections are the parent's
            dies_after(file, function)
            erasure.erase(contact_id)
        os._exit(1)  # not reached
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL


@pytest.mark.parametrize(("file", "function"), STEPS)
def test_killed_at_a_step_it_is_whole_or_not_begun_and_is_finished_later(
    app, database_url, ledger_path, file, function
):
    customer = somebody(app)
    wamids = customer.sends(payloads.text("oi"))
    contact_id = contact_of(app, customer)
    with app.app_context():
        traces = traces_of(customer.person, wamids)
        db.session.remove()
        db.engine.dispose()
    erase_in_a_process_that_dies(app, contact_id, file, function)
    with app.app_context():
        assert db.session.get(Contact, contact_id) is not None  # nothing half done is visible
        cron.replay_erasures()

    found = erasure_ledger.read(ledger_path)
    promised = found is not None and contact_id in {one.contact_id for one in found.entries}
    assert promised == (function != "get_locked")
    if not promised:
        erase(app, contact_id)
    assert {table for table, _ in found_in_rows(database_url, traces)} <= {"inbox_message"}


def test_killed_after_its_commit_there_is_nothing_left_to_do(app):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    with app.app_context():
        erasure.erase(customer.conversation().contact_id)
        db.session.commit()

        assert cron.replay_erasures() == {"replayed": 0}


def test_a_turn_that_was_thinking_says_and_stores_nothing(app, gemini, database_url):
    customer = somebody(app)
    wamids = customer.sends(payloads.text("oi"))
    contact_id = contact_of(app, customer)
    with turn_waiting_for_gemini(customer, gemini):
        with app.app_context():
            traces = traces_of(customer.person, wamids)
            before = db.session.query(Outbox).count()
        erase(app, contact_id)

    with app.app_context():
        assert db.session.get(Contact, contact_id) is None
        assert db.session.query(Outbox).count() < before
    assert {table for table, _ in found_in_rows(database_url, traces)} <= {"inbox_message"}


def test_a_reply_that_is_being_sent_leaves_no_row(app):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    with app.app_context():
        talk = customer.conversation()
        row = db.session.query(Outbox).filter_by(conversation_id=talk.id).first()
        row.state = DeliveryState.PENDING
        row.next_attempt_at = row.created_at
        db.session.commit()
        claimed = claims.claim_next(talk.id)
        db.session.commit()
    erase(app, claimed.contact_id)

    with app.app_context():
        assert claims.record_accepted(claimed, "wamid.TEST", 12.0) is False
        claims.record_uncertain(claimed, "no answer", 12.0)
        db.session.commit()
        assert db.session.get(Outbox, claimed.outbox_id) is None
    deliver(str(claimed.conversation_id))


def test_a_message_that_is_processed_meanwhile_waits_and_begins_anew(app):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    contact_id = contact_of(app, customer)
    with app.app_context():
        done = erasure.erase(contact_id)
        customer.delivers(payloads.text("oi de novo"))
        turn = threading.Thread(target=customer.is_answered)
        turn.start()
        turn.join(0.5)
        assert turn.is_alive()  # the sender is locked
        db.session.commit()
        erasure.clear_caches(done)
    turn.join(30)

    assert contact_of(app, customer) != contact_id
    assert len(customer.heard()) == 1


def test_a_contact_that_is_gone_is_said_to_be(app):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    contact_id = contact_of(app, customer)
    erase(app, contact_id)

    with app.app_context(), pytest.raises(erasures.NoSuchContact):
        erasure.erase(contact_id)
