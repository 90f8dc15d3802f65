"""SQL written by hand beside the ORM, and a BEGIN that travels: over a real Postgres, whose
statistics tell what it was sent.
"""

from datetime import UTC, datetime

import pytest
from sqlalchemy import event, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, IntegrityError
from sqlalchemy.orm import Session

from gatte.conversation.states import State
from gatte.extensions import db
from gatte.infra.database.deferred_begin import no_open_transaction
from gatte.infra.database.engine import unpooled_engine
from gatte.infra.database.hydration import column_list, hydrate
from gatte.infra.database.statement_batch import (
    StatementBatch,
    commit_and_fetch,
    fetch_rows,
    fetch_rows_autocommit,
)
from gatte.models import Contact, Conversation, NumberPause, keyring
from tests.connection_guard import HoldsAnother

pytestmark = pytest.mark.usefixtures("context")

ADD = (
    "INSERT INTO number_pause (phone_number_id, cause, probe_count, next_probe_at) "
    "VALUES (%s, 'transient', 1, now())"
)
COUNT = "SELECT count(*) AS count FROM number_pause WHERE phone_number_id = %s"


def driver():
    return db.session.connection().connection.dbapi_connection


@pytest.fixture
def seen_by_others(app):
    """How many rows of that name another process would see."""
    beside = unpooled_engine(app.extensions["gatte_settings"], "test")

    def count(name: str) -> int:
        with Session(beside) as other:
            return other.scalar(
                text("SELECT count(*) FROM number_pause WHERE phone_number_id = :name"),
                {"name": name},
            )

    return count


def test_nothing_is_begun_before_the_first_statement_and_nothing_stays_open_after_the_last():
    assert no_open_transaction(driver())
    fetch_rows(COUNT, ("a",))
    assert not no_open_transaction(driver())
    db.session.commit()
    assert no_open_transaction(driver())


def test_what_was_written_is_seen_by_others_after_the_commit_only(seen_by_others):
    fetch_rows(ADD, ("begun",))
    db.session.add(
        NumberPause(
            phone_number_id="by the ORM",
            cause="transient",
            probe_count=1,
            next_probe_at=datetime.now(UTC),
        )
    )
    db.session.flush()
    assert (seen_by_others("begun"), seen_by_others("by the ORM")) == (0, 0)

    db.session.commit()
    assert (seen_by_others("begun"), seen_by_others("by the ORM")) == (1, 1)


def test_what_is_rolled_back_never_was(seen_by_others):
    db.session.execute(
        text(
            "INSERT INTO number_pause (phone_number_id, cause, probe_count, next_probe_at) "
            "VALUES ('gone', 'x', 1, now())"
        )
    )
    fetch_rows(ADD, ("gone too",))
    db.session.rollback()

    assert (seen_by_others("gone"), seen_by_others("gone too")) == (0, 0)


def test_many_rows_at_once_are_one_transaction(seen_by_others):
    statement = text(
        "INSERT INTO number_pause (phone_number_id, cause, probe_count, next_probe_at) "
        "VALUES (:name, 'x', 1, now())"
    )
    db.session.execute(statement, [{"name": "first"}, {"name": "second"}])
    assert seen_by_others("first") == 0

    with pytest.raises(IntegrityError):
        db.session.execute(statement, [{"name": "third"}, {"name": "first"}])
    db.session.rollback()
    assert [seen_by_others(name) for name in ("first", "second", "third")] == [0, 0, 0]


def test_a_savepoint_works_inside(seen_by_others):
    fetch_rows(ADD, ("outer",))
    with pytest.raises(IntegrityError), db.session.begin_nested():
        fetch_rows(ADD, ("outer",))
    db.session.commit()

    assert seen_by_others("outer") == 1


def test_a_connection_goes_back_to_the_pool_with_nothing_open():
    fetch_rows(COUNT, ("a",))
    used = driver()
    assert not no_open_transaction(used)
    db.session.remove()

    assert no_open_transaction(used)


def test_another_isolation_level_is_refused():
    with pytest.raises(ArgumentError), db.engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")


def test_a_statement_alone_is_committed_with_its_answer(seen_by_others):
    rows = fetch_rows_autocommit(f"{ADD} RETURNING phone_number_id", ("alone",))

    assert ([row.phone_number_id for row in rows], seen_by_others("alone")) == (["alone"], 1)
    assert no_open_transaction(driver())


def test_who_holds_a_connection_must_not_ask_for_another():
    fetch_rows(COUNT, ("a",))

    with pytest.raises(HoldsAnother):
        fetch_rows_autocommit(COUNT, ("a",))


def test_a_statement_alone_that_fails_leaves_its_connection_usable(seen_by_others):
    fetch_rows_autocommit(ADD, ("once",))
    with pytest.raises(IntegrityError):
        fetch_rows_autocommit(ADD, ("once",))
    fetch_rows_autocommit(ADD, ("again",))

    assert (seen_by_others("once"), seen_by_others("again")) == (1, 1)


