import json

from tests.fakes import payloads
from tests.fakes.people import new_wamid
from tests.process_system import NUMBER, never, until


def test_a_message_is_answered_by_one_post_with_its_outbox_id(client):
    who = client.somebody()

    client.says(who, "oi")

    assert len(client.waits_for_answers(who, 1)) == 1
    sent = client.meta.sent_to(who.phone)[0]
    outbox_id = client.query(
        "SELECT id::text FROM outbox WHERE id::text = %s", sent["biz_opaque_callback_data"]
    )
    assert outbox_id == [(sent["biz_opaque_callback_data"],)]
    assert sent["interactive"]["type"] == "list"


def test_the_same_body_ten_times_is_answered_once(client):
    who = client.somebody()
    body = payloads.body(payloads.text("oi"), who, number=NUMBER)

    assert [client.deliver(body).status_code for _ in range(10)] == [200] * 10

    assert len(client.waits_for_answers(who, 1)) == 1
    assert never(lambda: len(client.heard(who)) > 1, 3)


def test_a_burst_gets_one_answer(client):
    who = client.somebody()

    for text in ("oi", "tudo bem?", "quero comprar um e-CNPJ"):
        client.says(who, text)

    assert len(client.waits_for_answers(who, 1)) == 1
    assert never(lambda: len(client.heard(who)) > 1, 3)


def test_both_forms_of_a_mobile_are_one_contact(client):
    new, old = (
        payloads.Person(phone="5541987654321", name="Léo"),
        payloads.Person(phone="554187654321", name="Léo"),
    )
    before = client.query("SELECT count(*) FROM contact")[0][0]

    for who in (new, old):
        client.says(who, "oi")
        assert len(client.waits_for_answers(who, 1)) == 1

    assert client.query("SELECT count(*) FROM contact")[0][0] == before + 1


def test_statuses_move_forward_only(client):
    who = client.somebody()
    client.says(who, "oi")
    client.waits_for_answers(who, 1)
    outbox_id = client.meta.sent_to(who.phone)[0]["biz_opaque_callback_data"]

    for word in ("read", "sent", "delivered"):
        status = payloads.status("wamid.of-no-interest", word, outbox_id=outbox_id)
        assert client.deliver(payloads.statuses_body(status, number=NUMBER)).status_code == 200

    def state() -> tuple[object, ...]:
        return client.query(
            "SELECT state, delivered_at IS NOT NULL FROM outbox WHERE id = %s", outbox_id
        )[0]

    assert until(lambda: state() == ("read", True))


def test_a_message_can_be_followed_from_the_webhook_to_the_status(client):
    who = client.somebody()
    wamid = new_wamid(who.phone)
    client.deliver(payloads.body(payloads.text("oi"), who, number=NUMBER, wamid=wamid))
    client.waits_for_answers(who, 1)
    outbox_id = client.meta.sent_to(who.phone)[0]["biz_opaque_callback_data"]
    client.deliver(
        payloads.statuses_body(
            payloads.status("wamid.x", "delivered", outbox_id=outbox_id), number=NUMBER
        )
    )
    (correlation_id,) = client.query(
        "SELECT correlation_id FROM conversation c "
        "JOIN outbox o ON o.conversation_id = c.id "
        "WHERE o.id = %s",
        outbox_id,
    )[0]
    (wamid_hash,) = client.query(
        "SELECT left(encode(m.wamid_hash, 'hex'), 24) FROM message m "
        "JOIN outbox o USING (conversation_id) "
        "WHERE m.author = 'customer'"
        " AND o.id = %s",
        outbox_id,
    )[0]

    def events(named: str) -> set[str]:
        return {
            json.loads(line)["event"] for line in client.system.log().splitlines() if named in line
        }

    assert until(lambda: events(wamid_hash) >= {"webhook_stored", "inbox_processed"}), events(
        wamid_hash
    )
    followed = {"inbox_processed", "turn_completed", "reply_sent", "status_applied"}
    assert until(lambda: events(correlation_id) >= followed), events(correlation_id)

    def line(event: str) -> dict[str, object]:
        lines = [
            json.loads(line) for line in client.system.log().splitlines() if wamid_hash in line
        ]
        return next(line for line in lines if line["event"] == event)

    stored, processed = line("webhook_stored"), line("inbox_processed")
    assert processed["correlation_id"] == correlation_id
    assert set(stored["request_ids"]) & set(processed["request_ids"])
