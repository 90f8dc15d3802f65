import socket
import threading

import pytest

from gatte.conversation.replies import (
    ButtonsReply,
    MenuReply,
    ReplyOption,
    TemplateReply,
    TextReply,
)
from gatte.whatsapp.channel import NotSent, OutcomeUncertain, Rejected
from gatte.whatsapp.client import CloudClient, CloudTimeouts
from gatte.whatsapp.errors import ErrorCategory
from gatte.whatsapp.outbound import message_body
from tests.fakes.meta import FakeMeta
from tests.process_system import least_seconds

NUMBER, ANA, TOKEN = "106540352242922", "5511987654321", "test-token"
QUICK = CloudTimeouts(connect=0.5, read=0.4, pool=0.4, total=1.0)


@pytest.fixture
def meta():
    with FakeMeta(TOKEN) as fake_meta:
        yield fake_meta


@pytest.fixture
def connect():
    made = []

    def to(url, token=TOKEN):
        made.append(CloudClient(url, "v25.0", token, QUICK))
        return made[-1]

    yield to
    for client in made:
        client.close()


@pytest.fixture
def client(meta, connect):
    return connect(meta.url)


def send(client, words="oi", **more):
    return client.send(NUMBER, message_body(TextReply(words), phone=ANA, **more))


def test_a_message_is_sent_and_gets_its_wamid(meta, client):
    sent = send(client, "Olá 😀", outbox_id="0193")

    assert sent.wamid == meta.messages[0]["wamid"]
    assert meta.texts_to(ANA) == ["Olá 😀"]
    assert meta.messages[0]["outbox_id"] == "0193"


def test_every_kind_of_reply_is_taken(meta, client):
    options = (ReplyOption("a", "A"), ReplyOption("b", "B", "bê"))
    for reply in (
        TextReply("oi"),
        ButtonsReply("oi", options),
        MenuReply("oi", "Ver", options),
        TemplateReply("retorno", "pt_BR", ("Ana",)),
    ):
        client.send(NUMBER, message_body(reply, phone=ANA))

    assert [one["type"] for one in meta.sent_to(ANA)] == [
        "text",
        "interactive",
        "interactive",
        "template",
    ]


def test_a_customer_without_a_phone_is_reached(meta, client):
    client.send(NUMBER, message_body(TextReply("oi"), bsuid="BR.1502576394655843"))

    assert meta.texts_to("BR.1502576394655843") == ["oi"]


def test_a_message_is_marked_as_read_with_typing(meta, client):
    client.mark_read(NUMBER, "wamid.A")
    client.mark_read(NUMBER, "wamid.B", typing=False)

    assert [(mark["wamid"], mark["typing"]) for mark in meta.graph.reads] == [
        ("wamid.A", True),
        ("wamid.B", False),
    ]


def test_a_refusal_carries_metas_error(meta, client):
    meta.fail("error", status=400, code=131047)

    with pytest.raises(Rejected) as refused:
        send(client)
    assert (refused.value.code, refused.value.error.category) == (
        131047,
        ErrorCategory.WINDOW_CLOSED,
    )
    assert meta.messages == []


@pytest.mark.parametrize(
    ("status", "code"),
    [(400, 100), (401, 190), (429, 130429), (503, 131016), (500, 130429), (404, None), (302, None)],
)
def test_what_was_certainly_turned_away_is_refused(meta, client, status, code):
    meta.fail("error", status=status, code=code)

    with pytest.raises(Rejected):
        send(client)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (500, None),
        (500, 1),
        (500, 131000),
        (503, 2),
        (502, None),
        (504, None),
        (408, None),
        (204, None),
    ],
)
def test_a_failure_that_may_have_come_after_acceptance_is_uncertain(meta, client, status, code):
    meta.fail("error", status=status, code=code, accept=True)

    with pytest.raises(OutcomeUncertain):
        send(client)
    assert len(meta.messages) == 1


@pytest.mark.parametrize("kind", ["cut", "silence", "nonsense", "drip"])
def test_an_answer_that_does_not_come_or_cannot_be_read_is_uncertain(meta, client, kind):
    meta.fail(kind)

    with pytest.raises(OutcomeUncertain):
        send(client)
    assert len(meta.messages) == 1