def test_a_question_after_the_commit_finds_everything_committed_and_leaves_nothing_open(
    seen_by_others,
):
    fetch_rows(ADD, ("asked",))
    db.session.add(
        NumberPause(
            phone_number_id="pending",
            cause="transient",
            probe_count=1,
            next_probe_at=datetime.now(UTC),
        )
    )

    assert commit_and_fetch(COUNT, ("asked",))[0].count == 1
    assert (seen_by_others("asked"), seen_by_others("pending")) == (1, 1)
    assert no_open_transaction(driver())
    assert commit_and_fetch(COUNT, ("asked",))[0].count == 1  # with nothing to commit


def test_a_trip_is_committed_on_one_way(seen_by_others, statements):
    trip = StatementBatch()
    trip.add(ADD, "one")
    trip.add(ADD, "two")
    trip.commit()

    assert (seen_by_others("one"), seen_by_others("two")) == (1, 1)
    assert no_open_transaction(driver())
    assert statements() == 1


def test_a_trip_that_breaks_a_rule_leaves_nothing(seen_by_others):
    trip = StatementBatch()
    trip.add(ADD, "fine")
    trip.add(ADD, "fine")
    with pytest.raises(IntegrityError):
        trip.commit()
    db.session.rollback()

    assert seen_by_others("fine") == 0


def test_a_trip_goes_before_what_the_session_has_to_write(seen_by_others):
    key = keyring().new_contact_key()
    trip = StatementBatch()
    trip.insert(
        "data_key",
        {
            "id": key.id,
            "purpose": key.purpose,
            "master_key_id": key.master_key_id,
            "wrapped_key": key.wrapped_key,
        },
    )
    db.session.add(Contact(data_key_id=key.id))
    trip.commit()

    assert (
        fetch_rows("SELECT count(*) AS count FROM contact WHERE data_key_id = %s", (key.id,))[
            0
        ].count
        == 1
    )


def test_an_unknown_column_is_an_error_of_sqlalchemy():
    with pytest.raises(DBAPIError):
        fetch_rows("SELECT nothing FROM number_pause")


@pytest.fixture
def statements(monkeypatch):
    """How often a driver's cursor was sent something, but for statements that are prepared."""
    from psycopg2.extras import NamedTupleCursor

    sent = []
    execute = NamedTupleCursor.execute

    def noted(cursor, query, values=None):
        if not query.startswith("PREPARE"):
            sent.append(query)
        return execute(cursor, query, values)

    def by_sqlalchemy(_connection, _cursor, statement, *_):
        sent.append(statement)

    monkeypatch.setattr(NamedTupleCursor, "execute", noted)
    event.listen(db.engine, "before_cursor_execute", by_sqlalchemy)
    yield lambda: len([query for query in sent if not query.startswith("SELECT count")])
    event.remove(db.engine, "before_cursor_execute", by_sqlalchemy)


@pytest.fixture
def conversation():
    key = keyring().new_contact_key()
    db.session.add(key)
    db.session.flush()
    contact = Contact(
        data_key_id=key.id, name="Ana", phone="5511987654321", opted_out_at=datetime.now(UTC)
    )
    db.session.add(contact)
    db.session.flush()
    made = Conversation(
        data_key_id=key.id,
        contact_id=contact.id,
        phone_number_id="1",
        correlation_id="c",
        state=State.MENU,
        slots={"a": "b"},
        priority=3,
    )
    db.session.add(made)
    db.session.commit()
    db.session.remove()
    return made.id


READ = "SELECT {} FROM conversation WHERE id = %s"


def test_a_loaded_row_is_what_the_orm_would_have_loaded(conversation):
    row = hydrate(
        Conversation, fetch_rows(READ.format(column_list(Conversation)), (conversation,))[0]
    )
    assert row in db.session
    assert not db.session.dirty
    names = [column.key for column in inspect(Conversation).column_attrs]
    mine = {name: getattr(row, name) for name in names}
    db.session.remove()

    by_orm = db.session.get(Conversation, conversation)
    assert mine == {name: getattr(by_orm, name) for name in names}
    assert (type(mine["state"]), row.slots) == (State, {"a": "b"})


def test_a_change_of_a_loaded_row_is_written(conversation):
    row = hydrate(
        Conversation, fetch_rows(READ.format(column_list(Conversation)), (conversation,))[0]
    )
    assert row.contact.name == "Ana"  # what was not loaded is read when it is asked for
    row.priority = 1
    db.session.commit()
    db.session.remove()

    assert db.session.get(Conversation, conversation).priority == 1


def test_a_row_that_the_session_has_is_not_loaded_beside_it(conversation):
    mine = db.session.get(Conversation, conversation)
    mine.priority = 2

    assert (
        hydrate(
            Conversation, fetch_rows(READ.format(column_list(Conversation)), (conversation,))[0]
        )
        is None
    )
    assert db.session.get(Conversation, conversation) is mine
    assert mine.priority == 2
