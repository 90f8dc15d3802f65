"""The application of the doors that only machines use: webhook, health and metrics.

What guards people (sessions, login, CSRF tokens, rate limits by address) would cost a webhook more
than all that it does, so these doors have a Flask application of their own, in front of the whole
one and over the same rooms. A door through which thousands come a second may have a short way too,
which passes Flask's contexts, signals and routing: half of what a stored webhook costs.
"""

from collections.abc import Callable, Iterable
from typing import Any

from flask import Flask
from flask.ctx import AppContext

from gatte.observability import tracing
from gatte.web import response_headers

Environ = dict[str, Any]
StartResponse = Callable[..., Any]
WsgiResponse = Callable[[Environ, StartResponse], Iterable[bytes]]
"""A WSGI application that answers one request; Flask's responses are such, and its views may return any other."""
FastPath = Callable[[bytes, str | None], WsgiResponse]
"""Gives the answer to a body and its X-Hub-Signature-256."""

PATHS = ("/webhook/", "/health/", "/metrics")


class Machines(Flask):
    """Flask with nothing before its views but an id for the request. `current_app` is the whole
    application here too.
    """

    def __init__(self, whole: Flask) -> None:
        super().__init__("gatte.web.webhook_middleware", static_folder=None)
        self._whole = whole
        self._largest = whole.config["MAX_CONTENT_LENGTH"]
        self.config["MAX_CONTENT_LENGTH"] = self._largest
        self.short_ways: dict[str, FastPath] = {}  # by path, for POST
        response_headers.register_error_handlers(self)

    def app_context(self) -> AppContext:
        return self._whole.app_context()

    def wsgi_app(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        """Answer one request, under its id."""
        request_id = tracing.accept_request_id(environ.get("HTTP_X_REQUEST_ID"))
        tracing.bind(request_id=request_id)

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:  # noqa: ANN401 - as WSGI has it
            return start_response(status, [*headers, ("X-Request-ID", request_id)], *error)

        try:
            short = (
                self.short_ways.get(environ["PATH_INFO"])
                if environ["REQUEST_METHOD"] == "POST"
                else None
            )
            if short is None or not self._is_ordinary(environ.get("CONTENT_LENGTH", "")):
                return super().wsgi_app(environ, start)
            return self._by(short, environ)(environ, start)
        finally:
            tracing.unbind_all()

    def _is_ordinary(self, size: str) -> bool:
        """What says no size, or too large a one, is Flask's affair."""
        return size.isdecimal() and len(size) < 12 and int(size) <= self._largest

    def _by(self, short: FastPath, environ: Environ) -> WsgiResponse:
        raw = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        try:
            return short(raw, environ.get("HTTP_X_HUB_SIGNATURE_256"))
        except Exception as error:  # noqa: BLE001 - as Flask would: logged, and answered by the boundary of all errors
            with self.request_context(environ):
                return self.finalize_request(
                    self.handle_user_exception(error), from_error_handler=True
                )


def install_middleware(whole: Flask, machines: Machines) -> None:
    """Let requests for machines' paths go to their application."""
    people = whole.wsgi_app
    whole.extensions["gatte_machines"] = machines

    def by_path(environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        application = (
            machines.wsgi_app if environ.get("PATH_INFO", "").startswith(PATHS) else people
        )
        return application(environ, start_response)

    whole.wsgi_app = by_path  # type: ignore[method-assign]
