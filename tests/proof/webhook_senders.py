"""What sends the strange bodies: connections that are kept, spread over processes, since making and
sending a body takes Python as long as the system takes to store it.
"""

import multiprocessing
import random
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.fakes import payloads
from tests.process_system import APP_SECRET
from tests.proof.webhook_bodies import BodyMaker, FuzzedBody

CONNECTIONS = 48
"""Connections of all senders together."""
PEOPLE = 3_000_000
"""Customers that the bodies of one order may have."""
HANG_SECONDS = 30.0
RETRY_SECONDS = 0.5
DEEPEST = 190
"""Levels of a body that must be taken; from 200 on it may be refused as too deep."""
ALLOWED = {200, 400, 503}
TOLD = 3000
"""Bytes of a body that a finding shows."""
STRANGE_REQUESTS = 12
"""Every so many bodies the request around it is strange, too."""
MOST_HEAD_BYTES = 64 * 1024

STRANGE_HEADERS: tuple[dict[str, str], ...] = (
    {"X-Request-ID": "5511987654321"},
    {"X-Request-ID": "a" * 4000},
    {"X-Request-ID": "\xff\xfe é"},
    {"X-Request-ID": "' OR 1=1 --"},
    {"Content-Type": "text/plain; charset=utf-16"},
    {"Content-Type": ""},
    {"Content-Encoding": "gzip"},
    {"Cookie": "session=.eJ; session=" + "x" * 3000},
    {"X-Forwarded-For": "127.0.0.1, ::1, ' --", "X-Forwarded-Proto": "ftp"},
    {"traceparent": "00-" + "f" * 32 + "-" + "0" * 16 + "-ff"},
    {"baggage": "a=" + "%00" * 300, "sentry-trace": "x-y-z"},
    {"Expect": "100-continue"},
    {"Accept-Language": ",;q=,*" * 50, "Accept": "*/*;q=nan"},
)


@dataclass(frozen=True)
class Order:
    """So many bodies of a seed for one sender; `first_person` keeps its customers apart from those
    of others.
    """

    url: str
    bodies: int
    seed: int
    first_person: int = 0
    connections: int = CONNECTIONS

    def body_with(self, word: str) -> bytes:
        """The beginning of the body that was to keep a word, made once more (its ids and times are
        others).
        """
        maker = BodyMaker(self.seed, self.first_person)
        for _ in range(self.bodies):
            made = maker.make()
            if made.kept_word == word:
                return made.raw[:TOLD]
        return b""


@dataclass
class Sent:
    """What was sent and acknowledged so far."""

    statuses: Counter[int] = field(default_factory=Counter)
    wamids: set[str] = field(default_factory=set)
    status_wamids: set[str] = field(default_factory=set)
    phones: set[str] = field(default_factory=set)
    words: set[str] = field(default_factory=set)
    """Words that must be kept."""
    problems: list[str] = field(default_factory=list)

    def note(self, body: FuzzedBody, status: int) -> None:
        """Note the last answer to a body."""
        self.statuses[status] += 1
        if status == 200 and not body.broken:
            self.wamids.update(body.wamids)
            self.status_wamids.update(body.status_wamids)
            self.phones.update(body.phones)
            if body.kept_word:
                self.words.add(body.kept_word)
        elif status not in ALLOWED:
            self.problems.append(f"status {status} to {body.raw[:TOLD]!r}")
        elif status == 400 and not body.broken and depth_of(body.raw) < DEEPEST:
            self.problems.append(f"good parts refused in {body.raw[:TOLD]!r}")

    def add(self, other: "Sent") -> None:
        """Add what another sender sent."""
        self.statuses += other.statuses
        self.wamids |= other.wamids
        self.status_wamids |= other.status_wamids
        self.phones |= other.phones
        self.words |= other.words
        self.problems += other.problems


def send_all(orders: list[Order]) -> Sent:
    """Carry out all orders at once, each in a process of its own where there are several."""
    sent = Sent()
    if len(orders) == 1:
        sent.add(send(orders[0]))
        return sent
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(len(orders), mp_context=context) as senders:
        for done in senders.map(send, orders):
            sent.add(done)
    return sent


def send(order: Order) -> Sent:
    """Carry out an order. Making the bodies is one thread's work, so that a seed decides them."""
    client = FuzzClient(order.url, order.seed)
    maker = BodyMaker(order.seed, order.first_person)
    room = threading.Semaphore(order.connections * 4)

    def deliver(body: FuzzedBody) -> None:
        try:
            client.deliver(body)
        finally:
            room.release()

    with ThreadPoolExecutor(order.connections) as threads:
        for _ in range(order.bodies):
            room.acquire()
            threads.submit(deliver, maker.make()).add_done_callback(_raise)
    client.close()
    return client.sent


