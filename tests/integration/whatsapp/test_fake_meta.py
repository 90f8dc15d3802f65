"""The stand-in itself: what the other tests rely on."""

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from gatte.whatsapp.signature import verify
from gatte.whatsapp.webhook_parser import parse
from tests.fakes.meta import FakeMeta

NUMBER, ANA, SECRET = "106540352242922", "5511987654321", "segredo"
HEADERS = {"Authorization": "Bearer test-token"}


@pytest.fixture
def meta():
    with FakeMeta() as fake_meta:
        yield fake_meta


@pytest.fixture
def http():
    with httpx.Client(headers=HEADERS, timeout=5) as client:
        yield client


def text(words="oi", **more):
    return {
        "messaging_product": "whatsapp",
        "to": ANA,
        "type": "text",
        "text": {"body": words},
    } | more


def post(http, meta, body):
    return http.post(f"{meta.url}/v25.0/{NUMBER}/messages", json=body)


def error_of(answer):
    return answer.status_code, answer.json()["error"]["code"]


class Webhook(BaseHTTPRequestHandler):
    """Takes signed bodies and keeps what stood in them."""

    def do_POST(self):
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        if server.refusals:
            server.refusals -= 1
            self.send_response(503)
        elif verify(raw, self.headers["X-Hub-Signature-256"], [SECRET]):
            server.news += parse(raw).statuses
            self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def webhook():
    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        server.news, server.refusals, server.url = (
            [],
            0,
            f"http://127.0.0.1:{server.server_port}/webhook/whatsapp",
        )
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def wait_for(condition):
    deadline = time.monotonic() + 5
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert condition()


def test_an_accepted_message_is_answered_in_metas_shape_and_recorded(meta, http):
    answer = post(http, meta, text(biz_opaque_callback_data="0193"))

    assert answer.status_code == 200
    assert answer.json()["contacts"] == [{"input": ANA, "wa_id": ANA}]
    assert answer.json()["messages"][0]["id"] == meta.messages[0]["wamid"]
    assert (meta.messages[0]["outbox_id"], meta.texts_to(ANA)) == ("0193", ["oi"])


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer outro"}, {"Authorization": "test-token"}]
)
def test_a_wrong_token_is_refused(meta, header):
    answer = httpx.post(f"{meta.url}/v25.0/{NUMBER}/messages", json=text(), headers=header)

    assert error_of(answer) == (401, 190)


@pytest.mark.parametrize(
    ("code", "body"),
    [
        (100, text(messaging_product="x")),
        (100, text(novidade=1)),
        (100, {"messaging_product": "whatsapp", "to": ANA, "type": "holograma"}),
        (131008, {"messaging_product": "whatsapp", "type": "text", "text": {"body": "oi"}}),
        (131008, text("")),
        (131009, text("a" * 4097)),
        (131009, text(to="ana")),
        (
            131009,
            {
                "messaging_product": "whatsapp",
                "recipient": "5511987654321",
                "type": "text",
                "text": {"body": "oi"},
            },
        ),
        (
            100,
            {
                "messaging_product": "whatsapp",
                "to": ANA,
                "type": "text",
                "text": {"body": "oi", "x": 1},
            },
        ),
        (100, {"messaging_product": "whatsapp", "status": "sent", "message_id": "wamid.A"}),
        (131009, {"messaging_product": "whatsapp", "status": "read", "message_id": "A"}),
    ],
)
def test_a_body_that_breaks_metas_rules_is_refused(meta, http, code, body):
    assert error_of(post(http, meta, body)) == (400, code)
    assert meta.messages == []


def test_unknown_paths_and_objects_are_refused(meta, http):
    assert error_of(http.post(f"{meta.url}/messages", json=text())) == (400, 2500)
    assert error_of(http.post(f"{meta.url}/v25.0/nobody/messages", json=text())) == (400, 100)
    assert error_of(
        http.post(
            f"{meta.url}/v25.0/{NUMBER}/messages",
            content=b"x",
            headers={"Content-Type": "application/json"},
        )
    ) == (
        400,
        100,
    )


def test_statuses_come_back_signed_and_with_the_outbox_id(meta, http, webhook):
    meta.post_statuses(webhook.url, SECRET, spacing=0.001)
    wamid = post(http, meta, text(biz_opaque_callback_data="0193")).json()["messages"][0]["id"]

    wait_for(lambda: len(webhook.news) == 3)
    assert [str(news.status) for news in webhook.news] == ["sent", "delivered", "read"]
    assert {(news.wamid, news.outbox_id, news.phone) for news in webhook.news} == {
        (wamid, "0193", ANA)
    }


