"""A real nginx with the project's nginx.conf, before an upstream of the tests."""

import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx

from deployment.certificates import for_web
from devstack.local_state import free_port

PROJECT = Path(__file__).parents[3]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
LONG_PAGE = b"<p>compressible</p>" * 500
STRICT = "max-age=63072000; includeSubDomains"


def nginx_version() -> tuple[int, ...]:
    said = subprocess.run([NGINX, "-v"], capture_output=True, text=True, check=True).stderr
    return tuple(int(part) for part in re.search(r"nginx/([\d.]+)", said)[1].split("."))


KNOWS_HTTP2_ON = nginx_version() >= (
    1,
    25,
    1,
)  # the image of docker-compose.yml does; Debian 12 has 1.22


def in_the_older_form(text: str) -> str:
    assert text.count("http2 on;") == 1
    return re.sub(r"(listen \S+ ssl)( default_server;)\s+http2 on;", r"\1 http2\2", text)


class Upstream(ThreadingHTTPServer):
    """Stands where the web processes stand; keeps what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Answer)
        self.first_was_seen = threading.Event()
        self.asked: list[tuple[str, dict[str, str], int]] = []


class Answer(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Upstream

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/panel/live":
            self.stream()
            return
        self.server.asked.append(
            (self.path, {name.lower(): value for name, value in self.headers.items()}, len(body))
        )
        content = LONG_PAGE if self.path.endswith("/long") else b"ok"
        self.send_response(200)
        self.send_header("Strict-Transport-Security", STRICT)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def stream(self) -> None:
        """A word now, another when the test has seen the first: an answer that comes in pieces."""
        self.send_response(200)
        self.send_header("X-Accel-Buffering", "no")
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(b"first")
        self.wfile.flush()
        self.server.first_was_seen.wait(20)
        self.wfile.write(b"second")
        self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def log_message(self, *_: object) -> None:
        pass


class Front:
    """A running nginx with the project's nginx.conf; only addresses and paths are of this test."""

    upstream: Upstream

    def __init__(self, folder: Path, upstream_port: int) -> None:
        self.http, self.https, self.upstream_port = free_port(), free_port(), upstream_port
        self.log = folder / "access.log"
        self.errors = folder / "errors.log"
        for_web(folder / "certificates" / "web", "localhost")
        (folder / "acme" / ".well-known" / "acme-challenge").mkdir(parents=True)
        (folder / "acme" / ".well-known" / "acme-challenge" / "token").write_text("answer")
        (folder / "access").mkdir()
        self.configuration = folder / "nginx.conf"
        self.configuration.write_text(self._here(folder, (PROJECT / "nginx.conf").read_text()))

    def _here(self, folder: Path, text: str) -> str:
        changes = {
            "pid /var/run/nginx.pid;": f"pid {folder}/nginx.pid; user root;",
            "listen 80 ": f"listen 127.0.0.1:{self.http} ",
            "listen 443 ": f"listen 127.0.0.1:{self.https} ",
            "server web:8000 ": f"server 127.0.0.1:{self.upstream_port} ",
            "/etc/nginx/certificates": f"{folder}/certificates",
            "/etc/nginx/access/": f"{folder}/access/",
            "/var/www/acme": f"{folder}/acme",
            "access_log /dev/stdout": f"access_log {self.log}",
            "error_log stderr": f"error_log {self.errors}",
            "client_body_timeout 15s": "client_body_timeout 1s",
            "client_body_temp_path /var/cache/nginx": f"client_body_temp_path {folder}",
            "proxy_temp_path /var/cache/nginx": f"proxy_temp_path {folder}",
            "resolver 127.0.0.11": "resolver 127.0.0.1",
        }
        for theirs, ours in changes.items():
            assert theirs in text
            text = text.replace(theirs, ours)
        return text if KNOWS_HTTP2_ON else in_the_older_form(text)

    def client(self, version: ssl.TLSVersion | None = None) -> httpx.Client:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        if version:
            context.set_ciphers("ALL:@SECLEVEL=0")
            context.minimum_version = context.maximum_version = version
        return httpx.Client(base_url=f"https://127.0.0.1:{self.https}", verify=context, timeout=20)


@contextmanager
def running_front(folder: Path) -> Iterator[Front]:
    """nginx and its upstream in a folder, stopped at the end."""
    upstream = Upstream()
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    front = Front(folder, upstream.server_port)
    front.upstream = upstream
    try:
        with running_nginx(folder, front):
            yield front
    finally:
        upstream.shutdown()
        upstream.server_close()


@contextmanager
def running_nginx(folder: Path, front: Front) -> Iterator[None]:
    """nginx by the settings of a front, stopped at the end."""
    process = subprocess.Popen(
        [NGINX, "-p", folder, "-c", front.configuration, "-g", "daemon off;"],
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for_port(front.https)
        yield
    finally:
        process.terminate()
        process.wait(10)


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, "nginx did not start"
        time.sleep(0.05)


def reload(front: Front) -> None:
    subprocess.run(
        [NGINX, "-p", front.configuration.parent, "-c", front.configuration, "-s", "reload"],
        check=True,
        capture_output=True,
    )
