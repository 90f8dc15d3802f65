"""The engines of a process: how they connect, how long anything may take, and what is tried again
while the database is away.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import structlog
from flask import Flask
from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.engine import URL, Engine, make_url
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gatte.extensions import db
from gatte.infra.database.deferred_begin import DRIVER
from gatte.settings import Settings

log = structlog.get_logger(__name__)

Result = TypeVar("Result")

# together half a minute: a claim of a process that is gone lasts as long
RETRY_PAUSES_SECONDS = (0.2, 0.5, 1.0, *[2.0] * 14)
UNAVAILABLE_ERRORS = (OperationalError, InterfaceError, PoolTimeout)
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
        "pool_size": settings.gatte_db_pool_size,
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
            pool_size=settings.gatte_db_pool_size,
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


def retry_while_unavailable(work: Callable[[], Result]) -> Result:
    """Do what only this process can do, again and again for half a minute while the database is
    away; twice must be as good as once.
    """
    for pause in RETRY_PAUSES_SECONDS:
        try:
            return work()
        except UNAVAILABLE_ERRORS as error:
            log.warning("database_unavailable", error=type(error).__name__, again_in=pause)
            db.session.rollback()
            time.sleep(pause)
    return work()
