import re
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest

from deployment.certificates import for_web
from devstack.local_state import free_port

PROJECT = Path(__file__).parents[3]
NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
MEBIBYTE = 1024 * 1024
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
        self.send_response(200)
        self.send_header("Strict-Transport-Security", STRICT)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

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

    def __init__(self, folder: Path, upstream: Upstream) -> None:
        self.http, self.https, self.upstream = free_port(), free_port(), upstream
        self.log = folder / "access.log"
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
            "server web:8000 ": f"server 127.0.0.1:{self.upstream.server_port} ",
            "/etc/nginx/certificates": f"{folder}/certificates",
            "/etc/nginx/access/": f"{folder}/access/",
            "/var/www/acme": f"{folder}/acme",
            "access_log /dev/stdout": f"access_log {self.log}",
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


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    folder = tmp_path_factory.mktemp("nginx")
    upstream = Upstream()
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    nginx = Front(folder, upstream)
    process = subprocess.Popen(
        [NGINX, "-p", folder, "-c", nginx.configuration, "-g", "daemon off;"],
        stderr=subprocess.DEVNULL,
    )
    wait_for_port(nginx.https)
    yield nginx
    process.terminate()
    process.wait(10)
    upstream.shutdown()
    upstream.server_close()


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    with front.client() as client:
        yield client


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + 10
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert time.monotonic() < deadline, "nginx did not start"
        time.sleep(0.05)


def test_http_leads_to_https(front):
    answer = httpx.get(
        f"http://127.0.0.1:{front.http}/panel/sessions?state=open",
        headers={"Host": "gatte.example"},
    )

    assert (answer.status_code, answer.headers["location"]) == (
        301,
        "https://gatte.example/panel/sessions?state=open",
    )


def test_the_authority_finds_its_answer_over_http(front):
    assert (
        httpx.get(f"http://127.0.0.1:{front.http}/.well-known/acme-challenge/token").text
        == "answer"
    )


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_1_2_and_1_3_are_spoken(front, version):
    with front.client(version) as client:
        assert client.get("/health/live").status_code == 200


def test_http_2_is_spoken(front):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.set_alpn_protocols(["h2", "http/1.1"])

    with (
        socket.create_connection(("127.0.0.1", front.https)) as plain,
        context.wrap_socket(plain) as secure,
    ):
        assert secure.selected_alpn_protocol() == "h2"


@pytest.mark.parametrize(("address", "status"), [("127.0.0.1", 204), ("127.0.0.2", 403)])
def test_only_this_host_may_ask_nginx_whether_it_is_alive(front, address, status):
    with httpx.Client(transport=httpx.HTTPTransport(local_address=address)) as client:
        assert client.get(f"http://127.0.0.1:{front.http}/nginx-alive").status_code == status


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
def test_tls_1_1_is_refused(front):
    with front.client(ssl.TLSVersion.TLSv1_1) as client, pytest.raises(httpx.ConnectError):
        client.get("/health/live")


@pytest.mark.parametrize("path", ["/health/live", "/panel/login", "/metrics"])
def test_hsts_is_sent_once_with_every_answer(client, path):
    assert client.get(path).headers.get_list("strict-transport-security") == [STRICT]


def test_the_webhook_takes_a_body_of_exactly_three_mebibytes(client, front):
    assert client.post("/webhook/whatsapp", content=b"x" * 3 * MEBIBYTE).status_code == 200
    assert front.upstream.asked[-1][2] == 3 * MEBIBYTE


def test_a_larger_body_is_refused_before_it_reaches_the_application(client, front):
    before = len(front.upstream.asked)
    answer = client.post("/webhook/whatsapp", content=b"x" * (3 * MEBIBYTE + 1))

    assert (answer.status_code, answer.headers["content-type"]) == (413, "application/problem+json")
    assert len(front.upstream.asked) == before


