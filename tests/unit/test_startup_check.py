"""A process that starts while the database goes away waits for it later; it does not end."""

from contextlib import contextmanager

import pytest
from sqlalchemy.exc import InterfaceError, OperationalError

from gatte.infra.schema import startup_check


@pytest.mark.parametrize("error", [OperationalError, InterfaceError])
def test_a_database_that_goes_away_while_it_is_asked_does_not_end_the_process(monkeypatch, error):
    asked = []

    @contextmanager
    def connected(url):
        yield url

    def schema_state(connection):
        asked.append(connection)
        raise error("SELECT", {}, Exception("server closed the connection unexpectedly"))

    monkeypatch.setattr(startup_check, "connected", connected)
    monkeypatch.setattr(startup_check, "schema_state", schema_state)

    startup_check.require_current_schema("postgresql://somewhere")

    assert asked == ["postgresql://somewhere"]
