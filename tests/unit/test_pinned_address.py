"""A connection to an address that was checked still wants the certificate of the host's name."""

import os
import ssl
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from deployment.certificates import for_store
from gatte.delivery.webhooks import TIMEOUTS
from gatte.infra.http import ConnectFailed, HttpClient


class Echo(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(self.headers["Host"].encode())

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def trust(tmp_path: Path) -> ssl.SSLContext:
    """Trusts the authority that vouches for shop.example."""
    for_store(tmp_path, "shop.example", os.getuid())
    return ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))


@pytest.fixture
def port(tmp_path: Path, trust: ssl.SSLContext) -> Iterator[int]:
    """Where shop.example listens, on loopback."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(tmp_path / "server.crt", tmp_path / "server.key")
    server = HTTPServer(("127.0.0.1", 0), Echo)
    server.socket = tls.wrap_socket(server.socket, server_side=True)
    Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()
    server.server_close()


def test_the_address_is_called_under_the_name_of_the_host(port, trust):
    client = HttpClient(f"https://shop.example:{port}", TIMEOUTS, trust, connect_to="127.0.0.1")

    response = client.post("/", {"Host": "shop.example"}, b"{}")

    assert (response.status, response.body) == (200, b"shop.example")


def test_another_hosts_certificate_is_refused(port, trust):
    client = HttpClient(f"https://bank.example:{port}", TIMEOUTS, trust, connect_to="127.0.0.1")

    with pytest.raises(ConnectFailed):
        client.post("/", {"Host": "bank.example"}, b"{}")
