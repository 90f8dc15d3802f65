"""The database as a whole: its first connection is logged, and the hot path speaks to it in SQL
written by hand.

A turn asks the database some twenty times. Objects that the ORM loads and flushes one by one cost
more than all the rest of a turn, so what every turn does is written as SQL (`fetch_rows`), and
statements whose answers nobody waits for are sent together (`StatementBatch`). Each connection has
Postgres prepare a statement once, since to plan one costs more than to run it: so the texts must be
constants. Both run in the transaction of the session and raise SQLAlchemy's errors, so the ORM
serves all else beside them.
"""

import hashlib
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeVar, cast

import psycopg2
import structlog
from flask import Flask
from psycopg2.extras import Json, NamedTupleCursor, register_uuid
from sqlalchemy import ClauseElement, NullPool, Table, create_engine, event, func, inspect
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import URL, Connection, Engine, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from gatte.extensions import Base, db
from gatte.infra.database.deferred_begin import DRIVER, no_open_transaction
from gatte.settings import Settings

log = structlog.get_logger(__name__)
register_uuid()  # type: ignore[no-untyped-call]


PLACEHOLDER = re.compile(r"%\((?P<name>\w+)\)s|%s")


class SqlExpression(str):
    """A value that the database works out: `SqlExpression("clock_timestamp()")`."""

    __slots__ = ()


DB_NOW_SQL = SqlExpression("clock_timestamp()")
DB_NOW: Any = func.clock_timestamp()
"""The time of the database, for a column of an object; `DB_NOW_SQL` is for a statement."""
Row = Any
"""A named tuple with the columns of a statement."""
Parameters = Mapping[str, Any] | Sequence[Any]
Model = TypeVar("Model", bound=Base)


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
def _question(sql: str) -> PreparedStatement:
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
    question = _question(sql)
    return _execute_batch(db.session.connection(), [question], _in_order(question, values))


def fetch_rows_autocommit(sql: str, values: Parameters = ()) -> Sequence[Row]:
    """The rows of a statement that is a transaction by itself, on another connection than the
    session's: committed with its answer.
    """
    question = _question(sql)
    with db.engine.connect() as connection:
        return _execute_batch(connection, [question], _in_order(question, values), first="")


def commit_and_fetch(sql: str, values: Parameters = ()) -> Sequence[Row]:
    """Commit, and the rows of one statement that is asked after it, on the same way."""
    db.session.flush()
    question = _question(sql)
    connection = db.session.connection()
    rows = _execute_batch(
        connection,
        [question],
        _in_order(question, values),
        first="" if no_open_transaction(_dbapi_connection(connection)) else "COMMIT;",
    )
    db.session.commit()
    return rows


def _in_order(question: PreparedStatement, values: Parameters) -> Sequence[Any]:
    return (
        [values[key] for key in question.parameter_order] if isinstance(values, Mapping) else values
    )


@lru_cache(maxsize=32)
def _columns(model: type[Base]) -> list[tuple[str, Callable[[Any], Any] | None]]:
    """For each column of a table, in their order: what the model calls it, and what makes a value
    of what the driver gives.
    """
    dialect = db.engine.dialect
    mapper = cast("Any", inspect(model))
    columns = []
    for column in mapper.local_table.columns:
        key = mapper.get_property_by_column(column).key
        processor = column.type.dialect_impl(dialect).result_processor(dialect, None)
        columns.append((key, processor))
    return columns


def column_list(model: type[Base], prefix: str = "") -> str:
    """The columns of a table as a statement names them, for `hydrate`; with a prefix before each
    name when two tables share names.
    """
    table = cast("Table", model.__table__)
    return ", ".join(
        f'{table.name}.{column.name} AS "{prefix}{column.name}"' for column in table.columns
    )


def hydrate(model: type[Model], values: Sequence[Any]) -> Model | None:
    """A row of the session made of the values of `column_list`, as if the ORM had loaded it; None
    when the session has it already.
    """
    row: Any = model()
    for (key, made_of), value in zip(_columns(model), values, strict=True):
        set_committed_value(row, key, value if made_of is None else made_of(value))
    make_transient_to_detached(row)
    if inspect(row).key in db.session.identity_map:
        return None
    db.session.add(row)
    return cast("Model", row)


# together half a minute: a claim of a process that is gone lasts as long
RETRY_PAUSES_SECONDS = (0.2, 0.5, 1.0, *[2.0] * 14)
UNAVAILABLE_ERRORS = (OperationalError, InterfaceError, PoolTimeout)
Result = TypeVar("Result")


def retry_while_unavailable(work: Callable[[], Result]) -> Result:
    """Do what only this process can do, again and again for half a minute while the database is
    away; twice must be as good as once.
    """
    for pause in RETRY_PAUSES_SECONDS:
        try:
            return work()
        except UNAVAILABLE_ERRORS as error:
            log.warning("database_away", error=type(error).__name__, again_in=pause)
            db.session.rollback()
            time.sleep(pause)
    return work()


