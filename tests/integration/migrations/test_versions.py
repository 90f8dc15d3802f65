import pytest
from sqlalchemy import create_engine, make_url

from gatte.infra.schema import SchemaState, migrate, required_revision, schema_state
from tests.store_fixtures import execute


def state_of(url: str) -> SchemaState:
    engine = create_engine(make_url(url).set(drivername="postgresql+psycopg2"))
    with engine.connect() as connection:
        state = schema_state(connection)
    engine.dispose()
    return state


def test_a_migrated_database_fits(database_url):
    state = state_of(database_url)

    assert state.is_current
    assert state.current == state.required == required_revision()


def test_a_database_without_a_schema_does_not_fit(empty_database_url):
    assert state_of(empty_database_url) == SchemaState(current=None, required=required_revision())
    assert not state_of(empty_database_url).is_current


@pytest.mark.parametrize("revision", ["0000", "9999"])
def test_an_older_and_a_newer_schema_do_not_fit_and_the_line_says_both(
    empty_database_url, revision
):
    migrate(empty_database_url)
    execute(empty_database_url, f"UPDATE schema_version SET version_num = '{revision}'")  # noqa: S608 - one of two constants
    state = state_of(empty_database_url)

    assert not state.is_current
    assert revision in str(state)
    assert str(required_revision()) in str(state)
