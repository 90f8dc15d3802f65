"""Health for machines: alive, ready (each part told apart), and metrics for Prometheus."""

import time
from collections.abc import Callable
from enum import StrEnum
from typing import Any

import structlog
from flask import Blueprint, Response, current_app, jsonify, request
from psycopg2 import OperationalError
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from gatte import services
from gatte.extensions import db
from gatte.infra import schema
from gatte.infra.gevent_mode import time_limit
from gatte.infra.redis.fail_fast import RedisUnavailable
from gatte.infra.rq_queue import ProcessKind, count_alive
from gatte.intelligence.gemini import rejections
from gatte.observability import metrics
from gatte.web import installation_metrics
from gatte.web.problems import problem_response

log = structlog.get_logger(__name__)
bp = Blueprint("health", __name__)


class ReadyScope(StrEnum):
    """What readiness is asked for: to store what comes in (all that Meta needs of a web process),
    to work on what is stored, or both.
    """

    ALL = "all"
    STORE = "store"
    WORK = "work"


PATIENCE_SECONDS = 3.0
"""For one check of readiness: whoever asks wants to know soon."""
STARTED = "gatte_started"
"""Of the application, once it could have stored a message."""


@bp.after_request
def no_store(response: Response) -> Response:
    """What was true a moment ago is no answer."""
    response.headers["Cache-Control"] = "no-store"
    return response


@bp.get("/health/live")
def live() -> Response:
    """200 while this process serves requests at all."""
    return jsonify(status="alive")


@bp.get("/health/startup")
def startup() -> tuple[Response, int]:
    """200 from the moment at which this process could store a message for the first time, and ever
    after; 503 until then.
    """
    if STARTED in current_app.extensions:
        return jsonify(status="started", checks={}), 200
    needed = {name: _checked(check) for name, check in STORE_CHECKS.items()}
    if not all(check["ok"] for check in needed.values()):
        return jsonify(status="starting", checks=needed), 503
    current_app.extensions[STARTED] = True
    return jsonify(status="started", checks=needed), 200


@bp.get("/health/ready")
def ready() -> tuple[Response, int]:
    """200 when a message that comes in now would be stored and answered; else 503 and what is
    missing.

    `degraded` (200 too) when it would be answered in a poorer way. The scope `store` asks only
    whether it would be stored, and `work` whether what is stored would be answered. 400 for another
    scope.
    """
    scope = request.args.get("scope", ReadyScope.ALL)
    if scope not in set(ReadyScope):
        return problem_response(400, f"scope must be one of {', '.join(ReadyScope)}."), 400
    needed = {name: _checked(check) for name, check in _needed(ReadyScope(scope)).items()}
    helpful: dict[str, dict[str, Any]] = {}
    if scope != ReadyScope.STORE:
        helpful = {name: _checked(check) for name, check in HELPFUL_CHECKS.items()}
    checks = needed | helpful
    if not all(check["ok"] for check in needed.values()):
        return jsonify(status="not ready", checks=checks), 503
    whole = all(check["ok"] for check in helpful.values())
    return jsonify(status="ready" if whole else "degraded", checks=checks), 200


@bp.get("/metrics")
def prometheus_metrics() -> Response:
    """The metrics of all processes of this host together, and those of the installation."""
    body, content_type = metrics.render(installation_metrics.collect())
    return Response(body, content_type=content_type)


def _needed(scope: ReadyScope) -> "Checks":
    if scope is ReadyScope.STORE:
        return STORE_CHECKS
    return WORK_CHECKS if scope is ReadyScope.WORK else CHECKS


def _checked(check: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    started = time.perf_counter()
    try:
        with time_limit(PATIENCE_SECONDS):
            found = check()
    except (SQLAlchemyError, OperationalError, RedisUnavailable) as error:
        found = {"ok": False, "error": type(error).__name__}
    return {**found, "latency_ms": round((time.perf_counter() - started) * 1000, 1)}


def _database() -> dict[str, Any]:
    db.session.execute(text("SELECT 1"))
    db.session.rollback()
    return {"ok": True}


def _schema() -> dict[str, Any]:
    with db.engine.connect() as connection:
        state = schema.schema_state(connection)
    return {"ok": state.is_current, "current": state.current, "required": state.required}


def _redis() -> dict[str, Any]:
    return {"ok": bool(services.fail_fast_redis().execute(lambda redis: redis.ping()))}


def _worker() -> dict[str, Any]:
    return _alive(ProcessKind.WORKER)


def _scheduler() -> dict[str, Any]:
    return _alive(ProcessKind.SCHEDULER)


def _alive(kind: ProcessKind) -> dict[str, Any]:
    """Whether a process of a kind gave a sign of life; nobody waits for a Redis that hangs."""
    return {"ok": services.fail_fast_redis().execute(count_alive)[kind] > 0}


def _gemini() -> dict[str, Any]:
    """Not ok while Gemini refuses our key, model or request; the local models answer meanwhile."""
    settings = services.settings()
    models = sorted({settings.gemini_classifier_model, settings.gemini_responder_model})
    refused = rejections.list_published(services.fail_fast_redis(), models)
    # only workers need the key, so that what they say counts where the web process has none
    if services.gemini() is None and not refused:
        return {"ok": True, "used": False}
    return {"ok": not refused, "used": True, "refused": refused}


Checks = dict[str, Callable[[], dict[str, Any]]]
STORE_CHECKS: Checks = {"database": _database, "schema": _schema}
WORK_CHECKS: Checks = {"redis": _redis, "worker": _worker, "scheduler": _scheduler}
CHECKS: Checks = STORE_CHECKS | WORK_CHECKS
HELPFUL_CHECKS: Checks = {"gemini": _gemini}
