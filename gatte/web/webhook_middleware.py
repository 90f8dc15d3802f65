"""POST /webhook/whatsapp before Flask, whose contexts and routing cost as much as storing a body.

Everything else, and what says no size or too large a one, goes to Flask, whose view of the same
path gives the same responses.
"""

from collections.abc import Callable, Iterable
from typing import Any

import structlog
from flask import Flask

from gatte.observability import spans, tracing
from gatte.web.problems import problem_response

log = structlog.get_logger(__name__)

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiResponse = Callable[[Environ, StartResponse], Iterable[bytes]]
"""A WSGI application that answers one request; Flask's responses are such."""
FastPath = Callable[[bytes, str | None], WsgiResponse]
"""Gives the response to a body and its X-Hub-Signature-256."""


def install_middleware(app: Flask, path: str, fast_path: FastPath) -> None:
    """Answer POST requests to `path` by `fast_path`."""
    flask_app = app.wsgi_app
    max_bytes: int = app.config["MAX_CONTENT_LENGTH"]

    def middleware(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        is_webhook = environ.get("PATH_INFO") == path and environ["REQUEST_METHOD"] == "POST"
        if not is_webhook or not _has_usual_size(environ.get("CONTENT_LENGTH", ""), max_bytes):
            return flask_app(environ, start_response)
        request_id = tracing.accept_request_id(environ.get("HTTP_X_REQUEST_ID"))
        tracing.bind(request_id=request_id)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, [*headers, ("X-Request-ID", request_id)], *error)

        try:
            with spans.first_span("webhook", request_id):
                return _respond(fast_path, environ)(environ, start)
        finally:
            tracing.unbind_all()

    app.wsgi_app = middleware  # type: ignore[method-assign]


def _has_usual_size(content_length: str, max_bytes: int) -> bool:
    return (
        content_length.isdecimal() and len(content_length) < 12 and int(content_length) <= max_bytes
    )


def _respond(fast_path: FastPath, environ: Environ) -> WsgiResponse:
    raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    try:
        return fast_path(raw, environ.get("HTTP_X_HUB_SIGNATURE_256"))
    except Exception as error:  # Meta gets a 500 from here, as Flask would give it
        log.exception("request_failed", endpoint="webhook.receive", exc_info=error)
        return problem_response(500, "Our fault, and logged; deliver the body again.")
