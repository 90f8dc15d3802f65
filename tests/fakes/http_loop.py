"""A small HTTP/1.1 server on one asyncio loop in a thread of its own: fast, keeps connections,
holds thousands of slow answers at once.

The handler decides all: an `Answer` now or later, in drips, or never, or a cut connection. For
stand-ins on loopback only.
"""

import asyncio
import json
import socket
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import lru_cache
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass(frozen=True)
class Answer:
    """What to say, and how: after `delay` seconds and after `when` is done; `cut` says nothing,
    `silent` neither and keeps the line.
    """

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    when: "Future[None] | None" = None
    cut: bool = False
    silent: bool = False
    drip: bool = False


def as_json(status: int, made: Any, **more: Any) -> Answer:
    headers = {"Content-Type": "application/json; charset=UTF-8"} | more.pop("headers", {})
    return Answer(status, json.dumps(made).encode(), headers, **more)


Handler = Callable[[Request], Answer]


class HttpLoop:
    """The server; `url` is known from the moment it is made, requests are answered between `start`
    and `stop`.
    """

    def __init__(self, handler: Handler, port: int = 0, host: str = "127.0.0.1") -> None:
        self._lines: set[_Line] = set()
        self._handler = handler
        self._host = host
        self._loop = asyncio.new_event_loop()
        self._socket = socket.create_server((host, port), backlog=1024)
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name="stand-in", daemon=True)

    def _run(self) -> None:
        """All of asyncio stays in this thread: the one that asked may run a loop of its own, as a
        browser's driver does.
        """
        listening = self._loop.create_server(
            lambda: _Line(self._handler, self._lines), sock=self._socket
        )
        self._server = self._loop.run_until_complete(listening)
        self._ready.set()
        self._loop.run_forever()

    def start(self) -> None:
        self._thread.start()
        self._ready.wait(10)

    def stop(self) -> None:
        self._loop.call_soon_threadsafe(self._close)
        self._thread.join(5)
        self._loop.close()

    def refuse(self) -> None:
        """Take no connection any more, as a service that is down; cut those there are."""
        asyncio.run_coroutine_threadsafe(self._refuse(), self._loop).result(10)

    async def _refuse(self) -> None:
        self._server.close()
        for line in list(self._lines):
            line.transport.abort()

    def take_again(self) -> None:
        """Take connections again, on the same port."""
        asyncio.run_coroutine_threadsafe(self._take_again(), self._loop).result(10)

    async def _take_again(self) -> None:
        listening = socket.create_server((self._host, self.port), backlog=1024)
        self._server = await self._loop.create_server(
            lambda: _Line(self._handler, self._lines), sock=listening
        )

    def _close(self) -> None:
        self._server.close()
        for line in list(self._lines):
            line.transport.abort()
        self._loop.call_soon(self._loop.stop)


class _Line(asyncio.Protocol):
    """One connection: requests one after the other."""

    transport: asyncio.Transport

    def __init__(self, handler: Handler, lines: "set[_Line]") -> None:
        self._handler = handler
        self._lines = lines
        self._buffer = bytearray()
        self._busy = False
        self.loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]
        self._lines.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        self._lines.discard(self)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._busy:
            self._next()

    def _next(self) -> None:
        request = self._take()
        if request is None:
            return
        self._busy = True
        try:
            answer = self._handler(request)
        except Exception as error:  # noqa: BLE001 - a fault of the stand-in must be seen by the test that caused it
            answer = as_json(599, {"stand_in_failed": repr(error)})
        self._schedule(answer)

    def _take(self) -> Request | None:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return None
        head = _read_head(bytes(self._buffer[:end]))
        size = int(head.headers.get("content-length", "0"))
        if len(self._buffer) < end + 4 + size:
            if head.headers.get("expect"):
                self.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            return None
        body = bytes(self._buffer[end + 4 : end + 4 + size])
        del self._buffer[: end + 4 + size]
        return Request(head.method, head.path, head.query, head.headers, body)

    def _schedule(self, answer: Answer) -> None:
        if answer.silent:
            return
        if answer.when is not None:
            answer.when.add_done_callback(
                lambda _: self.loop.call_soon_threadsafe(self._after, answer)
            )
        else:
            self._after(answer)

    def _after(self, answer: Answer) -> None:
        if answer.delay:
            self.loop.call_later(answer.delay, self._say, answer)
        else:
            self._say(answer)

    def _say(self, answer: Answer) -> None:
        if self.transport.is_closing():
            return
        if answer.cut:
            self.transport.abort()
            return
        head = _head(answer)
        if answer.drip:
            self.transport.write(head)
            self._drip(answer.body)
            return
        self.transport.write(head + answer.body)
        self._said()

    def _said(self) -> None:
        self._busy = False
        if self._buffer:
            self.loop.call_soon(self._next)

    def _drip(self, rest: bytes) -> None:
        if not rest:
            self._said()
        elif not self.transport.is_closing():
            self.transport.write(rest[:1])
            self.loop.call_later(0.05, self._drip, rest[1:])


@lru_cache(maxsize=512)
def _read_head(raw: bytes) -> Request:
    """A request without its body; clients say the same again and again."""
    first, *lines = raw.decode("latin-1").split("\r\n")
    headers = {
        name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)
    }
    method, target, _ = first.split(" ", 2)
    parts = urlsplit(target)
    query = (
        {name: values[-1] for name, values in parse_qs(parts.query).items()} if parts.query else {}
    )
    return Request(method, parts.path, query, headers, b"")


def _head(answer: Answer) -> bytes:
    return _first_lines(
        answer.status, tuple(answer.headers.items())
    ) + b"Content-Length: %d\r\n\r\n" % len(answer.body)


@lru_cache(maxsize=512)
def _first_lines(status: int, headers: tuple[tuple[str, str], ...]) -> bytes:
    reason = HTTPStatus(status).phrase if status in HTTPStatus.__members__.values() else "?"
    return "".join(
        f"{line}\r\n"
        for line in (
            f"HTTP/1.1 {status} {reason}",
            *(f"{name}: {value}" for name, value in headers),
        )
    ).encode("latin-1")
