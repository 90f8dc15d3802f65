"""Statuses: only ever forward, whatever order, however early, and strangers hold nobody up."""

import itertools
import threading

import pytest
from sqlalchemy import func, select
from werkzeug.serving import make_server

from gatte.delivery import status_updates
from gatte.extensions import db
from gatte.jobs.definitions import apply_statuses
from gatte.models import StatusEvent
from tests.fakes import payloads
from tests.fakes.meta import Kind
from tests.integration.delivery.delivery_scenario import post
from tests.process_system import APP_SECRET

WORDS = ("sent", "delivered", "read")


def waiting(app):
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(StatusEvent))


@pytest.fixture
def webhook(app):
    """Our webhook at an address, for news that Meta posts by itself."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/webhook/whatsapp"
    server.shutdown()
    thread.join(5)


@pytest.mark.parametrize("order", list(itertools.permutations(WORDS)))
def test_whatever_the_order_the_furthest_status_stays(chat, order):
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()

    for word in order:
        chat.hears_of(payloads.status("wamid.x", word, outbox_id=outbox_id))
    assert chat.states() == ["read"]
    row = chat.rows()[0]
    assert None not in (row.sent_at, row.delivered_at, row.read_at)


def test_all_statuses_at_once_and_twice(chat):
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()

    chat.hears_of(
        *[
            payloads.status("wamid.x", word, outbox_id=outbox_id)
            for word in (*reversed(WORDS), *WORDS)
        ]
    )

    assert chat.states() == ["read"]


def test_a_status_is_matched_by_its_wamid_too(chat, meta):
    chat.answers("oi")
    chat.is_delivered()

    chat.hears_of(payloads.status(meta.messages[-1]["wamid"], "delivered"))

    assert chat.states() == ["delivered"]


def test_a_status_that_comes_before_the_send_returned_is_kept(chat, meta, webhook):
    meta.post_statuses(webhook, APP_SECRET, words=("sent",), before_response=True)
    chat.answers("oi")

    chat.is_delivered()
    apply_statuses()

    assert chat.states() == ["sent"]
    assert chat.rows()[0].wamid_hash is not None


def test_a_status_that_was_applied_while_the_send_was_under_way_is_not_undone(chat, app):
    from gatte.delivery import claims

    (outbox_id,) = chat.answers("oi")
    claimed = chat.is_claimed()
    chat.hears_of(payloads.status("wamid.early", "delivered", outbox_id=outbox_id))

    with app.app_context():
        claims.record_accepted(claimed, "wamid.early", 1.0)
        db.session.commit()

    assert chat.states() == ["delivered"]
    assert chat.rows()[0].wamid_hash is not None


def test_an_early_status_without_our_id_waits_until_the_wamid_is_known(chat, meta, app):
    from gatte.delivery import claims

    chat.answers("oi")
    claimed = chat.is_claimed()
    chat.hears_of(payloads.status("wamid.early-bird", "delivered"))
    assert chat.states() == ["sending"]

    with app.app_context():
        claims.record_accepted(claimed, "wamid.early-bird", 1.0)
        db.session.commit()
    apply_statuses()

    assert chat.states() == ["delivered"]


def test_a_failed_status_tells_its_code(chat):
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()

    chat.hears_of(payloads.failure(chat.wamid(), 131026, outbox_id=outbox_id))

    row = chat.rows()[0]
    assert (row.state.value, row.error_code, row.failed_at is not None) == ("failed", 131026, True)


@pytest.mark.parametrize("word", ["delivered", "read"])
def test_what_arrived_did_not_fail(chat, word):
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()

    chat.hears_of(payloads.status(chat.wamid(), word, outbox_id=outbox_id))
    chat.hears_of(payloads.failure(chat.wamid(), 131026, outbox_id=outbox_id))

    assert chat.states() == [word]
    assert chat.rows()[0].error_code is None


def test_a_failure_stays_although_sent_comes_late_and_delivery_overrides_it(chat):
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()
    chat.hears_of(payloads.failure(chat.wamid(), 131026, outbox_id=outbox_id))

    chat.hears_of(payloads.status("wamid.x", "sent", outbox_id=outbox_id))
    assert chat.states() == ["failed"]

    chat.hears_of(payloads.status("wamid.x", "delivered", outbox_id=outbox_id))
    assert chat.states() == ["delivered"]


def test_the_failure_of_an_earlier_sending_says_nothing_of_the_one_that_is_noted(chat, meta):
    meta.fail(Kind.CUT, to=chat.phone)
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()
    chat.time_passes(1)
    chat.is_delivered()
    first = meta.messages[-2]["wamid"]

    chat.hears_of(payloads.failure(first, 131026, outbox_id=outbox_id))

    assert (chat.states(), chat.heard()) == (["accepted"], ["oi", "oi"])


def test_strangers_hold_nobody_up(chat, app):
    strangers = status_updates.BATCH + 100
    for first in range(0, strangers, 700):
        post(
            app,
            *[
                payloads.status(f"wamid.stranger-{number}", "sent")
                for number in range(first, min(first + 700, strangers))
            ],
        )
    (outbox_id,) = chat.answers("oi")
    chat.is_delivered()

    chat.hears_of(payloads.status("wamid.x", "read", outbox_id=outbox_id))

    assert (chat.states(), waiting(app)) == (["read"], strangers)
    with app.app_context():
        db.session.execute(
            db.update(StatusEvent).values(
                received_at=func.clock_timestamp() - func.make_interval(0, 0, 0, 0, 1)
            )
        )
        db.session.commit()
    apply_statuses()
    assert waiting(app) == 0


def test_a_status_with_the_id_of_an_answer_that_is_gone_is_dropped_at_once(chat, app):
    chat.hears_of(
        payloads.status("wamid.x", "sent", outbox_id="01890000-0000-7000-8000-000000000000")
    )

    assert waiting(app) == 0
