import json
from datetime import UTC, datetime

import pytest

from gatte.conversation.nlu import MessageKind as Kind
from gatte.whatsapp import simulator
from gatte.whatsapp.events import Status, selected_option_id, text_of
from gatte.whatsapp.simulator import SimulatedContact, SimulatorClient
from gatte.whatsapp.webhook_parser import parse

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
ANA = SimulatedContact("5511987654321", "Ana")


def received(part, customer=ANA, **more):
    made = simulator.customer_message_body("simulator", customer, part, at=NOW, **more)
    (message,) = parse(simulator.encode(made), NOW).messages
    return message


def test_what_is_sent_gets_an_id_of_its_own():
    client = SimulatorClient()
    first, second = client.send("simulator", {}), client.send("simulator", {})

    assert first.wamid.startswith("wamid.SIM")
    assert first != second


def test_a_text_is_received_as_from_meta():
    message = received(simulator.text_message("Olá 😀"), wamid="wamid.SIM1")

    assert (message.phone_number_id, message.wamid, message.sent_at) == (
        "simulator",
        "wamid.SIM1",
        NOW,
    )
    assert (message.sender.phone, message.sender.name, text_of(message)) == (
        ANA.phone,
        "Ana",
        "Olá 😀",
    )


@pytest.mark.parametrize(
    "part",
    [simulator.button_reply("buy", "Comprar"), simulator.list_reply("buy", "Comprar", "e-CPF")],
)
def test_a_tap_is_received_as_a_choice(part):
    message = received(part)

    assert (
        message.kind,
        selected_option_id(message),
        text_of(message),
        message.skips_quiet_period,
    ) == (Kind.CHOICE, "buy", "Comprar", True)


@pytest.mark.parametrize("kind", [Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.STICKER])
def test_an_attachment_is_received(kind):
    message = received(
        simulator.media_message(kind, "image/jpeg", caption="CNH", filename="cnh.jpg")
    )

    assert (message.kind, message.content.caption, message.content.filename) == (
        kind,
        "CNH",
        "cnh.jpg",
    )


def test_a_place_and_a_reaction_are_received():
    assert received(simulator.location_message(-23.5, -46.6)).content.latitude == -23.5
    assert received(simulator.reaction_message("wamid.A", "👍")).content.emoji == "👍"


def test_a_customer_can_be_hidden_behind_a_bsuid():
    sender = received(simulator.text_message("oi"), SimulatedContact(None, "Bia", "BR.1")).sender

    assert (sender.phone, sender.bsuid) == (None, "BR.1")


def test_a_status_is_received_as_from_meta():
    made = simulator.status_body(
        "simulator", ANA, "wamid.SIM1", Status.READ, outbox_id="0193", at=NOW
    )
    (news,) = parse(json.dumps(made).encode(), NOW).statuses

    assert (news.wamid, news.status, news.outbox_id, news.phone, news.at) == (
        "wamid.SIM1",
        Status.READ,
        "0193",
        ANA.phone,
        NOW,
    )


def test_the_bytes_are_escaped_as_metas():
    assert simulator.encode({"a": "é/😀"}) == rb'{"a":"\u00e9\/\ud83d\ude00"}'
