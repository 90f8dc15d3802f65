"""A time limit for a whole HTTP answer: the limit of httpx counts from one piece to the next, so a dripping answer could last for ever."""

import time
from collections.abc import Iterator
from typing import cast

import httpx2


class _Limited(httpx2.SyncByteStream):
    """The body of an answer, given up when the deadline has passed."""

    def __init__(self, body: httpx2.SyncByteStream, request: httpx2.Request, deadline: float) -> None:
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


def client_with(seconds: float, connections: int) -> httpx2.Client:
    """An HTTP client whose answers must be complete within `seconds` after their first byte; each wait within is limited too."""

    def limit(response: httpx2.Response) -> None:
        body = cast("httpx2.SyncByteStream", response.stream)
        response.stream = _Limited(body, response.request, time.monotonic() + seconds)

    limits = httpx2.Limits(max_connections=connections, max_keepalive_connections=connections)
    return httpx2.Client(timeout=seconds, limits=limits, event_hooks={"response": [limit]})
