"""The HTTP client behind google-genai: our kept connections, and a time limit for a whole answer.

Where the environment names a proxy, httpx's own connections are used, which know proxies. Their
limit counts from one piece of an answer to the next, so a dripping answer could last for ever:
there a limit for the whole is added.
"""

import time
from collections.abc import Iterator
from typing import cast
from urllib.request import getproxies, proxy_bypass

import httpx2

from gatte.infra.http import (
    ConnectFailed,
    HttpClient,
    HttpTimeouts,
    ResponseLost,
    ResponseTimeout,
    parse_base_url,
)
from gatte.intelligence.gemini import second_attempt

LONGEST_ANSWER = 32 * 1024 * 1024


class PooledTransport(httpx2.BaseTransport):
    """Requests of an httpx client over connections to the one host that it talks to."""

    def __init__(self, connections: HttpClient) -> None:
        self._connections = connections

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        """Send a POST and read all its answer."""
        path = request.url.raw_path.decode("ascii")
        try:
            answer = self._connections.post(
                path, dict(request.headers), request.read(), second_attempt.deadline.get()
            )
        except ConnectFailed as error:
            raise httpx2.ConnectError(str(error), request=request) from error
        except ResponseTimeout as error:
            raise httpx2.ReadTimeout(str(error), request=request) from error
        except ResponseLost as error:
            raise httpx2.ReadError(str(error), request=request) from error
        return httpx2.Response(
            answer.status,
            headers=list(answer.headers.items()),
            content=answer.body,
            request=request,
        )

    def close(self) -> None:
        self._connections.close()


def build_http_client(seconds: float, connections: int, base_url: str) -> httpx2.Client:
    """An HTTP client for a service, with a limit for each wait, and the same for a whole answer,
    however slowly it trickles.
    """
    if _behind_a_proxy(base_url):
        return _stock_client(seconds, connections)
    tls = httpx2.create_ssl_context() if base_url.startswith("https") else None
    limits = HttpTimeouts(seconds, seconds, seconds, seconds, LONGEST_ANSWER, connections)
    return httpx2.Client(
        timeout=seconds, transport=PooledTransport(HttpClient(base_url, limits, tls))
    )


def _behind_a_proxy(base_url: str) -> bool:
    place = parse_base_url(base_url)
    named = getproxies()
    return bool({place.scheme, "all"} & named.keys()) and not proxy_bypass(place.hostname or "")


class _DeadlineStream(httpx2.SyncByteStream):
    """The body of an answer, given up when the deadline has passed."""

    def __init__(
        self, body: httpx2.SyncByteStream, request: httpx2.Request, deadline: float
    ) -> None:
        self._body = body
        self._request = request
        self._deadline = deadline

    def __iter__(self) -> Iterator[bytes]:
        for piece in self._body:
            if time.monotonic() > self._deadline:
                raise httpx2.ReadTimeout("the whole answer took too long", request=self._request)
            yield piece

    def close(self) -> None:
        self._body.close()


def _stock_client(seconds: float, connections: int) -> httpx2.Client:
    def limit(response: httpx2.Response) -> None:
        body = cast("httpx2.SyncByteStream", response.stream)
        response.stream = _DeadlineStream(body, response.request, time.monotonic() + seconds)

    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx2.Client(timeout=seconds, limits=limits, event_hooks={"response": [limit]})
