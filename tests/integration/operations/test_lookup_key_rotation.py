"""Another look-up key: every hash of every table is made anew, and whoever wrote before is
known.
"""

import hashlib
from uuid import uuid4

import pytest
from sqlalchemy import select, text

from gatte import services
from gatte.conversation.nlu import MessageKind
from gatte.data_rights.data_map import TABLES, ColumnClass
from gatte.desk import users
from gatte.extensions import db
from gatte.infra.database import engine
from gatte.media import sealed_files
from gatte.media.sealed_files import ContentPart
from gatte.models import (
    Contact,
    ContactIdentity,
    DataKey,
    IdentityKind,
    InboxMessage,
    KeyPurpose,
    MediaFile,
    MediaState,
    Message,
    Outbox,
    keyring,
)
from gatte.models.name_words import name_words
from gatte.operations import lookup_hash_renewal, lookup_key_rotation
from gatte.store import audit, audit_chain, certificates, contacts
from tests.app_fixture import application
from tests.fakes import payloads
from tests.fakes.people import Person, new_wamid
from tests.integration.turns.simulated_customer import Customer

CPF = "52998224725"
PHONE = "5511970001234"
PICTURE = b"the content of a picture"


@pytest.fixture
def app(database_url, redis_url, tmp_path):
    with application(database_url, redis_url, gatte_media_dir=str(tmp_path / "media")) as made:
        yield made
        with made.app_context():
            for table in ("inbox_message", "status_event", "audit_entry", "contact", "data_key"):
                db.session.execute(text(f"DELETE FROM {table}"))  # noqa: S608 - our own words
            db.session.commit()


@pytest.fixture
def customer(app):
    """A customer of whom every table with a look-up hash holds a row."""
    known = Customer(app, Person(PHONE, "Rita Rotação", "BR.4711"))
    known.wamid = known.sends(payloads.text("oi"))[0]
    waiting = Customer(app, Person("5511970005678", "Wanda Espera"))
    known.waiting = waiting.delivers(payloads.text("ainda não lida"))
    with app.app_context():
        contact = db.session.get_one(Contact, known.conversation().contact_id)
        certificates.add_certificate(
            contact,
            kind="e-CPF A3",
            holder="Rita Rotação",
            document=CPF,
            document_hash=keyring().lookup_hash("document", CPF),
            valid_until=db.session.scalar(text("SELECT current_date + 90")),
        )
        contact.document = CPF
        document_hash = keyring().lookup_hash(IdentityKind.DOCUMENT, CPF)
        contacts.add_identity(contact.id, IdentityKind.DOCUMENT, document_hash)
        add_picture(known, contact)
        person = users.create_user(f"{uuid4()}@x.example", "Chefe", "uma senha comprida")
        for number in range(3):
            audit.record(person.id, f"action_{number}", f"contact:{contact.id}", {"n": number})
        db.session.execute(
            text(
                "INSERT INTO status_event (phone_number_id, wamid_hash, status, at)"
                " SELECT phone_number_id, wamid_hash, 'read', now() FROM outbox"
                " WHERE wamid_hash IS NOT NULL LIMIT 1"
            )
        )
        db.session.commit()
    return known


def add_picture(customer, contact):
    row = MediaFile(
        data_key_id=contact.data_key_id,
        contact_id=contact.id,
        message_id=customer.message(customer.wamid).id,
        kind=MessageKind.IMAGE,
        state=MediaState.STORED,
        size=len(PICTURE),
        checksum=sealed_files.checksum_of(PICTURE),
    )
    db.session.add(row)
    db.session.flush()
    key = keyring().open(contact.data_key_id)
    storage = sealed_files.open_storage(services.settings())
    sealed_files.write(storage, row.id, key, ContentPart.CONTENT, PICTURE)


def rotate(app, code=0, *more):
    done = app.test_cli_runner().invoke(args=["keys", "rotate-lookup", "--wait", "0", *more])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def all_hashes(app) -> dict[str, set[bytes]]:
    """Every look-up hash of every table, by table and column."""
    found = {}
    with app.app_context():
        for table, rule in TABLES.items():
            for column in rule.columns.get(ColumnClass.HASH, ()):
                if table != "idempotent_request":
                    held = db.session.scalars(text(f"SELECT {column} FROM {table}"))  # noqa: S608
                    found[f"{table}.{column}"] = flattened(held)
    return found


def kept(before, after) -> list[str]:
    """Where a hash of before still stands."""
    return [place for place, hashes in after.items() if before[place] & hashes]


def flattened(values) -> set[bytes]:
    several = [value if isinstance(value, list) else [value] for value in values if value]
    return {bytes(one) for some in several for one in some}


def test_every_hash_of_the_data_map_is_made_anew(app, customer):
    before = all_hashes(app)
    assert [place for place, hashes in before.items() if not hashes] == []

    told = rotate(app)

    after = all_hashes(app)
    assert kept(before, after) == []
    assert {place: len(hashes) for place, hashes in after.items()} == {
        place: len(hashes) for place, hashes in before.items()
    }
    assert "destroyed" in told


