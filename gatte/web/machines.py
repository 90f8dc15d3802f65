"""The application of the doors that only machines use: webhook, health and metrics.

What guards people (sessions, login, CSRF tokens, rate limits by address) would cost a webhook more than all that it does, so these
doors have a Flask application of their own, in front of the whole one and over the same rooms.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from flask.ctx import AppContext

from gatte.observability import tracing
from gatte.web import security

Environ = dict[str, Any]
StartResponse = Callable[..., Any]

PATHS = ("/webhook/", "/health/", "/metrics")


class Machines(Flask):
    """Flask with nothing before its views but an id for the request. `current_app` is the whole application here too."""

    def __init__(self, whole: Flask) -> None:
        super().__init__("gatte.web.machines", static_folder=None)
        self._whole = whole
        self.config["MAX_CONTENT_LENGTH"] = whole.config["MAX_CONTENT_LENGTH"]
        security.catch_errors(self)

    def app_context(self) -> AppContext:
        return self._whole.app_context()

    def wsgi_app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, under its id."""
        request_id = tracing.accept_request_id(environ.get("HTTP_X_REQUEST_ID"))
        tracing.bind(request_id=request_id)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, [*headers, ("X-Request-ID", request_id)], *error)

        try:
            return super().wsgi_app(environ, start)
        finally:
            tracing.unbind_all()


def put_before(whole: Flask, machines: Machines) -> None:
    """Let requests for machines' paths go to their application."""
    people = whole.wsgi_app

    def by_path(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        application = machines.wsgi_app if environ.get("PATH_INFO", "").startswith(PATHS) else people
        return application(environ, start_response)

    whole.wsgi_app = by_path  # type: ignore[method-assign]
