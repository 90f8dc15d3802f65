"""Another master key while everything runs, and the old one taken out."""

import pytest
from sqlalchemy import delete, func, select, text

from gatte.extensions import db
from gatte.infra.database import engine
from gatte.models import Contact, DataKey, KeyRotation, keyring
from gatte.operations import master_key_rotation as rotation
from gatte.store import data_keys
from tests.app_fixture import application

OLD = "old:3q2+7wAR8L0dPz5nWm9YhJ4sTtVbUcXkQeRgIoOpLqA="
NEW = "new:9mZ+1wBS7K1ePy4mXl8ZgI5rUuWaVdYjRfShJpPqMrE="
CONTACTS = 450


@pytest.fixture(scope="module")
def before(database_url, redis_url):
    """The application as it is before the new key is in its settings."""
    with application(database_url, redis_url, gatte_encryption_keys=OLD) as app:
        yield app


@pytest.fixture(scope="module")
def after(database_url, redis_url):
    """The application with the new key in front."""
    with application(database_url, redis_url, gatte_encryption_keys=f"{NEW},{OLD}") as app:
        yield app


@pytest.fixture
def contacts(before):
    """Contacts whose data keys the old key wraps, and nothing else."""
    with before.app_context():
        assert keyring().lookup_key  # made and kept, so that no test makes it later
        for table in (Contact, DataKey, KeyRotation):
            db.session.execute(delete(table))
        keys = [keyring().new_contact_key() for _ in range(CONTACTS)]
        db.session.add_all(keys)
        db.session.flush()
        made = [Contact(data_key_id=key.id, name=f"Pessoa {n}") for n, key in enumerate(keys)]
        db.session.add_all(made)
        db.session.commit()
        return [contact.id for contact in made]


@pytest.fixture
def flask(after):
    def run(*arguments, code=0):
        done = after.test_cli_runner().invoke(args=["keys", *arguments])
        assert done.exit_code == code, (done.output, done.exception)
        return done.output

    return run


def wrapped_by(app):
    with app.app_context():
        counted = select(DataKey.master_key_id, func.count()).group_by(DataKey.master_key_id)
        return {key: count for key, count in db.session.execute(counted) if key}


def test_every_data_key_is_wrapped_again_and_opens_what_it_sealed(
    database_url, redis_url, after, contacts, flask
):
    assert f"{CONTACTS} data keys are wrapped by new now." in flask("rotate", "--pause", "0")

    assert wrapped_by(after) == {"new": CONTACTS}
    with (
        application(database_url, redis_url, gatte_encryption_keys=NEW) as app,
        app.app_context(),
    ):
        assert db.session.get(Contact, contacts[7]).name == "Pessoa 7"
        assert db.session.scalar(select(KeyRotation)).wrapped_again == CONTACTS


def test_a_rotation_that_was_killed_goes_on_where_it_was(after, contacts, flask):
    batches = []

    def killed(left):
        batches.append(left)
        if len(batches) == 2:
            raise KeyboardInterrupt

    with after.app_context():
        beside = engine.unpooled_engine(after.extensions["gatte_settings"], "test")
        with pytest.raises(KeyboardInterrupt):
            rotation.rotate(beside, killed, pause=0)
        db.session.rollback()
    assert wrapped_by(after) == {"new": rotation.BATCH, "old": CONTACTS - rotation.BATCH}
    assert "200 wrapped again" in flask("status")
    assert "not done" in flask("status")

    flask("rotate", "--pause", "0")

    assert wrapped_by(after) == {"new": CONTACTS}
    with after.app_context():
        [only] = db.session.scalars(select(KeyRotation)).all()
        assert (only.wrapped_again, only.finished_at is None) == (CONTACTS, False)


def test_two_rotations_at_once_are_refused(after, contacts, flask):
    with after.app_context():
        beside = engine.unpooled_engine(after.extensions["gatte_settings"], "test")
        with beside.connect() as other:
            other.scalar(select(func.pg_advisory_lock(data_keys.ROTATION_LOCK)))
            other.commit()

            assert "another rotation is running" in flask("rotate", code=1)

    assert wrapped_by(after) == {"old": CONTACTS}
    flask("rotate", "--pause", "0")


def test_a_row_that_somebody_holds_is_wrapped_when_it_is_free(after, contacts, database_url, flask):
    with after.app_context():
        beside = engine.unpooled_engine(after.extensions["gatte_settings"], "test")
        with beside.connect() as other:
            other.execute(text("SELECT id FROM data_key ORDER BY id LIMIT 1 FOR UPDATE"))
            left = []

            def let_go(count):
                left.append(count)
                if count == 1:
                    other.rollback()

            assert rotation.rotate(beside, let_go, pause=0) == CONTACTS
        db.session.rollback()
    assert left[-1] == 1


def test_a_key_is_retired_only_when_nothing_needs_it(after, contacts, flask):
    assert f"{CONTACTS} data keys are wrapped by old" in flask("retire", "old", code=1)
    assert "is the first key, which encrypts" in flask("retire", "new", code=1)
    assert "no master key has the id other" in flask("retire", "other", code=1)
    flask("rotate", "--pause", "0")

    assert "Nothing here needs old" in flask("retire", "old")


def test_a_ring_that_lacks_a_key_is_told(database_url, redis_url, contacts):
    with application(database_url, redis_url, gatte_encryption_keys=NEW) as app:
        done = app.test_cli_runner().invoke(args=["keys", "rotate"])
        status = app.test_cli_runner().invoke(args=["keys", "status"]).output

    assert done.exit_code == 1
    assert "no master key 'old' in GATTE_ENCRYPTION_KEYS" in done.output
    assert f"old: MISSING from GATTE_ENCRYPTION_KEYS, wraps {CONTACTS} data keys" in status


def test_nonces_are_counted_for_each_key(after, contacts, flask):
    flask("rotate", "--pause", "0")
    with after.app_context():
        used = {one.master_key_id: one.nonces for one in data_keys.list_use(["new", "old"])}
        db.session.add_all([keyring().new_contact_key() for _ in range(3)])
        db.session.commit()
        later = {one.master_key_id: one.nonces for one in data_keys.list_use(["new", "old"])}

    assert used["new"] == CONTACTS
    assert later["new"] - used["new"] == 3
