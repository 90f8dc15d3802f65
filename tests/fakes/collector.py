"""What takes traces by OTLP over HTTP, and reports of errors in Sentry's format, and keeps them."""

import gzip
import json
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, Self

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class ExportedSpan:
    """A span as it came, with the name of the service that sent it."""

    service: str
    name: str
    trace_id: str
    span_id: str
    parent_id: str
    attributes: dict[str, str]


class FakeCollector:
    """A collector on loopback; use it as a context manager."""

    def __init__(self) -> None:
        self.spans: list[ExportedSpan] = []
        self.reports: list[dict[str, Any]] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def dsn(self) -> str:
        return f"http://public@127.0.0.1:{self._server.server_port}/42"

    def __enter__(self) -> Self:
        Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def names(self, trace_id: str) -> set[tuple[str, str]]:
        """Service and name of each span of a trace."""
        return {(span.service, span.name) for span in self.spans if span.trace_id == trace_id}

    def take(self, path: str, body: bytes) -> None:
        """Keep what was posted to a path."""
        self.bodies.append(body)
        if path == "/v1/traces":
            self.spans += _spans(body)
        elif path == "/api/42/envelope/":
            self.reports += _reports(body)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        collector = self

        class CollectorHandler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers.get("Content-Encoding") == "gzip":
                    body = gzip.decompress(body)
                given = {name.lower(): value for name, value in self.headers.items()}
                collector.headers.append(given)
                collector.take(self.path, body)
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                """A fake says nothing."""

        return CollectorHandler


def _spans(body: bytes) -> Iterable[ExportedSpan]:
    request = ExportTraceServiceRequest.FromString(body)
    for group in request.resource_spans:
        resource = {one.key: one.value.string_value for one in group.resource.attributes}
        for scope in group.scope_spans:
            for span in scope.spans:
                attributes = {one.key: one.value.string_value for one in span.attributes}
                yield ExportedSpan(
                    resource["service.name"],
                    span.name,
                    span.trace_id.hex(),
                    span.span_id.hex(),
                    span.parent_span_id.hex(),
                    attributes,
                )


def _reports(body: bytes) -> Iterable[dict[str, Any]]:
    """The events of an envelope: lines of JSON, each header before its item."""
    lines = [line for line in body.split(b"\n") if line]
    for header, item in zip(lines[1::2], lines[2::2], strict=False):
        if json.loads(header).get("type") == "event":
            yield json.loads(item)
