"""The audit trail holds logins, refusals and looks at people's data, and shows who touched it."""

import hashlib
import threading
from contextlib import closing

import psycopg2
import pytest
from sqlalchemy import text

from gatte.extensions import db
from gatte.models import AuditEntry, MuteReason
from gatte.models.columns import new_uuid7
from gatte.privacy.masking import mask_value
from gatte.store import audit, audit_chain, contacts
from tests.integration.panel.conftest import PASSWORD
from tests.integration.panel.factories import minutes_ago


def execute(app, statement, **values):
    with app.app_context():
        db.session.execute(text(statement), values)
        db.session.commit()


@pytest.fixture
def empty(app, users):
    execute(app, "DELETE FROM audit_entry")


@pytest.fixture
def trail(app, empty):
    """Three entries of the chain."""
    with app.app_context():
        for name in ("first", "second", "third"):
            audit.record(None, "noted", f"test:{name}", {"z": 1, "a": ["é", None]})
            db.session.commit()


@pytest.fixture
def verified(app):
    def run(*arguments):
        done = app.test_cli_runner().invoke(args=["audit", "verify", *arguments])
        return done.exit_code, done.output.splitlines()

    return run


def actions(app):
    with app.app_context():
        query = db.select(AuditEntry.action, AuditEntry.subject).order_by(AuditEntry.number)
        return [tuple(row) for row in db.session.execute(query)]


def test_logins_refusals_and_logouts_are_noted(app, browser, users, empty):
    me = f"user:{users['ana']}"
    browser.log_in("ana@empresa.example", "errada errada")
    browser.log_in("ninguem@empresa.example", PASSWORD)
    browser.log_in("ana@empresa.example")
    browser.get("/panel/pessoas")
    browser.get("/panel/sessoes")
    browser.post("/panel/logout")

    assert actions(app) == [
        ("login_refused", me),
        ("login_refused", "user:unknown"),
        ("logged_in", me),
        ("refused", "page:panel.list_users"),
        ("logged_out", me),
    ]


def test_a_look_at_a_persons_data_is_noted_once_an_hour_and_no_poll_is(app, agent, desk, empty):
    conversation = desk.conversation()
    places = {
        f"conversation:{conversation}": f"/panel/sessoes/{conversation}",
        f"ticket:{(ticket := desk.ticket())}": f"/panel/chamados/{ticket}",
        f"lead:{(lead := desk.lead())}": f"/panel/leads/{lead}",
    }
    for place in places.values():
        agent.poll(place)
        agent.get(place)
        agent.get(place)

    assert actions(app) == [("viewed", subject) for subject in places]
    assert "abriu os dados" not in agent.get(f"/panel/sessoes/{conversation}").text


def test_a_page_that_is_not_there_is_no_look(app, agent, empty):
    agent.get(f"/panel/leads/{new_uuid7()}")

    assert actions(app) == []


def test_a_chain_that_nobody_touched_fits(trail, verified):
    code, lines = verified()

    assert code == 0
    assert lines[0].startswith("3 entries (1 to 3), 0 of them emptied")


@pytest.mark.parametrize(
    ("touch", "says"),
    [
        ("UPDATE audit_entry SET action = 'other' WHERE number = 2", "entry 2: was changed"),
        ("UPDATE audit_entry SET user_id = :user WHERE number = 3", "entry 3: was changed"),
        (
            "UPDATE audit_entry SET created_at = created_at - interval '1 hour' WHERE number = 1",
            "entry 1: was changed",
        ),
        (
            "UPDATE audit_entry SET subject = 'test:other' WHERE number = 2",
            "entry 2: its subject or details were changed",
        ),
        (
            "UPDATE audit_entry SET details = '{}' WHERE number = 2",
            "entry 2: its subject or details were changed",
        ),
        ("DELETE FROM audit_entry WHERE number = 2", "entry 2: is missing (the next one is 3)"),
        (
            "INSERT INTO audit_entry (action, subject, details) VALUES ('noted', 'x', '{}')",
            "1 entries stand outside the chain and are none of the bot's",
        ),
        (
            "UPDATE audit_entry SET number = 7 - number WHERE number IN (3, 4)",
            "entry 3: is missing (the next one is 4)",
        ),
    ],
)
def test_whoever_touched_an_entry_is_found(app, users, trail, verified, touch, says):
    with app.app_context():
        db.session.execute(text(touch), {"user": users["ana"]} if ":user" in touch else {})
        db.session.commit()

    code, lines = verified()

    assert code == 1
    assert says in lines


def test_the_newest_entry_is_missed_by_who_noted_it(app, trail, verified):
    _, number, mac = verified()[1][-1].rsplit(" ", 2)
    assert verified("--noted", number, mac[:16])[0] == 0
    execute(app, "DELETE FROM audit_entry WHERE number = 3")

    assert verified()[0] == 0
    assert verified("--noted", number, mac)[1][0] == "entry 3: is not there as it was noted"


def test_an_entry_that_an_erasure_emptied_still_fits(app, trail, verified):
    execute(app, "UPDATE audit_entry SET subject = 'erased:x', details = '{}' WHERE number = 2")

    code, lines = verified()

    assert (code, "1 of them emptied" in lines[0]) == (0, True)


def test_a_chain_whose_oldest_entries_were_deleted_fits_from_its_first(app, trail, verified):
    execute(app, "DELETE FROM audit_entry WHERE number = 1")

    code, lines = verified()

    assert (code, "(2 to 3)" in lines[0]) == (0, True)


def test_what_the_bot_notes_in_a_turn_waits_for_nobody_and_is_outside(
    app, database_url, desk, trail, verified
):
    contact_id = desk.contact()
    with closing(psycopg2.connect(database_url)) as other, app.app_context():
        other.cursor().execute(f"SELECT pg_advisory_xact_lock({audit_chain.LOCK})")
        contacts.mute(contacts.get_contact(contact_id), MuteReason.FLOOD, minutes_ago(-5))
        db.session.commit()

    code, lines = verified()

    assert (code, "1 outside the chain" in lines[0]) == (0, True)


def test_an_action_that_was_rolled_back_leaves_no_entry(app, empty):
    with app.app_context():
        db.session.execute(text("SELECT 1"))
        audit.record(None, "noted", "test:never")
        db.session.rollback()
        audit.record(None, "noted", "test:kept")
        db.session.commit()

    assert actions(app) == [("noted", "test:kept")]


def test_many_at_once_make_one_chain(app, empty, verified):
    def write(name):
        with app.app_context():
            for number in range(5):
                audit.record(None, "noted", f"test:{name}-{number}")
                db.session.commit()

    writers = [threading.Thread(target=write, args=(name,)) for name in range(6)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    code, lines = verified()

    assert (code, lines[0].split(" (")[0]) == (0, "30 entries")


def test_no_mac_in_the_log_is_taken_for_a_phone_and_masked():
    for number in range(5000):
        mac = hashlib.sha256(str(number).encode()).digest()
        line = {"event": "audit_entry_chained", "mac": mac.hex()[: audit_chain.LOGGED_DIGITS]}

        assert mask_value(line) == line


def test_what_the_log_says_of_an_entry_is_found_in_the_chain(app, empty, logged, verified):
    with app.app_context():
        audit.record(None, "noted", "test:logged")
        db.session.commit()
    said = next(line for line in logged if line["event"] == "audit_entry_chained")

    assert verified("--noted", str(said["number"]), said["mac"])[0] == 0