def test_the_panel_takes_smaller_bodies_than_the_api_never_more_than_its_own(client):
    assert client.post("/panel/knowledge", content=b"x" * 4 * MEBIBYTE).status_code == 200
    assert client.post("/api/v1/contacts", content=b"x" * 2 * MEBIBYTE).status_code == 413


def test_the_application_gets_the_real_address_of_the_client_and_not_one_that_it_claims(
    client, front
):
    client.get(
        "/panel/",
        headers={
            "X-Forwarded-For": "203.0.113.9",
            "X-Forwarded-Proto": "http",
            "X-Request-ID": "theirs",
        },
    )
    _, headers, _ = front.upstream.asked[-1]

    assert (headers["x-forwarded-for"], headers["x-forwarded-proto"]) == ("127.0.0.1", "https")
    assert headers["x-request-id"] != "theirs"


def test_live_updates_of_the_panel_are_passed_on_as_they_come(client, front):
    with client.stream("GET", "/panel/live") as answer:
        pieces = answer.iter_raw()
        assert next(pieces) == b"first"
        front.upstream.first_was_seen.set()
        assert b"".join(pieces) == b"second"


def test_the_token_of_the_handshake_is_not_in_the_log(client, front):
    client.get(
        "/webhook/whatsapp",
        params={"hub.mode": "subscribe", "hub.verify_token": "word-of-the-handshake"},
    )
    wait_until(lambda: '"path":"/webhook/whatsapp"' in front.log.read_text())

    assert "word-of-the-handshake" not in front.log.read_text()


def test_metrics_are_not_for_the_outside(client, front):
    before = len(front.upstream.asked)

    assert client.get("/metrics").status_code == 404
    assert len(front.upstream.asked) == before


def test_the_webhook_knows_only_get_and_post(client):
    assert client.delete("/webhook/whatsapp").status_code == 403


def test_someone_who_guesses_passwords_is_slowed_down_and_the_webhook_is_not(client):
    logins = [client.post("/panel/login").status_code for _ in range(30)]
    webhooks = [client.post("/webhook/whatsapp").status_code for _ in range(300)]

    assert logins.count(429) >= 15
    assert set(webhooks) == {200}


def test_the_panel_can_be_closed_to_other_addresses_while_the_webhook_stays_open(front):
    rule = front.configuration.parent / "access" / "office.conf"
    rule.write_text("allow 203.0.113.0/24;\ndeny all;\n")
    reload(front)
    with client_after_reload(
        front, lambda client: client.get("/panel/").status_code == 403
    ) as client:
        assert client.get("/webhook/whatsapp").status_code == 200
    rule.unlink()
    reload(front)


def test_while_no_web_process_answers_meta_gets_503_and_will_send_again(front):
    text = front.configuration.read_text()
    front.configuration.write_text(
        text.replace(
            f"server 127.0.0.1:{front.upstream.server_port} ", f"server 127.0.0.1:{free_port()} "
        )
    )
    reload(front)
    with client_after_reload(
        front, lambda client: client.post("/webhook/whatsapp").status_code == 503
    ) as client:
        assert (
            client.post("/webhook/whatsapp").headers["content-type"] == "application/problem+json"
        )
    front.configuration.write_text(text)
    reload(front)


def reload(front: Front) -> None:
    subprocess.run(
        [NGINX, "-p", front.configuration.parent, "-c", front.configuration, "-s", "reload"],
        check=True,
        capture_output=True,
    )


@contextmanager
def client_after_reload(
    front: Front, reached: Callable[[httpx.Client], bool]
) -> Iterator[httpx.Client]:
    """A client whose connection a process with the new rules holds; those with the old ones still
    answer for a moment.
    """
    deadline = time.monotonic() + 10
    while True:
        with front.client() as client:
            if _is_so(reached, client):
                yield client
                return
        assert time.monotonic() < deadline, "waited too long"


def _is_so(reached: Callable[[httpx.Client], bool], client: httpx.Client) -> bool:
    try:
        return reached(client)
    except httpx.TransportError:  # a process that is on its way out closes what it accepted
        return False


def wait_until(condition, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.05)