def test_no_answer_is_waited_for_longer_than_the_limits(meta, client):
    meta.fail("drip", times=3)

    def fails() -> None:
        with pytest.raises(OutcomeUncertain):
            send(client)

    assert least_seconds(3, fails) < 3


@pytest.mark.parametrize(
    "text",
    [
        "{}",
        '{"messages":[]}',
        '{"messages":[{"id":7.5}]}',
        '{"messages":"x"}',
        "[]",
        "",
        '{"messages":[{}]}',
    ],
)
def test_an_acceptance_without_a_wamid_is_uncertain(meta, client, text):
    meta.fail("nonsense", body=text)

    with pytest.raises(OutcomeUncertain):
        send(client)


def test_when_nobody_listens_nothing_was_sent(connect):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    client = connect(f"http://127.0.0.1:{port}")

    with pytest.raises(NotSent) as failed:
        send(client)
    assert failed.value.retry_delay(1) > 0


def test_a_server_that_never_takes_the_connection_is_left_in_time(connect):
    with socket.create_server(("127.0.0.1", 0), backlog=1) as server:
        client = connect(f"http://127.0.0.1:{server.getsockname()[1]}")
        with pytest.raises(OutcomeUncertain):
            send(client)


def test_the_connection_works_again_after_a_cut(meta, client):
    meta.fail("cut")
    with pytest.raises(OutcomeUncertain):
        send(client)

    assert send(client).wamid


def test_what_the_headers_ask_for_is_told(meta, client):
    meta.fail("error", status=429, code=80007, retry_after=17)

    with pytest.raises(Rejected) as refused:
        send(client)
    assert refused.value.retry_after == 17
    assert refused.value.retry_delay(1) == 17


def test_the_minutes_of_the_usage_header_count_when_they_are_longer(meta, client):
    meta.fail("error", status=400, code=80007, retry_after=17, usage_minutes=2)

    with pytest.raises(Rejected) as refused:
        send(client)
    assert refused.value.retry_after == 120


def test_a_wrong_token_is_refused_and_never_shown(meta, connect):
    client = connect(meta.url, "segredo-que-nao-aparece")

    with pytest.raises(Rejected) as refused:
        send(client)
    assert refused.value.error.category is ErrorCategory.AUTH_ALERT
    assert "segredo" not in repr(client) + repr(refused.value) + str(refused.value)


@pytest.mark.parametrize("token", ["", "a b", "a\nb", "é"])
def test_a_token_that_is_none_is_refused_at_the_start(token):
    with pytest.raises(ValueError, match="access token") as refused:
        CloudClient("http://127.0.0.1:1", "v25.0", token)
    assert not token or token not in str(refused.value)


@pytest.mark.parametrize("url", ["", "graph.facebook.com", "ftp://x", "http://"])
def test_a_base_url_that_is_none_is_refused_at_the_start(url):
    with pytest.raises(ValueError, match="base URL"):
        CloudClient(url, "v25.0", TOKEN)


@pytest.mark.parametrize("number", ["", "../me", "1/2", "1?x=", "a b"])
def test_a_number_that_is_none_changes_no_path(meta, client, number):
    with pytest.raises(Rejected):
        client.send(number, message_body(TextReply("oi"), phone=ANA))
    assert meta.messages == []


def test_the_token_does_not_follow_a_redirect(meta, connect):
    seen = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        where = f"http://127.0.0.1:{server.getsockname()[1]}"
        threading.Thread(target=_redirect, args=(server, meta.url, seen), daemon=True).start()
        with pytest.raises(Rejected):
            send(connect(where))
    assert b"Bearer test-token" in seen[0]
    assert meta.messages == []
    assert meta.graph.refused == []


def _redirect(server, target, seen):
    line, _ = server.accept()
    with line:
        seen.append(line.recv(65_536))
        line.sendall(
            f"HTTP/1.1 307 Moved\r\nLocation: {target}/v25.0/{NUMBER}/messages\r\n"
            "Content-Length: 0\r\n\r\n".encode()
        )


def test_many_threads_share_one_client(meta, client):
    def sender(index):
        for turn in range(10):
            client.send(
                NUMBER, message_body(TextReply(f"{index}-{turn}"), phone=f"551198765{index:04}")
            )

    threads = [threading.Thread(target=sender, args=(index,)) for index in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(meta.messages) == 160
    assert meta.texts_to("5511987650003") == [f"3-{turn}" for turn in range(10)]
