"""The database as a whole: its first connection is logged, and it must hold the schema that this code needs."""

import time
from typing import Any

import structlog
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine

from gatte.extensions import db
from gatte.settings import Settings

log = structlog.get_logger(__name__)


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
