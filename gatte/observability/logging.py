"""Log lines of every process: one object a line on standard output, ours and those of other
libraries, masked.

Our modules use `structlog.get_logger(__name__)`, with a constant event name and fields.
"""

import io
import logging
import os
import sys
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

import structlog
from structlog.typing import EventDict, WrappedLogger

from gatte.observability.log_event import CONTEXT, Formatter

# Their informative lines repeat ours, or show statements with their values.
_WARNING_ONLY = (
    "httpx",
    "httpx2",
    "httpcore",
    "httpcore2",
    "urllib3",
    "google",
    "google_genai",
    "sqlalchemy.engine",
    "sqlalchemy.pool",
    "asyncio",
    "alembic.runtime.plugins",
    "rq.worker",
)
_THIRD_PARTY = (
    "gunicorn.error",
    "gunicorn.access",
    "werkzeug",
    "rq.worker",
    "alembic",
    "flask_migrate",
    "py.warnings",
)


class StdoutHandler(logging.StreamHandler[TextIO]):
    """Writes to what `sys.stdout` is at that moment. A line that cannot be written is lost in
    silence: there is nowhere to tell.
    """

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # type: ignore[override]
        return sys.stdout

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the name of the standard library
        pass


def configure_logging(json: bool, level: str, process: str) -> None:
    """Send every line of this process, whoever writes it, to standard output: JSON, or readable
    text. Safe to call again.
    """
    handler = StdoutHandler()
    handler.setFormatter(Formatter(process, as_json=json, colours=_colours()))
    _install_handler(handler, logging.getLevelNamesMapping().get(level.upper(), logging.INFO))
    structlog.configure(
        processors=_PROCESSORS,
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    logging.captureWarnings(capture=True)
    logging.raiseExceptions = False
    _install_hooks()


def _install_handler(handler: logging.Handler, level: int) -> None:
    """Our handler stays alone on the console; handlers that write to files or to a test's memory
    are left.
    """
    for name in (*logging.root.manager.loggerDict, *_THIRD_PARTY):
        route_through_root(logging.getLogger(name))
    others = [other for other in logging.root.handlers if not _is_console(other)]
    logging.root.handlers = [*others, handler]
    logging.root.setLevel(level)
    for name in _WARNING_ONLY:
        logging.getLogger(name).setLevel(max(level, logging.WARNING))


def route_through_root(logger: logging.Logger) -> None:
    """Let a logger of another library write through our handler alone."""
    console = [handler for handler in logger.handlers if _is_console(handler)]
    for handler in console:
        logger.removeHandler(handler)
    if console or logger.name in _THIRD_PARTY:
        logger.propagate = True


def _is_console(handler: logging.Handler) -> bool:
    if not isinstance(handler, logging.StreamHandler) or isinstance(handler, logging.FileHandler):
        return False
    return not isinstance(handler.stream, io.StringIO)


def _colours() -> bool:
    return not os.environ.get("NO_COLOR") and (
        bool(os.environ.get("FORCE_COLOR")) or sys.stdout.isatty()
    )


def _fill_in(_logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
    """`log.info("took %s", 3)` in the manner of the standard library; arguments that do not fit are
    shown beside the event.
    """
    arguments = event.pop("positional_args", ())
    if arguments:
        try:
            event["event"] = event["event"] % arguments
        except (TypeError, ValueError, KeyError):
            event["arguments"] = list(arguments)
    return event


# One list for good: loggers that were used before a second `configure_logging` keep it.
_PROCESSORS: list[structlog.typing.Processor] = [
    structlog.stdlib.filter_by_level,
    *CONTEXT,
    structlog.processors.StackInfoRenderer(),
    _fill_in,
    structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
]


def _install_hooks() -> None:
    """An exception that nobody caught is a log line too. A hook that a tool (a test runner) had set
    before still runs after ours.
    """
    if not isinstance(sys.excepthook, _ExceptionHook):
        sys.excepthook = _ExceptionHook(_uncaught, sys.excepthook, sys.__excepthook__)
    if not isinstance(threading.excepthook, _ExceptionHook):
        threading.excepthook = _ExceptionHook(
            _uncaught_in_thread, threading.excepthook, threading.__excepthook__
        )
    if not isinstance(sys.unraisablehook, _ExceptionHook):
        sys.unraisablehook = _ExceptionHook(_unraisable, sys.unraisablehook, sys.__unraisablehook__)


class _ExceptionHook:
    """Logs, and then calls the hook that it replaced unless that was Python's own, which would
    print what is not masked.
    """

    def __init__(
        self,
        log: Callable[..., None],
        before: Callable[..., object],
        default: Callable[..., object],
    ) -> None:
        self._log = log
        self._before = None if before is default else before
        self._is_finalizing = sys.is_finalizing

    def __call__(self, *args: Any) -> None:  # noqa: ANN401 - what Python passes to its hooks
        if self._is_finalizing():
            return  # the modules that would log are gone
        self._log(*args)
        if self._before is not None:
            self._before(*args)


def _uncaught(kind: type[BaseException], error: BaseException, stack: TracebackType | None) -> None:
    if not issubclass(kind, KeyboardInterrupt):
        _log.critical("uncaught_exception", exc_info=(kind, error, stack))


def _uncaught_in_thread(args: threading.ExceptHookArgs) -> None:
    if args.exc_value is not None and not issubclass(args.exc_type, SystemExit):
        thread = args.thread.name if args.thread else None
        _log.critical("uncaught_exception_in_thread", thread=thread, exc_info=args.exc_value)


def _unraisable(args: "sys.UnraisableHookArgs") -> None:
    _log.error("unraisable_exception", where=repr(args.object), exc_info=args.exc_value)


_log: structlog.stdlib.BoundLogger = structlog.get_logger("gatte.uncaught")
