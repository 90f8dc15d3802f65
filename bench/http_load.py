"""A cheap customer: signed webhook bodies at a steady rate over kept connections, ready made, so
that it hardly takes part in the load.

Open loop: a message leaves when it is due, whatever became of those before it. What is not answered
200 is sent again a second later, as Meta does, until it is.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

PAUSE_SECONDS = 1.0


@dataclass
class LoadResult:
    """What became of a load: seconds from due to acknowledged, refusals by status (0: the line
    broke), and how long it all took.
    """

    latencies: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def acknowledged(self) -> int:
        return len(self.latencies)

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share was acknowledged."""
        return (
            sorted(self.latencies)[int(len(self.latencies) * share)] * 1000
            if self.latencies
            else 0.0
        )


def send(url: str, requests: Sequence[bytes], rate: float) -> LoadResult:
    """Send them at a rate and return when all are acknowledged."""
    return asyncio.run(_Load(url, rate).run(requests))


class _Load:
    def __init__(self, url: str, rate: float) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "", parts.port or 80)
        self.rate = rate
        self.sent = LoadResult()
        self.idle: list[_LoadConnection] = []
        self.left = 0
        self.done = asyncio.Event()

    async def run(self, requests: Sequence[bytes]) -> LoadResult:
        begun, self.left = time.perf_counter(), len(requests)
        for index, request in enumerate(requests):
            due = begun + index / self.rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            await self.post(request, due)
        self.sent.seconds = time.perf_counter() - begun
        await self.done.wait()
        for line in self.idle:
            line.transport.abort()
        return self.sent

    async def post(self, request: bytes, due: float) -> None:
        while self.idle:
            line = self.idle.pop()
            if not line.transport.is_closing():
                break
        else:
            _, line = await asyncio.get_running_loop().create_connection(
                lambda: _LoadConnection(self), *self.address
            )
        line.post(request, due)

    def answered(self, status: int, request: bytes, due: float) -> None:
        if status == 200:
            self.sent.latencies.append(time.perf_counter() - due)
            self.left -= 1
            if not self.left:
                self.done.set()
            return
        self.sent.refused[status] = self.sent.refused.get(status, 0) + 1
        loop = asyncio.get_running_loop()
        loop.call_later(PAUSE_SECONDS, lambda: loop.create_task(self.post(request, due)))


class _LoadConnection(asyncio.Protocol):
    """One connection; one request at a time."""

    transport: asyncio.Transport

    def __init__(self, load: _Load) -> None:
        self.load = load
        self.buffer = b""
        self.under_way: tuple[bytes, float] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport  # type: ignore[assignment]

    def post(self, request: bytes, due: float) -> None:
        self.under_way = (request, due)
        self.transport.write(request)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0 or len(self.buffer) < end + 4 + _length(self.buffer[:end]):
            return
        status, self.buffer = int(self.buffer[9:12]), b""
        self._finish(status)
        self.load.idle.append(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's interface
        if self.under_way:
            self._finish(0)

    def _finish(self, status: int) -> None:
        if self.under_way:
            (request, due), self.under_way = self.under_way, None
            self.load.answered(status, request, due)


def _length(head: bytes) -> int:
    _, _, rest = head.lower().partition(b"content-length:")
    return int(rest.split(b"\r\n", 1)[0] or 0)
