import httpx
import pytest

from tests.fakes import payloads
from tests.process_system import APP_SECRET, NUMBER, VERIFY_TOKEN, until

HOSTILE = [
    b"",
    b"{",
    b"[]",
    b"null",
    b'"whatsapp_business_account"',
    b'{"object":"page","entry":[]}',
    b"\xff\xfe\x00",
    b"[" * 100_000,
]


def signed(client, raw: bytes) -> httpx.Response:
    return client.post(
        raw,
        {"X-Hub-Signature-256": payloads.sign(raw, APP_SECRET), "Content-Type": "application/json"},
    )


def test_the_handshake_gives_the_challenge_back(client):
    query = {
        "hub.mode": "subscribe",
        "hub.challenge": "1158201444",
        "hub.verify_token": VERIFY_TOKEN,
    }

    answer = httpx.get(f"{client.system.url}/webhook/whatsapp", params=query)

    assert (answer.status_code, answer.text) == (200, "1158201444")


def test_a_wrong_verify_token_is_refused(client):
    query = {"hub.mode": "subscribe", "hub.challenge": "1158201444", "hub.verify_token": "guessed"}

    answer = httpx.get(f"{client.system.url}/webhook/whatsapp", params=query)

    assert answer.status_code == 403
    assert "1158201444" not in answer.text


@pytest.mark.parametrize("header", [None, "", "sha256=", "sha256=" + "0" * 64, "sha1=abc"])
def test_an_unsigned_body_is_refused(client, header):
    headers = {} if header is None else {"X-Hub-Signature-256": header}

    answer = client.post(payloads.encode(payloads.body(payloads.text("oi"))), headers)

    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("raw", HOSTILE, ids=range(len(HOSTILE)))
def test_a_signed_body_that_is_no_webhook_is_a_400(client, raw):
    answer = signed(client, raw)

    assert answer.status_code == 400
    assert answer.json()["status"] == 400


def test_a_body_over_three_mebibytes_is_refused(client):
    raw = b" " * (3 * 1024 * 1024 + 1)

    assert signed(client, raw).status_code == 413


@pytest.mark.parametrize("name", sorted(payloads.every_type()))
def test_every_documented_type_is_stored(client, name):
    request = {"X-Request-ID": f"documented-type-{name}"}

    assert (
        client.deliver(
            payloads.body(payloads.every_type()[name], client.somebody(), number=NUMBER),
            **request,
        ).status_code
        == 200
    )

    assert client.query(
        "SELECT count(*) FROM inbox_message WHERE request_id = %s", request["X-Request-ID"]
    ) == [(1,)]


def test_nul_and_bidi_characters_survive(client):
    who = client.somebody()
    client.says(who, "oi\x00 \u202eoi\u202c")

    assert len(client.waits_for_answers(who, 1)) == 1


def test_a_person_without_a_phone_is_answered(client):
    who = payloads.Person(phone=None, name="Bia", bsuid="BR.99887766554433", username="bia")

    client.says(who, "oi")

    assert len(client.waits_for_answers(who, 1)) == 1
    assert client.meta.sent_to("BR.99887766554433")[0]["recipient"] == "BR.99887766554433"


def test_a_body_of_a_thousand_messages_is_stored_whole(client):
    request = {"X-Request-ID": "a-thousand-messages"}

    assert (
        client.deliver(payloads.batch(1000, entries=7, number=NUMBER), **request).status_code == 200
    )

    assert client.query(
        "SELECT count(*) FROM inbox_message WHERE request_id = %s", request["X-Request-ID"]
    ) == [(1000,)]
    assert until(lambda: len({message["to"] for message in client.meta.messages}) >= 1000, 400), (
        "not all were answered"
    )
