"""SQL written by hand on the path that every message takes.

A turn asks the database some twenty times. Objects that the ORM loads and flushes one by one cost
more than all the rest of a turn, so what every turn does is written as SQL (`fetch_rows`), and
statements whose answers nobody waits for are sent together (`StatementBatch`). Each connection has
Postgres prepare a statement once, since to plan one costs more than to run it: so the texts must be
constants. Both run in the transaction of the session and raise SQLAlchemy's errors, so the ORM
serves all else beside them. Only the modules of `gatte.store` may use them.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import psycopg2
from psycopg2.extras import Json, NamedTupleCursor, register_uuid
from sqlalchemy import ClauseElement, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from gatte.extensions import Base, db
from gatte.infra.database.deferred_begin import no_open_transaction

register_uuid()  # type: ignore[no-untyped-call]


PLACEHOLDER = re.compile(r"%\((?P<name>\w+)\)s|%s")


class SqlExpression(str):
    """A value that the database works out: `SqlExpression("clock_timestamp()")`."""

    __slots__ = ()


DB_NOW_SQL = SqlExpression("clock_timestamp()")
"""The time of the database in a statement; `clock.DB_NOW` is for a column of an object."""
Row = Any
"""A named tuple with the columns of a statement."""
Parameters = Mapping[str, Any] | Sequence[Any]


@dataclass(frozen=True)
class PreparedStatement:
    """A statement as Postgres prepares it: its name, its text with `$1`, and which of the caller's
    values go where.
    """

    name: str
    prepare_sql: str
    parameter_order: tuple[str, ...]
    execute_sql: str


@lru_cache(maxsize=256)
def _prepared_statement(sql: str) -> PreparedStatement:
    order: list[str] = []

    def place(match: re.Match[str]) -> str:
        key = match["name"] or str(len(order))
        if key not in order:
            order.append(key)
        return f"${order.index(key) + 1}"

    prepared = PLACEHOLDER.sub(place, sql)
    digest = hashlib.blake2s(sql.encode(), digest_size=8).hexdigest()
    name = f"gatte_{digest}"
    placeholders = ", ".join(["%s"] * len(order))
    return PreparedStatement(
        name,
        f"PREPARE {name} AS {prepared}",
        tuple(order),
        f"EXECUTE {name} ({placeholders})" if order else f"EXECUTE {name}",
    )


def fetch_rows(sql: str, values: Parameters = ()) -> Sequence[Row]:
    """The rows of one statement, with `%(name)s` or `%s` for values; what the session holds back is
    not written first.
    """
    statement = _prepared_statement(sql)
    return _execute_batch(db.session.connection(), [statement], _in_order(statement, values))


def fetch_rows_autocommit(sql: str, values: Parameters = ()) -> Sequence[Row]:
    """The rows of a statement that is a transaction by itself, on another connection than the
    session's: committed with its answer.
    """
    statement = _prepared_statement(sql)
    with db.engine.connect() as connection:
        return _execute_batch(connection, [statement], _in_order(statement, values), first="")


def fetch_rows_in(session: Session, *statements: tuple[str, Parameters]) -> Sequence[Row]:
    """The rows of the last of these statements, which only read, on this session's connection: in
    its transaction when one is open, else without leaving one behind.
    """
    prepared = [(_prepared_statement(sql), values) for sql, values in statements]
    return _execute_batch(
        session.connection(),
        [statement for statement, _ in prepared],
        [value for statement, values in prepared for value in _in_order(statement, values)],
        first="",
    )


def commit_and_fetch(sql: str, values: Parameters = ()) -> Sequence[Row]:
    """Commit, and the rows of one statement that is asked after it, on the same way."""
    db.session.flush()
    statement = _prepared_statement(sql)
    connection = db.session.connection()
    rows = _execute_batch(
        connection,
        [statement],
        _in_order(statement, values),
        first="" if no_open_transaction(_dbapi_connection(connection)) else "COMMIT;",
    )
    db.session.commit()
    return rows


def _in_order(statement: PreparedStatement, values: Parameters) -> Sequence[Any]:
    return (
        [values[key] for key in statement.parameter_order]
        if isinstance(values, Mapping)
        else values
    )


class StatementBatch:
    """Statements that are sent to the database together, in their order; the rows of the last are
    the answer.
    """

    def __init__(self) -> None:
        self._statements: list[PreparedStatement] = []
        self._values: list[Any] = []

    def add(self, sql: str, *values: object) -> None:
        """Take a statement along, with `%s` for values."""
        self._statements.append(_prepared_statement(sql))
        self._values += values

    def insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Take new rows of a table along. A dict goes as JSON."""
        for row in rows:
            names = ", ".join(row)
            places: list[str] = []
            values: list[object] = []
            for value in row.values():
                if isinstance(value, SqlExpression):
                    places.append(str(value))
                    continue
                places.append("%s")
                values.append(Json(value) if isinstance(value, dict) else value)
            self.add(f"INSERT INTO {table} ({names}) VALUES ({', '.join(places)})", *values)  # noqa: S608 - names from our code only

    def update(self, row: Base) -> None:
        """Take along what was changed in a row that the session holds; the session then has nothing
        of it left to write.
        """
        state: Any = inspect(row)
        names = state.mapper.columns
        known = [
            (key, state.dict[key], before)
            for key, before in state.committed_state.items()
            if key in names
        ]
        changed = {
            key: value
            for key, value, before in known
            if isinstance(value, ClauseElement) or value != before
        }
        if not changed:
            return
        worked_out = {
            key: _text_of(value)
            for key, value in changed.items()
            if isinstance(value, ClauseElement)
        }
        plain = {key: value for key, value in changed.items() if key not in worked_out}
        places = [f"{names[key].name} = {worked_out.get(key, '%s')}" for key in changed]
        self.add(
            f"UPDATE {row.__tablename__} SET {', '.join(places)} WHERE id = %s",  # noqa: S608 - names of our own tables and columns
            *plain.values(),
            state.identity[0],
        )
        for key, value in plain.items():
            set_committed_value(row, key, value)
        if worked_out:
            db.session.expire(row, worked_out)

    def execute(self) -> Sequence[Row]:
        """Send what was taken along; the rows of the last statement, none when it has none."""
        statements = self._statements
        values = self._values
        self._statements = []
        self._values = []
        return _execute_batch(db.session.connection(), statements, values) if statements else []

    def commit(self) -> None:
        """Send what was taken along and commit it, on one way when the session has nothing else to
        write.
        """
        statements = self._statements
        values = self._values
        self._statements = []
        self._values = []
        more = db.session.new or db.session.dirty or db.session.deleted
        if statements:
            last = "" if more else ";COMMIT"
            _execute_batch(db.session.connection(), statements, values, last=last)
        db.session.commit()


