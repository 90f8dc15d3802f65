"""Every request has an id, on all its log lines and in its answer, and leaves one line in the log."""

import time

import structlog
from flask import Flask, Response, g, request

from gatte.observability import tracing

log = structlog.get_logger(__name__)
QUIET_PATHS = ("/health/", "/metrics", "/static/", "/webhook/")  # asked all the time; what they do is logged where it is done


def init_app(app: Flask) -> None:
    """Follow every request of this application."""
    app.before_request_funcs.setdefault(None, []).insert(0, _start)  # before those that may refuse: CSRF, rate limits
    app.after_request(_finish)
    app.teardown_request(lambda _: tracing.unbind_all())


def _start() -> None:
    g.started = time.perf_counter()
    tracing.bind(request_id=tracing.accept_request_id(request.headers.get("X-Request-ID")))


def _finish(response: Response) -> Response:
    response.headers["X-Request-ID"] = tracing.current_request_id() or ""
    duration_ms = round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1)
    quiet = response.status_code < 500 and (request.path.startswith(QUIET_PATHS) or "HX-Request" in request.headers)
    tell = log.debug if quiet else log.info
    tell("request", method=request.method, endpoint=request.endpoint, status=response.status_code, duration_ms=duration_ms)
    return response
