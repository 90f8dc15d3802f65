import pytest
from sqlalchemy import select, text

from gatte.extensions import db
from gatte.models import Contact, DataKey, keyring
from gatte.privacy.crypto import DecryptionFailed

pytestmark = pytest.mark.usefixtures("context")


def contact(**values) -> Contact:
    key = keyring().new_contact_key()
    db.session.add(key)
    db.session.flush()
    made = Contact(data_key_id=key.id, **values)
    db.session.add(made)
    db.session.flush()
    return made


def column(name: str, row: Contact) -> bytes:
    return bytes(
        db.session.execute(
            text(f"SELECT {name} FROM contact WHERE id = :id"),  # noqa: S608 - names of our own
            {"id": row.id},
        ).scalar_one()
    )


def test_a_sealed_value_reads_as_plain_and_is_stored_unreadable():
    made = contact(name="Joana Prado", phone="5511987654321")
    db.session.expire(made)

    assert (made.name, made.phone) == ("Joana Prado", "5511987654321")
    assert b"Joana" not in column("name_sealed", made)


def test_the_same_value_is_sealed_differently_each_time():
    assert column("name_sealed", contact(name="Joana")) != column(
        "name_sealed", contact(name="Joana")
    )


def test_a_value_copied_to_another_column_does_not_open():
    made = contact(name="Joana", email="joana@example.com")
    made.name_sealed = made.email_sealed

    with pytest.raises(DecryptionFailed):
        _ = made.name


def test_a_contact_whose_key_is_gone_reads_as_nothing():
    made = contact(name="Joana")
    key_id = made.data_key_id
    db.session.flush()
    db.session.execute(text("DELETE FROM data_key WHERE id = :id"), {"id": key_id})
    keyring().evict(key_id)
    db.session.expire(made)

    assert made.name is None
    assert made.data_key_id is None


def test_a_new_process_opens_what_this_one_sealed(app):
    made = contact(name="Joana")
    stored = db.session.scalar(select(DataKey).filter_by(id=made.data_key_id))
    keyring().evict(stored.id)

    assert made.name == "Joana"


def test_every_process_has_the_same_lookup_key(app):
    from gatte.models import Keyring

    other = Keyring(keyring().master, db.engine)

    assert other.lookup_key == keyring().lookup_key
    assert other.unseal_inbox(keyring().seal_inbox(b"oi", b"place"), b"place") == b"oi"
