"""Traces in the sense of OpenTelemetry: spans that lead from a webhook over its turn to the send.

Trace and first span of a request are worked out of its request id, which is kept with each message:
so the worker goes on with the trace that a web process began, and no row holds anything for it.
Without OTEL_EXPORTER_OTLP_ENDPOINT nothing is imported and a span costs a comparison.
"""

import hashlib
import os
import re
import threading
import time
from collections.abc import Generator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import TYPE_CHECKING, cast

from gatte.observability import tracing
from gatte.privacy.masking import mask_value
from gatte.settings import Settings

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.id_generator import IdGenerator
    from opentelemetry.trace import Span, Tracer

Attribute = str | int | float | bool
EXPORT_SECONDS = 1.0
TIMEOUT_SECONDS = 5.0
FLUSH_SECONDS = 2.0
NO_SPAN = nullcontext()
_TRACE_ID = re.compile(r"(?!0{32})[0-9a-f]{32}")
_first_span_of: ContextVar[str | None] = ContextVar("first_span_of", default=None)
"""The request id whose first span is being made."""


class _Export:
    """What the settings want, and where the spans of this process go since its first one."""

    settings: Settings | None = None
    service: str = ""
    pid: int = 0
    provider: "TracerProvider | None" = None
    lock = threading.Lock()


def start(settings: Settings, process: str) -> None:
    """From now on send spans to the collector of the settings, if they name one.

    Connection and thread begin with the first span, so that a process can be forked before.
    """
    _Export.settings = settings if settings.otel_exporter_otlp_endpoint else None
    _Export.service = f"gatte-{process}"


def _tracer(settings: Settings) -> "Tracer":
    """The tracer of this process, be it forked or not."""
    with _Export.lock:
        if _Export.provider is None or _Export.pid != os.getpid():
            _Export.provider = _new_provider(settings)
            _Export.pid = os.getpid()
        return _Export.provider.get_tracer("gatte")


def _new_provider(settings: Settings) -> "TracerProvider":
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor
    from opentelemetry.sdk.trace.sampling import TraceIdRatioBased

    exporter = OTLPSpanExporter(
        endpoint=f"{settings.otel_exporter_otlp_endpoint}/v1/traces",
        headers=_headers(settings.otel_exporter_otlp_headers.get_secret_value()),
        timeout=TIMEOUT_SECONDS,
    )
    provider = TracerProvider(
        resource=Resource.create({"service.name": _Export.service}),
        # by the trace id alone, so that every process keeps the same traces
        sampler=TraceIdRatioBased(settings.gatte_trace_share),
        id_generator=_id_generator(),
    )
    provider.add_span_processor(
        BatchSpanProcessor(exporter, schedule_delay_millis=EXPORT_SECONDS * 1000)
    )
    return provider


def stop() -> None:
    """Send what is left, for two seconds at most; before a process ends without its exit hooks."""
    if _Export.provider is not None:
        _Export.provider.force_flush(int(FLUSH_SECONDS * 1000))


def first_span(name: str, request_id: str) -> AbstractContextManager[None]:
    """The span of a request as a whole, of which those of its turns are parts."""
    if _Export.settings is None:
        return NO_SPAN
    from opentelemetry.context import Context

    tracer = _tracer(_Export.settings)
    token = _first_span_of.set(request_id)
    try:
        opened = tracer.start_span(name, Context(), attributes={"request_id": request_id})
    finally:
        _first_span_of.reset(token)
    return _current(opened)


def span(
    name: str, began: int | None = None, **attributes: Attribute
) -> AbstractContextManager[None]:
    """A part of the span around it, or of the request whose id is bound; `began` is a time before
    now (of `time.time_ns`). Attributes are masked as log lines are.
    """
    if _Export.settings is None:
        return NO_SPAN
    return _current(_open(_tracer(_Export.settings), name, began, attributes))


def record(name: str, began: int) -> None:
    """A part that ends now, and is told afterwards."""
    if _Export.settings is not None:
        _open(_tracer(_Export.settings), name, began, {}).end(time.time_ns())


def trace_id_of(request_id: str) -> int:
    """The trace of a request: its id itself where that has the form of one."""
    if _TRACE_ID.fullmatch(request_id):
        return int(request_id, 16)
    return _number(f"trace {request_id}", 16)


def first_span_id_of(request_id: str) -> int:
    """The id of the first span of a request."""
    return _number(f"span {request_id}", 8)


def _number(text: str, size: int) -> int:
    """A number of so many bytes that is the same for the same text, and never zero."""
    digest = hashlib.blake2b(text.encode(), digest_size=size).digest()
    return int.from_bytes(digest, "big") or 1


def _open(
    tracer: "Tracer", name: str, began: int | None, attributes: Mapping[str, Attribute]
) -> "Span":
    """A span below the current one, or else below the first span of the bound request."""
    from opentelemetry import trace

    inside = trace.get_current_span().get_span_context().is_valid
    context = None if inside else _context_of(tracing.current_request_id())
    correlation_id = tracing.current_correlation_id()
    if correlation_id is not None:
        attributes = {**attributes, "correlation_id": correlation_id}
    masked = cast("dict[str, Attribute]", mask_value(dict(attributes)))
    return tracer.start_span(name, context, attributes=masked, start_time=began)


def _context_of(request_id: str | None) -> "Context":
    """The context below the first span of a request, whichever process has made it."""
    from opentelemetry import trace
    from opentelemetry.context import Context

    if request_id is None:
        return Context()
    parent = trace.SpanContext(
        trace_id_of(request_id),
        first_span_id_of(request_id),
        is_remote=True,
        trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(parent), Context())


@contextmanager
def _current(opened: "Span") -> Generator[None]:
    """The span around a block; of an error it keeps the type, since messages may be personal."""
    from opentelemetry import trace

    try:
        with trace.use_span(opened, record_exception=False, set_status_on_exception=False):
            yield
    except BaseException as error:
        opened.set_status(trace.StatusCode.ERROR, type(error).__name__)
        raise
    finally:
        opened.end()


def _id_generator() -> "IdGenerator":
    """Random ids, but for the first span of a request."""
    from opentelemetry.sdk.trace.id_generator import RandomIdGenerator

    class RequestIdGenerator(RandomIdGenerator):
        """Takes the ids of a first span from its request id."""

        def generate_trace_id(self) -> int:
            request_id = _first_span_of.get()
            return super().generate_trace_id() if request_id is None else trace_id_of(request_id)

        def generate_span_id(self) -> int:
            request_id = _first_span_of.get()
            if request_id is None:
                return super().generate_span_id()
            return first_span_id_of(request_id)

    return RequestIdGenerator()


def _headers(spelled: str) -> dict[str, str]:
    """`name=value,name=value` as headers."""
    pairs = [one.partition("=") for one in spelled.split(",") if one]
    return {name.strip(): value.strip() for name, _, value in pairs}
