"""HTTP to one host over urllib3's pool, for many threads or greenlets at once.

A call tells apart what its caller must know: no byte left (`ConnectFailed`), or nobody can say
what became of it (`ResponseLost`). Nothing is tried twice and no redirect is followed.
"""

import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any
from urllib.parse import SplitResult, urlsplit

import certifi
import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import EmptyPoolError, HTTPError
from urllib3.exceptions import TimeoutError as HttpTimeout

CHUNK_BYTES = 64 * 1024


class ConnectFailed(Exception):
    """No connection could be made: no byte of the request left."""


class ResponseLost(Exception):
    """The request was begun, and its response is not known."""


class ResponseTimeout(ResponseLost):
    """The response, or the next piece of it, did not come in time."""


class ResponseTooLarge(ResponseLost):
    """The response has more bytes than the caller allows."""


@dataclass(frozen=True)
class HttpTimeouts:
    """Limits of a call: seconds for each step and for all of it, and bytes of a response.

    `connect` holds for each piece of a request's body too; `pool` is the wait for a free
    connection; a connection that was idle for `keepalive_seconds` is not used again.
    """

    connect: float
    read: float
    pool: float
    total: float
    max_response_bytes: int
    max_connections: int
    keepalive_seconds: float = 30.0


@dataclass(frozen=True)
class HttpResponse:
    """A response with all its body; header names in any case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class _ReusedConnection(HTTPConnection):
    """A connection that counts as dropped after a long idle time; a failed connect is told."""

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - as urllib3 has it
        keepalive_seconds: float,
        **options: Any,  # noqa: ANN401 - as urllib3 has it
    ) -> None:
        # The pool hands its own options through, and this one of ours.
        super().__init__(*args, **options)
        self._keepalive_seconds = keepalive_seconds
        self._used_at = 0.0

    def connect(self) -> None:
        try:
            super().connect()
        except (HTTPError, OSError) as error:
            self.close()
            raise ConnectFailed(type(error).__name__) from error
        self._used_at = time.monotonic()

    @property
    def is_connected(self) -> bool:
        is_fresh = time.monotonic() - self._used_at < self._keepalive_seconds
        return is_fresh and super().is_connected


class _ReusedTlsConnection(_ReusedConnection, HTTPSConnection):
    """The TLS form of `_ReusedConnection`: a failed handshake is a failed connect."""


class _ConnectionPool(urllib3.HTTPConnectionPool):
    ConnectionCls = _ReusedConnection


class _TlsConnectionPool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _ReusedTlsConnection


class HttpClient:
    """Connections to the host of one URL, opened when they are needed and kept for a while."""

    def __init__(
        self,
        base_url: str,
        timeouts: HttpTimeouts,
        tls: ssl.SSLContext | None = None,
        connect_to: str | None = None,
    ) -> None:
        """`connect_to` is the address to connect to in place of what the host's name leads to; TLS
        still wants the host's certificate, and the caller sends the header Host.
        """
        self._connect_to = connect_to
        self._location = parse_base_url(base_url)
        self._timeouts = timeouts
        self._tls = tls
        self._pool = self._new_pool()

    def post(
        self,
        path: str,
        headers: Mapping[str, str],
        content: bytes,
        deadline: float | None = None,
    ) -> HttpResponse:
        """The response to a POST, whatever its status; raises ConnectFailed or ResponseLost.

        `deadline` is a moment of `time.monotonic`; it may lie before the end of `total`.
        """
        if len(content) <= CHUNK_BYTES:
            return self.request("POST", path, headers, content, deadline=deadline)
        # A long body is read piece by piece, so that a limit holds for each piece, not for the sum.
        sized = {**headers, "Content-Length": str(len(content))}
        return self.request("POST", path, sized, BytesIO(content), deadline=deadline)

    def get(
        self, path: str, headers: Mapping[str, str], max_bytes: int, deadline: float
    ) -> HttpResponse:
        """The response to a GET; ResponseTooLarge when it has more than `max_bytes`.

        `deadline` is a moment of `time.monotonic`; it may lie before the end of `total`.
        """
        return self.request("GET", path, headers, None, max_bytes, deadline)

    def request(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | BytesIO | None,
        max_bytes: int | None = None,
        deadline: float | None = None,
    ) -> HttpResponse:
        """The response to any request; raises ConnectFailed or ResponseLost."""
        now = time.monotonic()
        last_moment = now + self._timeouts.total
        read_seconds = self._timeouts.read
        if deadline is not None:
            last_moment = min(last_moment, deadline)
            read_seconds = min(read_seconds, max(0.001, deadline - now))
        try:
            response = self._pool.urlopen(
                method,
                path,
                body=content,
                headers=headers,
                retries=False,
                redirect=False,
                assert_same_host=False,
                timeout=urllib3.Timeout(connect=self._timeouts.connect, read=read_seconds),
                pool_timeout=self._timeouts.pool,  # type: ignore[arg-type]  # seconds; a float works
                preload_content=False,
                decode_content=False,
            )
            body = self._read(response, last_moment, max_bytes or self._timeouts.max_response_bytes)
        except EmptyPoolError as error:
            raise ConnectFailed("no connection is free") from error
        except HttpTimeout as error:
            raise ResponseTimeout(type(error).__name__) from error
        except (HTTPError, OSError) as error:
            raise ResponseLost(type(error).__name__) from error
        return HttpResponse(response.status, response.headers, body)

    def close(self) -> None:
        """Close the idle connections; a later call opens new ones."""
        old, self._pool = self._pool, self._new_pool()
        old.close()

    def _new_pool(self) -> urllib3.HTTPConnectionPool:
        options: dict[str, Any] = {
            "host": self._connect_to or self._location.hostname,
            "port": self._location.port,
            "maxsize": self._timeouts.max_connections,
            "block": True,
            "keepalive_seconds": self._timeouts.keepalive_seconds,
        }
        if self._location.scheme == "https":
            tls = self._tls or default_tls_context()
            if self._connect_to is not None:
                options["server_hostname"] = self._location.hostname
            return _TlsConnectionPool(ssl_context=tls, **options)
        return _ConnectionPool(**options)

    def _read(self, response: urllib3.BaseHTTPResponse, deadline: float, max_bytes: int) -> bytes:
        """All of a body; the connection goes back to the pool only when the body came whole."""
        try:
            return _read_body(response, deadline, max_bytes)
        except BaseException:  # a half-read connection is never used again
            response.close()
            raise
        finally:
            response.release_conn()


def _read_body(response: urllib3.BaseHTTPResponse, deadline: float, max_bytes: int) -> bytes:
    if (response.length_remaining or 0) > max_bytes:
        raise ResponseTooLarge("the response says that it is too long")
    body = bytearray()
    while piece := response.read1(CHUNK_BYTES):
        body += piece
        if len(body) > max_bytes:
            raise ResponseTooLarge("the response does not end")
        if time.monotonic() > deadline and response.length_remaining != 0:
            raise ResponseTimeout("the whole response took too long")
    return bytes(body)


def parse_base_url(base_url: str) -> SplitResult:
    """Scheme, host and port of a URL; ValueError when it is not one of HTTP."""
    location = urlsplit(base_url)
    if location.scheme not in {"http", "https"} or not location.hostname:
        raise ValueError("the base URL must be http or https with a host")
    _ = location.port  # ValueError when it is no number
    return location


@lru_cache(maxsize=1)
def default_tls_context() -> ssl.SSLContext:
    """TLS to hosts that the usual authorities vouch for, whatever the environment says.

    Made once, for it takes 20 ms.
    """
    tls = ssl.create_default_context(cafile=certifi.where())
    tls.set_alpn_protocols(["http/1.1"])
    return tls
