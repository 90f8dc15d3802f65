"""Kept connections over real sockets: what is kept, what is not, and how a call can fail."""

import socket
import threading
import time
from contextlib import ExitStack
from dataclasses import replace

import pytest

from gatte.infra.http import (
    ConnectFailed,
    HttpClient,
    HttpTimeouts,
    ResponseLost,
    ResponseTimeout,
)

QUICK = HttpTimeouts(
    connect=0.5,
    read=0.3,
    pool=0.2,
    total=0.8,
    max_response_bytes=1000,
    max_connections=4,
)
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Service:
    """Says its lines, one a request and over as many connections as come; `accepted` counts these.
    After `cut` and None it hangs up.
    """

    def __init__(self, *lines: bytes | None) -> None:
        self.lines = list(lines)
        self.accepted = 0
        self.received: list[bytes] = []
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                line, _ = self._listening.accept()
            except OSError:
                return
            self.accepted += 1
            self._open.append(line)
            threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with line:
            while (received := line.recv(65_536)) and self.lines:
                if not received.endswith(b"}"):
                    received += line.recv(65_536)
                self.received.append(received)
                said = self.lines.pop(0)
                if said is None:
                    return
                line.sendall(said)
                if said.endswith(b"cut"):
                    return

    def hang_up(self) -> None:
        for line in self._open:
            line.shutdown(socket.SHUT_RDWR)
        time.sleep(0.05)

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def talk():
    """A service that says these lines, and connections to it."""
    with ExitStack() as opened:

        def to(*lines, **more):
            service = Service(*lines)
            opened.callback(service.close)
            connections = HttpClient(service.url, replace(QUICK, **more))
            opened.callback(connections.close)
            return service, connections

        yield to


def post(connections):
    return connections.post("/a/b", {"X-Word": "yes"}, b"{}")


def test_an_answer_has_its_status_headers_and_body(talk):
    service, connections = talk(
        b"HTTP/1.1 201 Created\r\nX-Said: so\r\nContent-Length: 2\r\n\r\nok"
    )

    answer = post(connections)

    assert (answer.status, answer.headers["x-said"], answer.body) == (201, "so", b"ok")
    assert service.received[0].startswith(b"POST /a/b HTTP/1.1\r\n")
    assert b"X-Word: yes" in service.received[0]


def test_a_connection_is_used_again(talk):
    service, connections = talk(*[OK] * 3)

    assert [post(connections).body for _ in range(3)] == [b"ok"] * 3
    assert service.accepted == 1


def test_pieces_of_unknown_length_are_put_together_and_the_connection_is_kept(talk):
    service, connections = talk(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n3\r\nay!\r\n0\r\n\r\n", OK
    )

    assert [post(connections).body for _ in range(2)] == [b"okay!", b"ok"]
    assert service.accepted == 1


def test_a_connection_that_the_service_ends_is_not_used_again(talk):
    service, connections = talk(
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok", OK
    )

    assert [post(connections).body for _ in range(2)] == [b"ok"] * 2
    assert service.accepted == 2


def test_a_connection_that_was_closed_while_idle_is_replaced_before_anything_is_sent(talk):
    service, connections = talk(OK, OK)
    post(connections)
    service.hang_up()

    assert post(connections).body == b"ok"
    assert service.accepted == 2


def test_a_connection_that_was_idle_for_long_is_not_used_again(talk):
    service, connections = talk(OK, OK, keepalive_seconds=0.05)
    post(connections)
    time.sleep(0.1)

    assert post(connections).body == b"ok"
    assert service.accepted == 2


@pytest.mark.parametrize(
    "said",
    [
        None,
        b"nonsense\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\ncut",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000,
    ],
)
def test_an_answer_that_cannot_be_read_is_broken_and_the_next_call_works(talk, said):
    _, connections = talk(said, OK)

    with pytest.raises(ResponseLost):
        post(connections)
    assert post(connections).body == b"ok"


def test_silence_is_too_slow(talk):
    _, connections = talk(b"")

    with pytest.raises(ResponseTimeout):
        post(connections)


def test_nobody_there_is_not_connected():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    with pytest.raises(ConnectFailed):
        post(HttpClient(f"http://127.0.0.1:{port}", QUICK))


def test_a_failed_handshake_is_not_connected(talk):
    service, _ = talk(b"HTTP/1.1 400 Bad Request\r\n\r\n")

    with pytest.raises(ConnectFailed):
        post(HttpClient(service.url.replace("http://", "https://"), QUICK))


def test_no_more_connections_are_made_than_allowed(talk):
    _, connections = talk(b"", max_connections=1)
    waiting = threading.Thread(target=_post_in_vain, args=(connections,))
    waiting.start()
    time.sleep(0.05)

    with pytest.raises(ConnectFailed, match="free"):
        post(connections)
    waiting.join()


def test_after_failures_the_places_are_free_again(talk):
    _, connections = talk(*[None] * 9, OK, max_connections=1)
    for _ in range(9):
        with pytest.raises(ResponseLost):
            post(connections)

    assert post(connections).body == b"ok"


def _post_in_vain(connections):
    with pytest.raises(ResponseTimeout):
        post(connections)