class StatementBatch:
    """Statements that are sent to the database together, in their order; the rows of the last are
    the answer.
    """

    def __init__(self) -> None:
        self._questions: list[PreparedStatement] = []
        self._values: list[Any] = []

    def add(self, sql: str, *values: object) -> None:
        """Take a statement along, with `%s` for values."""
        self._questions.append(_question(sql))
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
        questions = self._questions
        values = self._values
        self._questions = []
        self._values = []
        return _execute_batch(db.session.connection(), questions, values) if questions else []

    def commit(self) -> None:
        """Send what was taken along and commit it, on one way when the session has nothing else to
        write.
        """
        questions = self._questions
        values = self._values
        self._questions = []
        self._values = []
        more = db.session.new or db.session.dirty or db.session.deleted
        if questions:
            last = "" if more else ";COMMIT"
            _execute_batch(db.session.connection(), questions, values, last=last)
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
    questions: Sequence[PreparedStatement],
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
            for question in questions:
                if question.name not in prepared:
                    cursor.execute(question.prepare_sql)
                    prepared.add(question.name)
            if first is None:
                first = "BEGIN;" if no_open_transaction(driver) else ""
            statements = ";".join([question.execute_sql for question in questions])
            cursor.execute(f"{first}{statements}{last}", values)
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


SESSION_TIMEOUTS = (
    "-c statement_timeout=30000"
    " -c idle_in_transaction_session_timeout=60000"
    " -c lock_timeout=10000"
    " -c timezone=UTC"
)


@dataclass(frozen=True)
class TcpKeepalive:
    """How a connection whose other end vanished is noticed, on both sides: seconds until the first
    probe, between probes, and how many.
    """

    idle: int
    interval: int
    count: int

    @property
    def options(self) -> str:
        """For Postgres, so that a host which is cut off holds no lock, be it silent or with an
        answer on its way to it.
        """
        return (
            f"-c tcp_keepalives_idle={self.idle}"
            f" -c tcp_keepalives_interval={self.interval}"
            f" -c tcp_keepalives_count={self.count}"
            f" -c tcp_user_timeout={self._silence}"
        )

    @property
    def arguments(self) -> dict[str, int]:
        """For libpq, so that a process does not wait for ever."""
        return {
            "keepalives_idle": self.idle,
            "keepalives_interval": self.interval,
            "keepalives_count": self.count,
            "tcp_user_timeout": self._silence,
        }

    @property
    def _silence(self) -> int:
        """Milliseconds after which a connection is given up."""
        return 1000 * (self.idle + self.interval * self.count)


DEFAULT_KEEPALIVE = TcpKeepalive(10, 3, 3)
LEADER_KEEPALIVE = TcpKeepalive(1, 1, 2)  # another scheduler leads within five seconds


def engine_url(settings: Settings) -> URL:
    """The database's URL with the driver of this application."""
    return make_url(settings.database_url.get_secret_value()).set(drivername=DRIVER)


def engine_options(settings: Settings, process: str) -> dict[str, object]:
    """Pool and time limits: no statement and no idle transaction may hold the database for long.
    Connections say whose they are.

    Whoever holds a connection of the pool must not ask it for a second one: many who do so at once
    wait for each other.
    """
    return {
        "hide_parameters": True,  # an error must not show values
        "pool_size": settings.gatte_pool_size,
        # a connection for a moment costs Postgres a process; waiting for a free one costs nothing
        "max_overflow": 0,
        "pool_timeout": 15,
        # a job is tried again anyway, and asks for many connections
        "pool_pre_ping": process != "worker",
        "pool_recycle": 1800,
        "connect_args": _arguments(process),
    }


def unpooled_engine(settings: Settings, process: str) -> Engine:
    """An engine that connects anew each time, for what is seldom asked and may be asked by one who
    holds a connection of the pool.
    """
    return create_engine(
        engine_url(settings),
        poolclass=NullPool,
        hide_parameters=True,
        connect_args=_arguments(process),
    )


def _arguments(process: str) -> dict[str, object]:
    pulse = LEADER_KEEPALIVE if process == "scheduler" else DEFAULT_KEEPALIVE
    named = {
        "connect_timeout": 5,
        "application_name": f"gatte-{process}",
        "options": f"{SESSION_TIMEOUTS} {pulse.options}",
    }
    return {**named, **pulse.arguments}


def log_first_connection(app: Flask, settings: Settings) -> None:
    """Log the first connection of this process: server, host, database, TLS, pool size and latency;
    never a password.
    """
    with app.app_context():
        engine = db.engine
    started: dict[str, float] = {}

    @event.listens_for(engine, "do_connect")
    def _starting(*_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's arguments
        started.setdefault("at", time.perf_counter())

    @event.listens_for(engine, "first_connect")
    def _connected(connection: Any, _: Any) -> None:  # noqa: ANN401 - a psycopg2 connection
        latency_ms = (time.perf_counter() - started["at"]) * 1000
        log.info(
            "database_connected",
            **_facts(connection, engine),
            pool_size=settings.gatte_pool_size,
            latency_ms=round(latency_ms, 1),
        )


def _facts(connection: Any, engine: Engine) -> dict[str, object]:  # noqa: ANN401 - a psycopg2 connection
    version = connection.info.server_version
    return {
        "server_version": f"{version // 10000}.{version % 10000}",
        "host": connection.info.host or engine.url.host,
        "port": connection.info.port,
        "database": connection.info.dbname,
        "tls": bool(connection.info.ssl_in_use),
    }