def test_each_hash_is_that_of_its_value_under_the_new_key(app, customer):
    rotate(app)

    with app.app_context():
        ring = keyring()
        for model in (Message, Outbox):
            for row in db.session.scalars(select(model).where(model.wamid_hash.is_not(None))):
                assert row.wamid_hash == ring.lookup_hash("wamid", row.wamid)
        contact = db.session.get_one(Contact, customer.conversation().contact_id)
        assert contact.name_words == name_words("Rita Rotação")
        assert {bytes(one.hash) for one in contact.identities} == {
            ring.lookup_hash("bsuid", "BR.4711"),
            ring.lookup_hash("phone", "551170001234"),
            ring.lookup_hash("document", CPF),
        }
        (picture,) = db.session.scalars(select(MediaFile)).all()
        assert sealed_files.read_whole(picture) == PICTURE
        digest = hashlib.sha256(PICTURE).hexdigest()
        assert picture.checksum == ring.lookup_hash("media", digest)


def test_a_message_that_comes_again_is_known_and_one_that_waited_is_answered(app, customer):
    rotate(app)

    customer.delivers(payloads.text("oi"), customer.wamid)
    waiting = Customer(app, Person("5511970005678", "Wanda Espera"))
    waiting.delivers(payloads.text("ainda não lida"), customer.waiting)
    waiting.is_answered()
    customer.sends(payloads.text("menu"))

    with app.app_context():
        talk = customer.conversation()
        mine = select(Message).filter_by(conversation_id=talk.id, author="customer")
        assert [one.body for one in db.session.scalars(mine.order_by(Message.sequence))] == [
            "oi",
            "menu",
        ]
        assert db.session.query(Contact).count() == 2
    assert waiting.heard()


def test_the_audit_trail_still_fits(app, customer):
    with app.app_context():
        entries = audit_chain.verify().entries
    rotate(app)

    with app.app_context():
        report = audit_chain.verify()
        assert (report.problems, report.entries) == ([], entries + 1)


def test_while_it_goes_on_webhooks_get_503_and_afterwards_200(app, customer):
    statuses = []

    def deliver(_: str) -> None:
        body, headers = payloads.signed(
            payloads.body(payloads.text("oi de novo"), customer.person, wamid=new_wamid(PHONE)),
            "app-secret-of-the-tests",
        )
        answer = app.test_client().post("/webhook/whatsapp", data=body, headers=headers)
        statuses.append(answer.status_code)

    with app.app_context():
        beside = engine.unpooled_engine(app.extensions["gatte_settings"], "keys")
        lookup_key_rotation.rotate(beside, deliver, wait=0)
    deliver("")

    assert statuses == [503] * (len(statuses) - 1) + [200]
    assert len(statuses) > 5


class Killed(BaseException):
    pass


@pytest.mark.parametrize("step", range(1, 9))
def test_a_rotation_that_was_killed_goes_on_where_it_was(app, customer, step):
    told = []

    def die(words: str) -> None:
        told.append(words)
        if len(told) == step:
            raise Killed

    before = all_hashes(app)
    with app.app_context():
        beside = engine.unpooled_engine(app.extensions["gatte_settings"], "keys")
        with pytest.raises(Killed):
            lookup_key_rotation.rotate(beside, die, wait=0)
        db.session.rollback()
        beside.dispose()

    rotate(app)

    after = all_hashes(app)
    assert kept(before, after) == []
    with app.app_context():
        assert audit_chain.verify().problems == []
        left = select(DataKey.purpose).where(DataKey.purpose != KeyPurpose.CONTACT)
        assert KeyPurpose.LOOKUP_FORMER not in set(db.session.scalars(left))


def test_a_hash_without_a_value_stops_it_until_somebody_says_to_go_on(app, customer):
    with app.app_context():
        contact_id = customer.conversation().contact_id
        contacts.add_identity(contact_id, IdentityKind.PHONE, b"\1" * 32)
        db.session.commit()

    assert "--forget-unknown" in rotate(app, 1)
    rotate(app, 0, "--forget-unknown")

    with app.app_context():
        hashes = set(db.session.scalars(select(ContactIdentity.hash)))
        assert b"\1" * 32 not in hashes


def test_a_trail_that_was_changed_by_hand_is_not_made_anew(app, customer):
    with app.app_context():
        db.session.execute(text("UPDATE audit_entry SET action = 'x' WHERE number = 2"))
        db.session.commit()

    assert "changed by hand" in rotate(app, 1)


def test_every_table_with_a_look_up_hash_is_among_them():
    holding = {name for name, rule in TABLES.items() if ColumnClass.HASH in rule.columns}

    assert holding - {"idempotent_request"} == lookup_hash_renewal.TABLES


def test_nothing_waits_in_the_inbox_under_the_former_hash(app, customer):
    rotate(app)

    with app.app_context():
        (row,) = db.session.scalars(
            select(InboxMessage).where(InboxMessage.payload.is_not(None))
        ).all()
        assert row.wamid_hash == keyring().lookup_hash("wamid", customer.waiting)
        assert row.sender_hash == keyring().lookup_hash("phone", "551170005678")
