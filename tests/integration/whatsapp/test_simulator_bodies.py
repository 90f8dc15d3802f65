"""Another library, which reads what Meta sends, reads every body of the simulator."""

import pytest
from pywa.client import WhatsApp
from pywa.handlers import (
    CallbackButtonHandler,
    CallbackSelectionHandler,
    MessageHandler,
    MessageStatusHandler,
)
from pywa.types import CallbackButton, CallbackSelection, Message, MessageStatus

from gatte.conversation.nlu import MessageKind as Kind
from gatte.web.panel.simulator import ATTACHMENTS, DEFAULT_CONTACTS
from gatte.whatsapp import simulator
from gatte.whatsapp.events import Status
from gatte.whatsapp.simulator import SIMULATOR_NUMBER, SimulatedContact

CUSTOMERS = [*DEFAULT_CONTACTS, SimulatedContact("550097000001", "Sem BSUID próprio")]
MEDIA = (Kind.IMAGE, Kind.VIDEO, Kind.AUDIO, Kind.DOCUMENT, Kind.STICKER)
PARTS = {
    "text": (simulator.text_message("oi"), Message),
    "button": (simulator.button_reply("yes", "Sim", answered="wamid.SIMa"), CallbackButton),
    "row": (
        simulator.list_reply("buy", "Comprar", "e-CPF", answered="wamid.SIMa"),
        CallbackSelection,
    ),
    "row without description": (simulator.list_reply("buy", "Comprar"), CallbackSelection),
    "location": (simulator.location_message(-23.5, -46.6), Message),
    "reaction": (simulator.reaction_message("wamid.SIMa", "👍"), Message),
    "reaction taken back": (simulator.reaction_message("wamid.SIMa", ""), Message),
    **{kind.value: (simulator.media_message(kind, "image/jpeg"), Message) for kind in MEDIA},
    **{
        f"{kind.value} with words": (
            simulator.media_message(kind, "image/jpeg", caption="CNH", filename="cnh.jpg"),
            Message,
        )
        for kind in MEDIA
    },
    **{f"attachment {key}": (part, Message) for key, (_, part) in ATTACHMENTS.items()},
}
NEWS = (Status.SENT, Status.DELIVERED, Status.READ, Status.PLAYED, Status.FAILED)


@pytest.fixture(scope="module")
def read():
    """What pywa makes of a body: the one update that it hands to a handler."""
    whatsapp = WhatsApp(phone_id=SIMULATOR_NUMBER, token="unused", server=None)
    made = []
    for handler in (
        MessageHandler,
        MessageStatusHandler,
        CallbackButtonHandler,
        CallbackSelectionHandler,
    ):
        whatsapp.add_handlers(handler(lambda _, update: made.append(update)))

    def reading(body):
        made.clear()
        whatsapp.webhook_update_handler(simulator.encode(body))
        assert len(made) == 1, "pywa could not read it"
        return made[0]

    return reading


@pytest.mark.parametrize("customer", CUSTOMERS, ids=lambda customer: customer.name)
@pytest.mark.parametrize("name", PARTS)
def test_a_message_is_read_as_what_it_is(read, customer, name):
    part, wanted = PARTS[name]
    update = read(
        simulator.customer_message_body(SIMULATOR_NUMBER, customer, part, wamid="wamid.SIMb")
    )

    assert (type(update), update.id) == (wanted, "wamid.SIMb")
    assert (update.from_user.wa_id, update.from_user.bsuid, update.from_user.name) == (
        customer.phone,
        customer.user_id,
        customer.name,
    )


@pytest.mark.parametrize("customer", CUSTOMERS, ids=lambda customer: customer.name)
@pytest.mark.parametrize("status", NEWS)
def test_news_are_read_as_what_they_are(read, customer, status):
    update = read(
        simulator.status_body(SIMULATOR_NUMBER, customer, "wamid.SIMb", status, outbox_id="0193")
    )

    assert (type(update), update.status.value, update.tracker) == (
        MessageStatus,
        status.value,
        "0193",
    )
    assert (update.from_user.wa_id, update.from_user.bsuid) == (customer.phone, customer.user_id)


@pytest.mark.parametrize("kind", MEDIA)
def test_media_have_an_address_and_a_hash(read, kind):
    media = read(
        simulator.customer_message_body(
            SIMULATOR_NUMBER, DEFAULT_CONTACTS[0], simulator.media_message(kind, "image/jpeg")
        )
    ).media

    assert media.url == f"https://simulator.invalid/{media.id}"
    assert len(media.sha256) == 44


def test_a_tap_says_which_message_it_answers(read):
    update = read(
        simulator.customer_message_body(SIMULATOR_NUMBER, DEFAULT_CONTACTS[0], PARTS["row"][0])
    )

    assert (update.data, update.title, update.reply_to_message.id) == (
        "buy",
        "Comprar",
        "wamid.SIMa",
    )


def test_a_failure_says_why(read):
    update = read(
        simulator.status_body(SIMULATOR_NUMBER, DEFAULT_CONTACTS[0], "wamid.SIMb", Status.FAILED)
    )

    assert update.error.code == 131026


def test_one_of_the_customers_is_known_without_a_phone():
    assert [customer.phone is None for customer in DEFAULT_CONTACTS].count(True) == 1
