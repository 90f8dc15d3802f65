"""Webhook bodies that were kept whole: the rest of them is stored at once, and `flask reprocess`
takes them again.
"""

import pytest
from sqlalchemy import text

from gatte.extensions import db
from gatte.intake import receive
from gatte.whatsapp.payload_parts import MAX_PARTS, REST_FIELD
from tests.fakes import payloads
from tests.fakes.people import new_wamid
from tests.integration.turns.test_failing import refusing

OUT_OF_RANGE = "22003"  # a value that the column cannot hold


def query(app, sql, **values):
    with app.app_context():
        return [tuple(row) for row in db.session.execute(text(sql), values)]


def kept(app):
    return [
        field
        for (field,) in query(
            app, "SELECT field FROM webhook_event WHERE field IN ('unstorable', 'rest')"
        )
    ]


def stored(app, wamid):
    with app.app_context():
        hashed = app.extensions["gatte_keyring"].lookup_hash("wamid", wamid)
    tables = ("inbox_message", "status_event")
    return [
        query(app, f"SELECT count(*) FROM {table} WHERE wamid_hash = :hashed", hashed=hashed)[0][0]  # noqa: S608 - names of our own
        for table in tables
    ]


def accept(app, made):
    with app.app_context():
        return receive.store_webhook(payloads.encode(made), "request-1")


def reprocess(app, *options):
    with app.app_context():
        done = app.test_cli_runner().invoke(args=["reprocess", *options])
    assert done.exit_code == 0, done.output
    return done.output


def mixed(wamid):
    """A message, and beside it a status that is taken and one that `refusing` refuses."""
    made = payloads.body(payloads.text("oi"), payloads.person(999_101), wamid=wamid)
    statuses = [
        payloads.status(f"{wamid}.sent", "sent"),
        payloads.failure(f"{wamid}.failed", 131999),
    ]
    made["entry"][0]["changes"][0]["value"]["statuses"] = statuses
    return made


@pytest.fixture
def wamid(app):
    with app.app_context():
        db.session.execute(text("DELETE FROM webhook_event"))
        db.session.commit()
    return new_wamid("5511999990101")


def test_every_row_that_can_be_stored_is_stored_beside_one_that_cannot(app, wamid):
    with refusing(app, "status_event", "NEW.error_code = 131999", OUT_OF_RANGE):
        accept(app, mixed(wamid))

    assert stored(app, wamid) == [1, 0]
    assert (stored(app, f"{wamid}.sent"), stored(app, f"{wamid}.failed")) == ([0, 1], [0, 0])
    assert kept(app) == [receive.UNSTORABLE]


def test_a_refused_body_is_taken_again_when_a_person_says_so(app, wamid):
    with refusing(app, "status_event", "NEW.error_code = 131999", OUT_OF_RANGE):
        accept(app, mixed(wamid))
        assert "still refuses" in reprocess(app, "--bodies")
    said = reprocess(app, "--bodies")

    assert said.count(": stored") == 1
    assert (stored(app, wamid)[0], stored(app, f"{wamid}.failed"), kept(app)) == (1, [0, 1], [])
    assert reprocess(app, "--bodies") == ""


def test_listing_changes_nothing(app, wamid):
    with refusing(app, "status_event", "NEW.error_code = 131999", OUT_OF_RANGE):
        accept(app, mixed(wamid))

    assert "webhook body" in reprocess(app, "--bodies", "--list")
    assert kept(app) == [receive.UNSTORABLE]


def test_an_error_code_beyond_32_bits_costs_neither_the_message_nor_the_status(app, wamid):
    made = mixed(wamid)
    made["entry"][0]["changes"][0]["value"]["statuses"][1]["errors"][0]["code"] = 2**40
    accept(app, made)

    assert (stored(app, wamid), stored(app, f"{wamid}.failed"), kept(app)) == ([1, 0], [0, 1], [])


def test_what_was_more_than_a_body_may_hold_is_taken_again_to_its_end(app, wamid):
    made = payloads.body(payloads.text("oi"), payloads.person(999_102), wamid=wamid)
    made["entry"][0]["changes"][0]["value"]["messages"][:0] = [{}] * (2 * MAX_PARTS)
    accept(app, made)
    assert (stored(app, wamid), kept(app)) == ([0, 0], [REST_FIELD])

    assert reprocess(app).count(": stored") == 2

    assert (stored(app, wamid), kept(app)) == ([1, 0], [])
