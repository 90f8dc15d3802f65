"""From a log record to its line: exceptions as fields, stable keys first, everything masked, then
JSON or readable text.
"""

import json
import logging
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.typing import EventDict, WrappedLogger

from gatte.privacy.masking import mask, mask_value

Masker = Callable[[object], object]
_KEY_ORDER = (
    "timestamp",
    "level",
    "event",
    "logger",
    "process",
    "pid",
    "request_id",
    "correlation_id",
)
_STACK_LINES = 120
_encoded = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode


class MaskingFailed(Exception):
    """The masked event is not an event any more; the line must not be written."""


class Formatter(structlog.stdlib.ProcessorFormatter):
    """Formats our lines and those of other libraries alike. A line that cannot be formatted or
    masked becomes a safe note.
    """

    def __init__(
        self, process: str, *, as_json: bool, colours: bool = False, masker: Masker = mask_value
    ) -> None:
        super().__init__(
            processors=[
                _process_fields(process),
                _exception_fields,
                _masked(masker),
                _in_order,
                _as_json if as_json else _as_text(colours),
            ],
            foreign_pre_chain=[*CONTEXT, structlog.stdlib.ExtraAdder()],
        )
        self._process = process

    def format(self, record: logging.LogRecord) -> str:
        try:
            line = super().format(record)
            if line.isascii():
                return line
            return line.encode("utf-8", "backslashreplace").decode("utf-8")
        except Exception as error:  # noqa: BLE001 - a log line never ends what it reports on
            return self._fallback_line(record, error)

    def _fallback_line(self, record: logging.LogRecord, error: Exception) -> str:
        note = {
            "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
            "level": "error",
            "event": "log_line_dropped",
            "logger": mask(record.name),
            "process": self._process,
            "pid": os.getpid(),
            "reason": type(error).__name__,
        }
        return json.dumps(note)


def _time(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    event["timestamp"] = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    return event


# What every event gets where it happens: the ids of its context, its level, the module that speaks,
# the time.
CONTEXT: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    _time,
]


def _process_fields(process: str) -> structlog.typing.Processor:
    def add(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        del event["_record"], event["_from_structlog"]
        event["process"] = process
        event["pid"] = os.getpid()
        return event

    return add


def _exception_fields(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """`exception` = type, message and stack (a list of lines, causes included); `stack` for a line
    that asked for where it is.
    """
    exception = _exception_of(event.pop("exc_info", None))
    if exception is not None:
        kind = type(exception)
        full_name = f"{kind.__module__}.{kind.__qualname__}"
        event["exception"] = {
            "type": full_name.removeprefix("builtins."),
            "message": _message_of(exception),
            "stack": _lines(traceback.format_exception(exception)),
        }
    stack = event.pop("stack_info", None) or event.get("stack")
    if isinstance(stack, str):
        event["stack"] = _lines([stack])
    return event


def _exception_of(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _message_of(exception: BaseException) -> str:
    try:
        return str(exception)
    except Exception:  # noqa: BLE001 - foreign exceptions may not be printable
        return "(no message)"


def _lines(parts: list[str]) -> list[str]:
    lines = "".join(parts).rstrip().splitlines()
    if len(lines) > _STACK_LINES:
        half = _STACK_LINES // 2
        lines = [*lines[:half], f"... {len(lines) - 2 * half} lines left out ...", *lines[-half:]]
    return lines


def _masked(masker: Masker) -> structlog.typing.Processor:
    def mask_event(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        masked = masker(event)
        if not isinstance(masked, dict):
            raise MaskingFailed
        return masked

    return mask_event


def _in_order(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    ordered: dict[str, Any] = {key: event.pop(key) for key in _KEY_ORDER if key in event}
    return {**ordered, **event}


def _as_json(_logger: WrappedLogger, _method: str, event: EventDict) -> str:
    return _encoded(event)


def _as_text(colours: bool) -> structlog.typing.Processor:
    console = structlog.dev.ConsoleRenderer(colors=colours, sort_keys=False, pad_event_to=36)

    def render(logger: WrappedLogger, method: str, event: EventDict) -> str:
        exception = event.pop("exception", None)
        stack = event.pop("stack", None)
        exception_stack = exception["stack"] if isinstance(exception, dict) else ()
        lines = [*(stack or ()), *exception_stack]
        return "\n".join([str(console(logger, method, event)), *lines])

    return render