def test_a_status_can_come_before_the_answer_to_the_send(meta, http, webhook):
    meta.post_statuses(webhook.url, SECRET, words=("sent",), before_response=True)
    post(http, meta, text())

    assert [str(news.status) for news in webhook.news] == ["sent"]


def test_statuses_can_come_in_the_wrong_order_and_twice(meta, http, webhook):
    meta.post_statuses(webhook.url, SECRET, reorder=True, duplicate=True, spacing=0.01)
    post(http, meta, text())

    wait_for(lambda: len(webhook.news) == 6)
    assert str(webhook.news[0].status) == "read"


def test_statuses_that_are_not_taken_come_again(meta, http, webhook):
    webhook.refusals = 2
    meta.post_statuses(webhook.url, SECRET, words=("sent",))
    post(http, meta, text())

    wait_for(lambda: len(webhook.news) == 1)


def test_an_accepted_message_can_fail_later(meta, http, webhook):
    meta.post_statuses(webhook.url, SECRET)
    meta.fail("fails_later", code=131047)

    assert post(http, meta, text()).status_code == 200
    wait_for(lambda: len(webhook.news) == 1)
    assert webhook.news[0].errors[0].code == 131047


def test_a_fault_meets_whom_it_is_meant_for_as_often_as_it_says(meta, http):
    meta.fail("error", status=429, code=130429, times=2, to=ANA)

    answers = [post(http, meta, text(to=to)).status_code for to in ("5511911112222", ANA, ANA, ANA)]
    assert answers == [200, 429, 429, 200]


def test_the_rate_of_a_number_is_held(meta, http):
    http.post(f"{meta.url}/__control/settings", json={"per_second": 3})

    assert [post(http, meta, text()).status_code for _ in range(5)] == [200, 200, 200, 429, 429]


def test_the_rate_of_a_customer_is_held(meta, http):
    http.post(f"{meta.url}/__control/settings", json={"pair_rate": True})
    answers = [post(http, meta, text()) for _ in range(46)]

    assert [answer.status_code for answer in answers] == [200] * 45 + [400]
    assert error_of(answers[-1])[1] == 131056


def test_media_can_be_uploaded_found_fetched_and_deleted(meta, http):
    media_id = http.post(f"{meta.url}/v25.0/{NUMBER}/media", content=b"abc").json()["id"]
    facts = http.get(f"{meta.url}/v25.0/{media_id}").json()

    assert facts["file_size"] == 3
    assert http.get(facts["url"]).content == b"abc"
    assert httpx.get(facts["url"]).status_code == 401
    assert http.delete(f"{meta.url}/v25.0/{media_id}").json() == {"success": True}


def test_a_contact_can_be_forgotten(meta, http):
    http.delete(
        f"{meta.url}/v25.0/{NUMBER}/contact_book",
        params={"messaging_product": "whatsapp", "bsuid": "BR.1"},
    )

    assert meta.graph.forgotten == ["BR.1"]


def test_other_processes_can_read_and_steer_it(tmp_path):
    record = tmp_path / "sent.jsonl"
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fakes.meta", "--record", record],
        stdout=subprocess.PIPE,
        text=True,
    )
    with process, httpx.Client(base_url=process.stdout.readline().strip(), headers=HEADERS) as http:
        http.post("/__control/faults", json=[{"kind": "error", "status": 503, "code": 131016}])
        answers = [
            http.post(
                f"/v25.0/{NUMBER}/messages", json=text(words, biz_opaque_callback_data="same")
            )
            for words in "abc"
        ]
        summary = http.get("/__control/summary").json()
        kept = http.get("/__control/messages", params={"to": ANA, "since": 1}).json()["messages"]
        process.terminate()

    assert [answer.status_code for answer in answers] == [503, 200, 200]
    assert (summary["accepted"], summary["by_recipient"], summary["twice"]) == (
        2,
        {ANA: 2},
        ["same"],
    )
    assert [one["body"]["text"]["body"] for one in kept] == ["c"]
    assert [json.loads(line)["seq"] for line in record.read_text().splitlines()] == [1, 2]
