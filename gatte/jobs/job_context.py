"""What every job runs in: an application context of its own, under a fresh request id."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

import structlog
from flask import Flask

from gatte.observability import tracing

log = structlog.get_logger(__name__)
Arguments = ParamSpec("Arguments")


class _JobApp:
    """The application that the jobs of this process run in."""

    app: Flask | None = None


def set_job_app(app: Flask) -> None:
    """Run the jobs of this process in this application."""
    _JobApp.app = app


def job(function: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """A job: runs in an application context of its own, with a fresh request id; an error is logged
    and raised.
    """

    @wraps(function)
    def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> None:
        if _JobApp.app is None:
            raise RuntimeError("no application: call set_job_app first")
        tracing.unbind_all()
        with _JobApp.app.app_context(), tracing.bound(request_id=tracing.new_request_id()):
            try:
                function(*arguments, **named)
            except Exception:  # raised again
                log.exception("job_failed", job=function.__name__)
                raise

    return run
