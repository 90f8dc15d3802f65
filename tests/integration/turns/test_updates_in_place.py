"""What a turn and the statuses of its reply write leaves the indexes alone, so that the new version
of a row stays in the page of the old one (HOT).
"""

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from gatte.extensions import db
from gatte.store import conversations, status_events
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody

LEASE = """
    UPDATE conversation SET
        lease_token = lease_token + 1, lease_expires_at = now(), turn_due_at = now(),
        turn_attempts = 1, last_inbound_at = now()
    WHERE id = :id
"""
END_OF_TURN = """
    UPDATE conversation SET
        lease_expires_at = NULL, turn_due_at = NULL, turn_attempts = 0, state = 'STATE_ANSWERING',
        inactivity_due_at = now() + interval '1 hour'
    WHERE id = :id
"""
STATUS = "UPDATE outbox SET state = :state, read_at = now() WHERE conversation_id = :id"
HOT_UPDATES = """
    SELECT pg_stat_get_xact_tuples_updated('{table}'::regclass),
        pg_stat_get_xact_tuples_hot_updated('{table}'::regclass)
"""


@pytest.fixture
def talk_id(app):
    """A conversation in which a turn was taken, within an open context."""
    customer = somebody(app)
    customer.sends(payloads.text("bom dia"))
    with app.app_context():
        yield customer.conversation().id
        db.session.rollback()


def updates(table: str) -> tuple[int, int]:
    """The updates that this connection has not told of yet, and how many of them are HOT."""
    return tuple(db.session.execute(text(HOT_UPDATES.format(table=table))).one())


def made_since(before: tuple[int, int], table: str) -> tuple[int, int]:
    """The updates since then, and how many of them are HOT."""
    made, in_place = updates(table)
    return made - before[0], in_place - before[1]


def change(sql: str, **values: object) -> None:
    db.session.execute(text(sql), values)


def test_a_turn_changes_its_conversation_in_place(talk_id):
    before = updates("conversation")
    change(LEASE, id=talk_id)
    change(END_OF_TURN, id=talk_id)

    assert made_since(before, "conversation") == (2, 2)


def test_statuses_change_a_reply_in_place(talk_id):
    before = updates("outbox")
    for state in ("sent", "delivered", "read"):
        change(STATUS, id=talk_id, state=state)

    assert made_since(before, "outbox") == (3, 3)


def test_a_finished_reply_is_due_no_more(talk_id):
    change("UPDATE outbox SET state = 'pending', next_attempt_at = now()")
    change(STATUS, id=talk_id, state="dead_letter")
    found = db.session.execute(
        text("SELECT next_attempt_at, failed_at FROM outbox WHERE conversation_id = :id"),
        {"id": talk_id},
    ).all()

    assert {row.next_attempt_at for row in found} == {None}
    assert all(row.failed_at is not None for row in found)


def test_a_reply_that_waits_without_a_time_is_refused(talk_id):
    with pytest.raises(IntegrityError, match="unfinished_has_time"):
        change("UPDATE outbox SET state = 'pending', next_attempt_at = NULL")


def test_a_conversation_wakes_no_later_than_its_timer_is_due(talk_id):
    change("UPDATE conversation SET inactivity_due_at = now() WHERE id = :id", id=talk_id)

    woken = "SELECT wake_at <= inactivity_due_at FROM conversation WHERE id = :id"
    assert db.session.scalar(text(woken), {"id": talk_id})


def test_one_that_woke_too_early_wakes_again_when_its_timer_is_due(talk_id):
    early = "UPDATE conversation SET wake_at = now(), inactivity_due_at = now() + interval '1 hour'"
    change(f"{early} WHERE id = :id", id=talk_id)
    conversations.rearm_timers(db.session.connection(), 500)

    again = "SELECT wake_at = inactivity_due_at FROM conversation WHERE id = :id"
    assert db.session.scalar(text(again), {"id": talk_id})


def test_a_status_that_comes_before_the_send_was_recorded_ends_the_waiting(talk_id):
    change("UPDATE outbox SET state = 'sending', next_attempt_at = now(), wamid_hash = NULL")
    change(
        "INSERT INTO status_event (phone_number_id, wamid_hash, outbox_id, status, at)"
        " SELECT phone_number_id, 'x', id, 'delivered', now() FROM outbox"
        " WHERE conversation_id = :id",
        id=talk_id,
    )
    status_events.apply_batch(0, 1000)

    waiting = "SELECT count(*) FROM outbox WHERE conversation_id = :id AND next_attempt_at > now()"
    assert db.session.scalar(text(waiting), {"id": talk_id}) == 0
