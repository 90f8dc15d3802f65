"""The database as a whole: its first connection is logged, and the hot path speaks to it in SQL written by hand.

A turn asks the database some twenty times. Objects that the ORM loads and flushes one by one cost more than all the rest of a turn, so
what every turn does is written as SQL (`ask`), and statements whose answers nobody waits for travel together (`Trip`). Both run in the
transaction of the session and raise SQLAlchemy's errors, so the ORM serves all else beside them.
"""

import hashlib
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import structlog
from flask import Flask
from psycopg2.extras import Json, register_uuid
from sqlalchemy import Row, event
from sqlalchemy.engine import Engine

from gatte.extensions import db
from gatte.settings import Settings

log = structlog.get_logger(__name__)
register_uuid()  # type: ignore[no-untyped-call]


PLACE = re.compile(r"%\((?P<name>\w+)\)s|%s")


class Sql(str):
    """A value that the database works out: `Sql("clock_timestamp()")`."""

    __slots__ = ()


NOW = Sql("clock_timestamp()")


@dataclass(frozen=True)
class Question:
    """A statement as Postgres prepares it: its name, its text with `$1`, and which of the caller's values go where."""

    name: str
    text: str
    order: tuple[str, ...]
    call: str


@lru_cache(maxsize=256)
def _question(sql: str) -> Question:
    order: list[str] = []

    def place(match: re.Match[str]) -> str:
        key = match["name"] or str(len(order))
        if key not in order:
            order.append(key)
        return f"${order.index(key) + 1}"

    prepared = PLACE.sub(place, sql)
    name = f"gatte_{hashlib.blake2s(sql.encode(), digest_size=8).hexdigest()}"
    return Question(name, f"PREPARE {name} AS {prepared}", tuple(order), f"EXECUTE {name} ({', '.join(['%s'] * len(order))})")


def ask(sql: str, values: Mapping[str, Any] | Sequence[Any] = ()) -> Sequence[Row[Any]]:
    """The rows of one statement, with `%(name)s` or `%s` for values; what the session holds back is not written first.

    Each connection has Postgres prepare a statement once: to plan one costs more than to run it. So the text must be a constant.
    """
    connection, question = db.session.connection(), _question(sql)
    prepared = connection.info.setdefault("prepared", set())
    if question.name not in prepared:
        connection.exec_driver_sql(question.text)
        prepared.add(question.name)
    given = [values[key] for key in question.order] if isinstance(values, Mapping) else values
    return connection.exec_driver_sql(question.call if question.order else f"EXECUTE {question.name}", tuple(given)).all()


class Trip:
    """Statements that are sent to the database together, in their order; the rows of the last are the answer."""

    def __init__(self) -> None:
        self._statements: list[str] = []
        self._values: list[Any] = []

    def add(self, sql: str, *values: object) -> None:
        """Take a statement along, with `%s` for values."""
        self._statements.append(sql)
        self._values += values

    def insert(self, table: str, *rows: Mapping[str, Any]) -> None:
        """Take new rows of a table along; all have the same columns. A dict goes as JSON."""
        if not rows:
            return
        places = ", ".join(f"({', '.join(_place(value) for value in row.values())})" for row in rows)
        self._statements.append(f"INSERT INTO {table} ({', '.join(rows[0])}) VALUES {places}")  # noqa: S608 - names from our code only
        self._values += [
            Json(value) if isinstance(value, dict) else value for row in rows for value in row.values() if not isinstance(value, Sql)
        ]

    def send(self) -> Sequence[Row[Any]]:
        """Send what was taken along; the rows of the last statement, none when it has none."""
        if not self._statements:
            return []
        result = db.session.connection().exec_driver_sql(";".join(self._statements), tuple(self._values))
        self._statements, self._values = [], []
        return result.all() if result.returns_rows else []


def _place(value: object) -> str:
    return str(value) if isinstance(value, Sql) else "%s"


LIMITS = "-c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000 -c lock_timeout=10000 -c timezone=UTC"


@dataclass(frozen=True)
class Pulse:
    """How a connection whose other end vanished is noticed, on both sides: seconds until the first probe, between probes, and how many."""

    idle: int
    interval: int
    count: int

    @property
    def options(self) -> str:
        """For Postgres, so that a host which is cut off holds no lock."""
        return f"-c tcp_keepalives_idle={self.idle} -c tcp_keepalives_interval={self.interval} -c tcp_keepalives_count={self.count}"

    @property
    def arguments(self) -> dict[str, int]:
        """For libpq, so that a process does not wait for ever."""
        silence = 1000 * (self.idle + self.interval * self.count)
        return {
            "keepalives_idle": self.idle,
            "keepalives_interval": self.interval,
            "keepalives_count": self.count,
            "tcp_user_timeout": silence,
        }


USUAL_PULSE = Pulse(10, 3, 3)
LEADERS_PULSE = Pulse(1, 1, 2)  # another scheduler leads within five seconds


def engine_options(settings: Settings, process: str) -> dict[str, object]:
    """Pool and time limits: no statement and no idle transaction may hold the database for long. Connections say whose they are."""
    pulse = LEADERS_PULSE if process == "scheduler" else USUAL_PULSE
    named = {"connect_timeout": 5, "application_name": f"gatte-{process}", "options": f"{LIMITS} {pulse.options}"}
    return {
        "hide_parameters": True,  # an error must not show values
        "pool_size": settings.gatte_pool_size,
        "max_overflow": 0,  # a connection for a moment costs Postgres a process; waiting for a free one costs nothing
        "pool_timeout": 15,
        "pool_pre_ping": process != "worker",  # a job is tried again anyway, and asks for many connections
        "pool_recycle": 1800,
        "connect_args": {**named, **pulse.arguments},
    }


def watch(app: Flask, settings: Settings) -> None:
    """Log the first connection of this process: server, host, database, TLS, pool size and latency; never a password."""
    with app.app_context():
        engine = db.engine
    started: dict[str, float] = {}

    @event.listens_for(engine, "do_connect")
    def _starting(*_: Any) -> None:  # noqa: ANN401 - SQLAlchemy's arguments
        started.setdefault("at", time.perf_counter())

    @event.listens_for(engine, "first_connect")
    def _connected(connection: Any, _: Any) -> None:  # noqa: ANN401 - a psycopg2 connection
        latency_ms = (time.perf_counter() - started["at"]) * 1000
        log.info("database_connected", **_facts(connection, engine), pool_size=settings.gatte_pool_size, latency_ms=round(latency_ms, 1))


def _facts(connection: Any, engine: Engine) -> dict[str, object]:  # noqa: ANN401 - a psycopg2 connection
    version = connection.info.server_version
    return {
        "server_version": f"{version // 10000}.{version % 10000}",
        "host": connection.info.host or engine.url.host,
        "port": connection.info.port,
        "database": connection.info.dbname,
        "tls": bool(connection.info.ssl_in_use),
    }