@lru_cache(maxsize=256)
def _text_of(expression: ClauseElement) -> str:
    """The SQL of an expression; kept by object, so whoever uses one often keeps the object."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return str(expression.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def _dbapi_connection(connection: Connection) -> Any:  # noqa: ANN401 - psycopg2's connection
    return connection.connection.dbapi_connection


def _execute_batch(
    connection: Connection,
    statements: Sequence[PreparedStatement],
    values: Sequence[Any],
    *,
    first: str | None = None,
    last: str = "",
) -> Sequence[Row]:
    """Execute prepared statements in one round trip, with `last` behind them and before them BEGIN
    when no transaction is open.

    Another `first` takes the place of BEGIN. Each statement is prepared when this connection meets
    it first.
    """
    prepared = connection.info.setdefault("prepared", set())
    driver = _dbapi_connection(connection)
    try:
        with driver.cursor(cursor_factory=NamedTupleCursor) as cursor:
            for statement in statements:
                if statement.name not in prepared:
                    cursor.execute(statement.prepare_sql)
                    prepared.add(statement.name)
            if first is None:
                first = "BEGIN;" if no_open_transaction(driver) else ""
            texts = ";".join([statement.execute_sql for statement in statements])
            cursor.execute(f"{first}{texts}{last}", values)
            return cursor.fetchall() if cursor.description else []
    except psycopg2.Error as error:
        raise _as_sqlalchemy_error(connection, error, driver) from error


def _as_sqlalchemy_error(connection: Connection, error: psycopg2.Error, driver: Any) -> DBAPIError:  # noqa: ANN401 - psycopg2's connection
    """SQLAlchemy's error for one of the driver."""
    if connection.dialect.is_disconnect(cast("Any", error), driver, None):
        # SQLAlchemy meets it too, raises, and drops what its pool holds
        connection.exec_driver_sql("SELECT 1")
    known = DBAPIError.instance(
        "a prepared statement",
        None,
        error,
        psycopg2.Error,
        hide_parameters=True,
        dialect=connection.dialect,
    )
    return cast("DBAPIError", known)