def _raise(done: Future[None]) -> None:
    done.result()


class LineBroken(Exception):
    """A connection ended before an answer was whole."""


class FuzzClient:
    """Connections that are kept, one a thread; what gets 503 is sent until it is taken."""

    def __init__(self, url: str, number: int) -> None:
        self._address = urlsplit(url)
        self._local = threading.local()
        self._chance = random.Random(number)
        self._lines: list[socket.socket] = []
        self._lock = threading.Lock()
        self.sent = Sent()

    def close(self) -> None:
        """Close the connections of threads that have ended."""
        for line in self._lines:
            line.close()
        self._lines.clear()

    def deliver(self, body: FuzzedBody) -> None:
        """Deliver a body until it is answered by anything but 503."""
        while True:
            try:
                status = self._post(body.raw)
            except TimeoutError:
                self._problem(f"hang: {body.raw[:TOLD]!r}")
                return
            except (LineBroken, OSError) as error:
                self._problem(f"line broken ({error!r}) by {body.raw[:TOLD]!r}")
                return
            with self._lock:
                self.sent.note(body, status)
            if status != 503:
                return
            time.sleep(RETRY_SECONDS)

    def _problem(self, what: str) -> None:
        self._forget()
        with self._lock:
            self.sent.problems.append(what)

    def _post(self, raw: bytes) -> int:
        headers = {
            "Host": self._address.netloc,
            "Content-Type": "application/json",
            "X-Hub-Signature-256": payloads.sign(raw, APP_SECRET),
        }
        if self._chance.randrange(STRANGE_REQUESTS) == 0:
            headers |= self._chance.choice(STRANGE_HEADERS)
        lines = [f"{name}: {value}\r\n" for name, value in headers.items()]
        head = f"POST /webhook/whatsapp HTTP/1.1\r\n{''.join(lines)}Content-Length: {len(raw)}\r\n"
        request = head.encode("latin-1") + b"\r\n" + raw
        try:
            return self._exchange(request)
        except (LineBroken, ConnectionError):
            # a kept connection may have ended while nothing was under way
            self._forget()
            return self._exchange(request)

    def _exchange(self, request: bytes) -> int:
        """The status of the answer to a request; what remains of the connection is kept."""
        line = self._line()
        line.sendall(request)
        status, is_kept = read_answer(line.recv)
        if not is_kept:
            self._forget()
        return status

    def _line(self) -> socket.socket:
        if getattr(self._local, "line", None) is None:
            place = (self._address.hostname or "", self._address.port or 80)
            self._local.line = socket.create_connection(place, HANG_SECONDS)
            self._local.line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._lines.append(self._local.line)
        line: socket.socket = self._local.line
        return line

    def _forget(self) -> None:
        line = getattr(self._local, "line", None)
        self._local.line = None
        if line is not None:
            with suppress(OSError):
                line.close()


def read_answer(receive: Callable[[int], bytes]) -> tuple[int, bool]:
    """The status of an HTTP answer that is read to its end, and whether its connection goes on.
    LineBroken when it ends before.
    """
    content = b""
    while True:
        while b"\r\n\r\n" not in content and len(content) < MOST_HEAD_BYTES:
            content += _more(receive)
        head, _, rest = content.partition(b"\r\n\r\n")
        status = int(head[9:12])
        if status >= 200:
            break
        content = rest  # `100 Continue` comes before the answer
    headers = _headers(head.split(b"\r\n")[1:])
    missing = int(headers.get(b"content-length", b"0")) - len(rest)
    while missing > 0:
        missing -= len(_more(receive))
    is_kept = b"content-length" in headers and headers.get(b"connection", b"") != b"close"
    return status, is_kept


def _more(receive: Callable[[int], bytes]) -> bytes:
    found = receive(65_536)
    if not found:
        raise LineBroken("the connection ended within an answer")
    return found


def _headers(lines: Iterable[bytes]) -> dict[bytes, bytes]:
    parted = [line.partition(b":") for line in lines]
    return {name.lower(): value.strip().lower() for name, _, value in parted}


def depth_of(raw: bytes) -> int:
    """How deep a body is nested, judged by its brackets outside of texts."""
    depth = deepest = 0
    inside = escaped = False
    for byte in raw:
        if inside:
            if escaped:
                escaped = False
            elif byte == 0x5C:
                escaped = True
            elif byte == 0x22:
                inside = False
        elif byte == 0x22:
            inside = True
        elif byte in b"[{":
            depth += 1
            deepest = max(deepest, depth)
        elif byte in b"]}":
            depth -= 1
    return deepest
