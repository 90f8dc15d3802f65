import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx
import pytest

from devstack.local_state import free_port
from tests.integration.deployment.nginx_front import STRICT, Front, reload, running_front

MEBIBYTE = 1024 * 1024
SIGNED = {"X-Hub-Signature-256": f"sha256={'0a' * 32}"}


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with running_front(tmp_path_factory.mktemp("nginx")) as front:
        yield front


@pytest.fixture
def client(front: Front) -> Iterator[httpx.Client]:
    with front.client() as client:
        yield client


def test_http_leads_to_https(front):
    answer = httpx.get(
        f"http://127.0.0.1:{front.http}/panel/sessions?state=open",
        headers={"Host": "gatte.example"},
    )

    assert (answer.status_code, answer.headers["location"]) == (
        301,
        "https://gatte.example/panel/sessions?state=open",
    )


@pytest.mark.parametrize(("path", "encoding"), [("/static/long", "gzip"), ("/panel/long", None)])
def test_a_page_with_a_secret_is_not_compressed(client, path, encoding):
    """The length of a compressed page tells what stands beside its secret (BREACH)."""
    answer = client.get(path, headers={"Accept-Encoding": "gzip"})

    assert answer.headers.get("content-encoding") == encoding


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
    assert (
        client.post("/webhook/whatsapp", headers=SIGNED, content=b"x" * 3 * MEBIBYTE).status_code
        == 200
    )
    assert front.upstream.asked[-1][2] == 3 * MEBIBYTE


def test_a_larger_body_is_refused_before_it_reaches_the_application(client, front):
    before = len(front.upstream.asked)
    answer = client.post("/webhook/whatsapp", headers=SIGNED, content=b"x" * (3 * MEBIBYTE + 1))

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


@pytest.mark.parametrize(
    "headers",
    [{}, {"X-Hub-Signature-256": "sha256=0a"}, {"X-Hub-Signature-256": f"sha1={'0a' * 32}"}],
)
def test_a_body_without_the_shape_of_a_signature_reaches_nobody(client, front, headers):
    before = len(front.upstream.asked)
    answer = client.post("/webhook/whatsapp", headers=headers, content=b"x" * MEBIBYTE)

    assert (answer.status_code, answer.headers["content-type"]) == (401, "application/problem+json")
    assert answer.headers.get_list("strict-transport-security") == [STRICT]
    assert len(front.upstream.asked) == before


def test_a_body_that_stops_coming_is_given_up_and_reaches_nobody(front):
    before = len(front.upstream.asked)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", front.https), timeout=20) as plain,
        context.wrap_socket(plain) as secure,
    ):
        head = (
            f"POST /webhook/whatsapp HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n{name_and_value()}"
        )
        secure.sendall(f"{head}\r\n\r\nabc".encode())
        secure.settimeout(20)
        assert secure.recv(64) == b""

    wait_until(lambda: '"status":408' in front.log.read_text())
    assert len(front.upstream.asked) == before


def name_and_value() -> str:
    ((name, value),) = SIGNED.items()
    return f"{name}: {value}"


def test_what_people_search_for_is_in_no_log(client, front):
    answers = [client.get("/panel/?q=maria-da-silva").status_code for _ in range(200)]
    wait_until(lambda: '"status":429' in front.log.read_text())

    assert 429 in answers
    assert "maria-da-silva" not in front.log.read_text() + front.errors.read_text()


def test_a_body_beyond_the_buffer_waits_in_a_file_of_the_folder_that_is_bounded(client, front):
    folder = front.configuration.parent / "client_temp"

    client.post("/webhook/whatsapp", headers=SIGNED, content=b"x" * 2 * MEBIBYTE)

    assert folder.is_dir()
    assert any(folder.rglob("*"))
    assert [path for path in folder.rglob("*") if path.is_file()] == []


def test_someone_who_guesses_passwords_is_slowed_down_and_the_webhook_is_not(client):
    logins = [client.post("/panel/login").status_code for _ in range(30)]
    webhooks = [client.post("/webhook/whatsapp", headers=SIGNED).status_code for _ in range(300)]

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
        front,
        lambda client: client.post("/webhook/whatsapp?secret=q", headers=SIGNED).status_code == 503,
    ) as client:
        answer = client.post("/webhook/whatsapp", headers=SIGNED)
        assert answer.headers["content-type"] == "application/problem+json"
    assert "secret=q" not in front.log.read_text() + front.errors.read_text()
    front.configuration.write_text(text)
    reload(front)


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
