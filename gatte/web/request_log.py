"""Every request has an id, on its log lines and in its answer, and leaves one line in the log."""

import logging
import time

import structlog
from flask import Flask, Response, g, request

from gatte.observability import tracing

log = structlog.get_logger(__name__)
_told = logging.getLogger(__name__)
QUIET_PATHS = ("/static/",)  # asked all the time


def init_app(app: Flask) -> None:
    """Follow every request of this application."""
    before_request = app.before_request_funcs.setdefault(None, [])
    before_request.insert(0, _start)  # before those that may refuse: CSRF, rate limits
    app.after_request(_finish)
    app.teardown_request(lambda _: tracing.unbind_all())


def _start() -> None:
    g.started = time.perf_counter()
    tracing.bind(request_id=tracing.accept_request_id(request.headers.get("X-Request-ID")))


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = tracing.current_request_id() or ""
    quiet = response.status_code < 500 and (
        request.path.startswith(QUIET_PATHS) or "HX-Request" in request.headers
    )
    if quiet and not _told.isEnabledFor(logging.DEBUG):
        return response
    ended = time.perf_counter()
    duration_ms = round((ended - g.get("started", ended)) * 1000, 1)
    tell = log.debug if quiet else log.info
    tell(
        "request",
        method=request.method,
        endpoint=request.endpoint,
        status=response.status_code,
        duration_ms=duration_ms,
    )
    return response
