"""SQLAlchemy's psycopg2 with one difference: BEGIN travels with the first statement of a
transaction.

psycopg2 sends it on a way of its own and waits for the answer. Here the driver is told to leave
transactions alone, and whether one is open is asked of libpq, which knows without asking the
server.
"""

from collections.abc import Callable
from typing import Any

from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+travelling"
registry.register("postgresql.travelling", __name__, "DeferredBeginDialect")


def no_open_transaction(connection: Any) -> bool:  # noqa: ANN401 - psycopg2's connection
    """Whether no transaction is open on a connection."""
    return bool(connection.get_transaction_status() == TRANSACTION_STATUS_IDLE)


class DeferredBeginDialect(PGDialect_psycopg2):
    """For engines whose transactions are all alike: no other isolation level, no cursors on the
    server's side.
    """

    supports_statement_cache = True
    supports_server_side_cursors = False

    def on_connect(self) -> Callable[[Any], None]:
        """Leave transactions to us from the start."""
        usual = super().on_connect()  # type: ignore[no-untyped-call]

        def connected(connection: Any) -> None:  # noqa: ANN401 - psycopg2's connection
            connection.autocommit = True
            if usual is not None:
                usual(connection)

        return connected

    def set_isolation_level(self, dbapi_connection: Any, level: str) -> None:  # noqa: ANN401, ARG002 - SQLAlchemy's arguments
        """Refused: an engine of this kind has one level."""
        raise ArgumentError(f"transactions of this engine are not {level}")

    def do_execute(self, cursor: Any, statement: str, parameters: Any, context: Any = None) -> None:  # noqa: ANN401, ARG002
        """Execute a statement, after BEGIN when no transaction is open."""
        cursor.execute(
            f"BEGIN;{statement}" if no_open_transaction(cursor.connection) else statement,
            parameters,
        )

    def do_execute_no_params(self, cursor: Any, statement: str, context: Any = None) -> None:  # noqa: ANN401
        """The same for a statement that is taken as it is."""
        self.do_execute(cursor, statement, None, context)

    def do_executemany(
        self,
        cursor: Any,  # noqa: ANN401 - as SQLAlchemy has it
        statement: str,
        parameters: Any,  # noqa: ANN401 - as SQLAlchemy has it
        context: Any = None,  # noqa: ANN401 - as SQLAlchemy has it
    ) -> None:
        """The driver executes these one by one, so BEGIN goes alone here."""
        if no_open_transaction(cursor.connection):
            cursor.execute("BEGIN")
        super().do_executemany(cursor, statement, parameters, context)  # type: ignore[no-untyped-call]

    def do_commit(self, dbapi_connection: Any) -> None:  # noqa: ANN401
        """COMMIT what is open."""
        _end(dbapi_connection, "COMMIT")

    def do_rollback(self, dbapi_connection: Any) -> None:  # noqa: ANN401
        """ROLLBACK what is open."""
        _end(dbapi_connection, "ROLLBACK")


def _end(connection: Any, how: str) -> None:  # noqa: ANN401
    if not no_open_transaction(connection):
        with connection.cursor() as cursor:
            cursor.execute(how)
