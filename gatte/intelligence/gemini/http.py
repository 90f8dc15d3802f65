"""The HTTP behind the Gemini API: our kept connections, with a time limit for a whole answer.

Where the environment names a proxy, httpx's own connections are used, which know proxies. Their
limit counts from one piece of an answer to the next, so a dripping answer could last for ever:
there a limit for the whole is added.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Protocol, cast
from urllib.request import getproxies, proxy_bypass

import httpx2

from gatte.infra.http import (
    ConnectFailed,
    HttpClient,
    HttpResponse,
    HttpTimeouts,
    ResponseLost,
    ResponseTimeout,
    parse_base_url,
)

LONGEST_ANSWER = 32 * 1024 * 1024


class Poster(Protocol):
    """Sends POSTs to one host; raises ConnectFailed or ResponseLost."""

    def post(
        self,
        path: str,
        headers: Mapping[str, str],
        content: bytes,
        deadline: float | None = None,
    ) -> HttpResponse: ...

    def close(self) -> None: ...


def build_http_client(seconds: float, connections: int, base_url: str) -> Poster:
    """An HTTP client for a service, with a limit for each wait, and the same for a whole answer,
    however slowly it trickles.
    """
    if _behind_a_proxy(base_url):
        return ProxiedClient(base_url, seconds, connections)
    limits = HttpTimeouts(seconds, seconds, seconds, seconds, LONGEST_ANSWER, connections)
    return HttpClient(base_url, limits)


def _behind_a_proxy(base_url: str) -> bool:
    place = parse_base_url(base_url)
    named = getproxies()
    return bool({place.scheme, "all"} & named.keys()) and not proxy_bypass(place.hostname or "")


class ProxiedClient:
    """Requests to the host of a URL by way of the proxy that the environment names."""

    def __init__(self, base_url: str, seconds: float, connections: int) -> None:
        place = parse_base_url(base_url)
        self._origin = f"{place.scheme}://{place.netloc}"
        self._seconds = seconds
        self._client = _stock_client(seconds, connections)

    def post(
        self,
        path: str,
        headers: Mapping[str, str],
        content: bytes,
        deadline: float | None = None,
    ) -> HttpResponse:
        """The response to a POST, whatever its status; `deadline` is a moment of
        `time.monotonic`.
        """
        left = self._seconds if deadline is None else deadline - time.monotonic()
        seconds = max(0.001, min(self._seconds, left))
        url = f"{self._origin}{path}"
        try:
            answer = self._client.post(url, headers=headers, content=content, timeout=seconds)
        except httpx2.ConnectError as error:
            raise ConnectFailed(type(error).__name__) from error
        except httpx2.TimeoutException as error:
            raise ResponseTimeout(type(error).__name__) from error
        except httpx2.HTTPError as error:
            raise ResponseLost(type(error).__name__) from error
        return HttpResponse(answer.status_code, answer.headers, answer.content)

    def close(self) -> None:
        """Close the idle connections."""
        self._client.close()


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
