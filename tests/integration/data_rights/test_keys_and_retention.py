"""What has had its time goes: rows by class, and the keys of the inbox by day."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select, text

from gatte.data_rights import key_destruction, retention
from gatte.extensions import db
from gatte.intake import receive
from gatte.models import (
    Contact,
    Conversation,
    DataKey,
    InboxMessage,
    KeyPurpose,
    LlmCall,
    Message,
    Turn,
    keyring,
)
from gatte.models.sealing import inbox_day
from gatte.privacy import crypto
from gatte.privacy.crypto import DecryptionFailed
from gatte.store import contacts, daily_figures
from tests.fakes import payloads
from tests.integration.turns.simulated_customer import somebody


def today() -> date:
    """The day of keys, which is that of UTC."""
    return datetime.now(UTC).date()


def later(**span: int) -> datetime:
    return datetime.now(UTC) + timedelta(**span)


def remove_expired(app, now) -> dict[str, int]:
    """Retention as of a time; what the scan afterwards found left."""
    with app.app_context():
        for _ in retention.remove_expired(now):
            db.session.commit()
        return retention.count_left(now)


def count(app, model, **values) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(model).filter_by(**values))


@pytest.fixture
def customer(app):
    customer = somebody(app)
    customer.sends(payloads.text("oi"))
    customer.close()
    return customer


@pytest.fixture
def talk(app, customer):
    with app.app_context():
        row = customer.conversation()
        db.session.add(
            LlmCall(
                conversation_id=row.id,
                purpose="answer",
                model="m",
                prompt_version="1",
                latency_ms=1,
                outcome="ok",
                cost_brl=2,
            )
        )
        db.session.commit()
        return row


def test_traces_go_first_and_texts_with_their_conversation(app, talk):
    assert remove_expired(app, later(days=89)) == {}
    with app.app_context():
        assert db.session.query(Turn).filter_by(conversation_id=talk.id).one().trace

    assert remove_expired(app, later(days=91)) == {}
    with app.app_context():
        assert db.session.query(Turn).filter_by(conversation_id=talk.id).one().trace is None
        assert count(app, Message, conversation_id=talk.id) == 2

    assert remove_expired(app, later(days=370)) == {}
    assert count(app, Message, conversation_id=talk.id) == 0
    assert count(app, Conversation, id=talk.id) == 0
    assert count(app, Contact, id=talk.contact_id) == 0
    assert count(app, DataKey, id=talk.data_key_id) == 0


def test_words_of_meta_that_the_former_version_stored_go(app, talk):
    with app.app_context():
        db.session.execute(text("UPDATE outbox SET error_details = 'Message to Zuleica failed'"))
        db.session.commit()

    assert remove_expired(app, later(minutes=1)) == {}

    with app.app_context():
        assert db.session.scalar(text("SELECT count(error_details) FROM outbox")) == 0


def test_a_contact_under_a_hold_keeps_everything(app, talk):
    with app.app_context():
        contacts.hold(contacts.get_contact(talk.contact_id), "processo")
        db.session.commit()

    assert remove_expired(app, later(days=4000)) == {}

    assert count(app, Message, conversation_id=talk.id) == 2
    assert count(app, Turn, conversation_id=talk.id) == 1


def test_a_contact_with_a_ticket_stays_as_long_as_it(app):
    customer = somebody(app)
    for words in ("quero uma cópia dos meus dados pessoais, LGPD", "sim"):
        customer.sends(payloads.text(words))
    with app.app_context():
        contact_id = customer.conversation().contact_id
        db.session.execute(text("UPDATE ticket SET state = 'solved'"))
        db.session.commit()
    customer.close()

    remove_expired(app, later(days=370))
    assert count(app, Contact, id=contact_id) == 1
    remove_expired(app, later(days=740))
    assert count(app, Contact, id=contact_id) == 0


def test_inbox_rows_stay_for_the_redelivery_horizon(app, customer):
    del customer
    before = count(app, InboxMessage)
    assert before > 0

    assert remove_expired(app, later(days=6)) == {}
    assert count(app, InboxMessage) == before
    assert remove_expired(app, later(days=8)) == {}
    assert count(app, InboxMessage) == 0


def test_no_sum_of_a_day_changes(app, talk):
    from gatte.jobs import cron

    span = date(2020, 1, 1), today() + timedelta(days=1)
    with app.app_context():
        cron.count_daily_figures()
        before = daily_figures.list_figures(*span)
    remove_expired(app, later(days=370))

    with app.app_context():
        assert daily_figures.list_figures(*span) == before
        assert {one.figure for one in before} >= {"conversations", "messages", "cost_brl"}


def destroy(app, today: date) -> dict[str, int]:
    with app.app_context():
        counts = key_destruction.destroy_old_keys(today)
        db.session.commit()
        return counts


def test_the_key_of_a_day_is_destroyed_when_nothing_waits_under_it(app, customer, logged):
    del customer
    fresh = somebody(app)
    fresh.delivers(payloads.text("ainda não lida"))
    with app.app_context():
        payload = db.session.scalar(
            select(InboxMessage.payload).where(InboxMessage.processed_at.is_(None))
        )
        assert inbox_day(payload) == today()

    assert destroy(app, today() + timedelta(days=30)) == {
        "destroyed": 0,
        "kept": 0,
        "unprocessed_messages": 1,
    }
    assert destroy(app, today() + timedelta(days=31))["kept"] == 1
    alarms = [line for line in logged if line["event"] == "inbox_messages_outlive_their_key"]
    assert len(alarms) == 2
    fresh.is_answered()

    assert destroy(app, today() + timedelta(days=30))["destroyed"] == 0
    assert destroy(app, today() + timedelta(days=31))["destroyed"] == 1
    assert count(app, DataKey, purpose=KeyPurpose.INBOX_DAY) == 0


def test_what_was_sealed_under_a_destroyed_key_does_not_open(app):
    with app.app_context():
        ring = keyring()
        sealed = ring.seal_inbox(b"oi", b"place")
        yesterday = today() - timedelta(days=1)
        old = b"\x02" + yesterday.toordinal().to_bytes(4, "big") + sealed[5:]

        with pytest.raises(DecryptionFailed, match="destroyed"):
            ring.unseal_inbox(old, b"place")


def test_what_was_sealed_under_the_one_key_of_before_is_still_processed(app):
    """As a version wrote it that had one inbox key."""
    customer = somebody(app)
    customer.delivers(payloads.text("oi"))
    with app.app_context():
        plain_key = crypto.new_data_key()
        row = keyring().new_contact_key()
        wrapped = keyring().master.wrap(plain_key, row.id.bytes)
        row.purpose, row.wrapped_key = KeyPurpose.INBOX, wrapped.sealed
        db.session.add(row)
        message = db.session.scalars(select(InboxMessage).filter_by(processed_at=None)).one()
        place = b"inbox_message.payload:" + message.wamid_hash
        plain = keyring().unseal_inbox(message.payload, place)
        message.payload = crypto.seal(plain_key, plain, place)
        db.session.commit()
        assert receive.decrypt_payload(message.wamid_hash, message.payload)["sender"]

    customer.is_answered()

    assert "Como posso ajudar" in customer.heard()[0]
