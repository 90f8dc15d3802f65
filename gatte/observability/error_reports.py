"""Reports of errors in Sentry's format: each log line of an error becomes one, masked as the log
is. Every boundary of ours logs what it catches, so nothing else needs to know.

Without SENTRY_DSN nothing is imported and nothing happens.
"""

import logging
import sys
from typing import TYPE_CHECKING, Any

from gatte.privacy.masking import mask_value
from gatte.settings import Settings

if TYPE_CHECKING:
    from sentry_sdk.types import Event, Hint

IDS = ("request_id", "correlation_id")
NEVER_REPORTED = ("sentry_sdk", "opentelemetry", "urllib3")
"""Whose errors may come of reporting itself."""
DROPPED = ("user", "request", "breadcrumbs", "server_name", "modules")
MASKED = ("exception", "logentry", "message", "extra", "tags", "contexts", "threads")
FLUSH_SECONDS = 2


def start(settings: Settings, process: str) -> None:
    """Report the errors of this process to the DSN of the settings, if there is one."""
    dsn = settings.sentry_dsn.get_secret_value()
    if not dsn:
        return
    import sentry_sdk

    sentry_sdk.init(
        dsn=dsn,
        environment=settings.gatte_env.value,
        before_send=mask_event,
        default_integrations=False,  # they report requests, variables and other libraries' lines
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
        send_default_pii=False,
        shutdown_timeout=FLUSH_SECONDS,
    )
    if not any(isinstance(handler, ReportHandler) for handler in logging.root.handlers):
        logging.root.addHandler(ReportHandler(process))


def stop() -> None:
    """Send what is left, for two seconds at most; before a process ends without its exit hooks."""
    if "sentry_sdk" in sys.modules:
        sys.modules["sentry_sdk"].flush(FLUSH_SECONDS)


class ReportHandler(logging.Handler):
    """Reports log lines of errors, ours and those of other libraries."""

    def __init__(self, process: str) -> None:
        super().__init__(logging.ERROR)
        self._process = process

    def emit(self, record: logging.LogRecord) -> None:
        import sentry_sdk

        if record.name.startswith(NEVER_REPORTED):
            return
        event: dict[str, Any] = record.msg if isinstance(record.msg, dict) else {}
        name = str(event.get("event") or record.getMessage())
        error = _exception_of(event.get("exc_info") or record.exc_info)
        with sentry_sdk.new_scope() as scope:
            scope.set_tag("process", self._process)
            scope.set_tag("event", name)
            scope.set_tag("logger", record.name)
            for key in IDS:
                scope.set_tag(key, str(event.get(key, "")))
            if error is None:
                scope.capture_message(name, level="error")
            else:
                scope.capture_exception(error)


def mask_event(event: "Event", _hint: "Hint") -> "Event":
    """A report without whose request it was, and with every value masked."""
    kept: dict[str, Any] = {key: value for key, value in event.items() if key not in DROPPED}
    for key in MASKED:
        if key in kept:
            kept[key] = mask_value(kept[key])
    return kept  # type: ignore[return-value]  # the same keys, fewer


def _exception_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple) and isinstance(exc_info[1], BaseException):
        return exc_info[1]
    return None
