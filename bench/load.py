"""A cheap customer: signed webhook bodies at a steady rate over kept connections, ready made, so that it hardly takes part in the load.

Open loop: a message leaves when it is due, whatever became of those before it. What is not answered 200 is sent again a second later,
as Meta does, until it is.
"""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.running import APP_SECRET, NUMBER
from tests.standins import payloads

PAUSE_SECONDS = 1.0
QUESTIONS = (  # the local classifier is sure of each: Gemini is asked for the answer only
    "O que é um certificado digital e para que serve?",
    "O que acontece se o certificado vencer?",
    "Qual é a diferença entre A1 e A3?",
    "Qual certificado serve para emitir nota fiscal eletrônica?",
    "MEI precisa de certificado digital?",
    "Quanto tempo demora para o certificado ficar pronto?",
    "O certificado funciona no Mac, no celular ou na nuvem?",
    "Mudei a razão social, o sócio ou o meu nome: preciso trocar o certificado?",
    "Meu contador pode tirar ou usar o certificado por mim?",
    "O A1 vai acabar? O que é o Selo Eletrônico?",
    "O CNPJ agora tem letras. Muda algo no meu certificado?",
    "É seguro mandar meus documentos por WhatsApp?",
)


@dataclass
class Sent:
    """What became of a load: seconds from due to acknowledged, refusals by status (0: the line broke), and how long it all took."""

    latencies: list[float] = field(default_factory=list)
    refused: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def acknowledged(self) -> int:
        return len(self.latencies)

    def percentile(self, share: float) -> float:
        """Milliseconds within which this share was acknowledged."""
        return sorted(self.latencies)[int(len(self.latencies) * share)] * 1000 if self.latencies else 0.0


def request_of(body: payloads.Json, url: str) -> bytes:
    """A whole HTTP request that brings a webhook body."""
    raw, headers = payloads.signed(body, APP_SECRET)
    lines = ["POST /webhook/whatsapp HTTP/1.1", f"Host: {urlsplit(url).netloc}", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, f"Content-Length: {len(raw)}", "", ""]).encode() + raw


def questions(url: str, words: str, first: int, count: int) -> list[bytes]:
    """Requests with one message each, each of another customer."""
    people = (payloads.person(index) for index in range(first, first + count))
    return [request_of(payloads.body(payloads.text(words), person, number=NUMBER), url) for person in people]


def talks(url: str, first: int, count: int, customers: int) -> list[bytes]:
    """Requests of customers who come back: each asks something else every time, and every other text nobody wrote before."""
    return [_question(url, index, customers) for index in range(first, first + count)]


def _question(url: str, index: int, customers: int) -> bytes:
    words = QUESTIONS[(index // customers + index) % len(QUESTIONS)]
    said = f"Olá, é sobre o pedido {index}. {words}" if index % 2 else words
    return request_of(payloads.body(payloads.text(said), payloads.person(index % customers), number=NUMBER), url)


def send(url: str, requests: Sequence[bytes], rate: float) -> Sent:
    """Send them at a rate and return when all are acknowledged."""
    return asyncio.run(_Load(url, rate).run(requests))


class _Load:
    def __init__(self, url: str, rate: float) -> None:
        parts = urlsplit(url)
        self.address = (parts.hostname or "", parts.port or 80)
        self.rate = rate
        self.sent = Sent()
        self.idle: list[_Line] = []
        self.left = 0
        self.done = asyncio.Event()

    async def run(self, requests: Sequence[bytes]) -> Sent:
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
            _, line = await asyncio.get_running_loop().create_connection(lambda: _Line(self), *self.address)
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


class _Line(asyncio.Protocol):
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
