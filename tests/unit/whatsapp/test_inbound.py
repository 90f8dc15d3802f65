from datetime import UTC, datetime, timedelta

import pytest

from gatte.conversation.nlu import MessageKind as Kind
from gatte.whatsapp import content
from gatte.whatsapp.events import selected_option_id, text_of
from gatte.whatsapp.webhook_parser import (
    InboundMessage,
    InvalidPayload,
    Sender,
    Status,
    WebhookPayload,
    parse,
)
from tests.fakes import payloads
from tests.fakes.payloads import ANA, HIDDEN, Person, body, encode, every_type, message, status

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())


def received(made) -> WebhookPayload:
    return parse(encode(made), NOW)


def one(part, sender=ANA, **more) -> InboundMessage:
    (found,) = received(body(part, sender, **more)).messages
    return found


def test_a_text_message_is_read():
    found = one(payloads.text("Olá, bom dia! 😀"), wamid="wamid.A", at=SECONDS - 60)

    assert (found.phone_number_id, found.wamid, found.kind) == (
        payloads.NUMBER,
        "wamid.A",
        Kind.TEXT,
    )
    assert found.sent_at == NOW - timedelta(seconds=60)
    assert found.sender == Sender("5511987654321", None, None, "Ana Souza", None)
    assert text_of(found) == "Olá, bom dia! 😀"
    assert not found.skips_quiet_period


@pytest.mark.parametrize(
    ("name", "kind", "made", "said"),
    [
        ("text", Kind.TEXT, content.TextContent, "Olá, bom dia! 😀"),
        ("image", Kind.IMAGE, content.MediaContent, "minha CNH"),
        ("video", Kind.VIDEO, content.MediaContent, ""),
        ("audio", Kind.AUDIO, content.MediaContent, ""),
        ("document", Kind.DOCUMENT, content.MediaContent, "segue"),
        ("sticker", Kind.STICKER, content.MediaContent, ""),
        ("location", Kind.LOCATION, content.LocationContent, ""),
        ("contacts", Kind.CONTACTS, content.ContactCards, ""),
        ("button_reply", Kind.CHOICE, content.ButtonReply, "Comprar"),
        ("list_reply", Kind.CHOICE, content.ListReply, "Meu certificado"),
        ("nfm_reply", Kind.UNSUPPORTED, content.FlowReply, "Sent"),
        ("call_permission_reply", Kind.SYSTEM, content.CallPermission, ""),
        ("button", Kind.CHOICE, content.QuickReply, "Quero renovar"),
        ("order", Kind.ORDER, content.OrderContent, "Pode ser hoje?"),
        ("reaction", Kind.REACTION, content.Reaction, ""),
        ("system", Kind.SYSTEM, content.SystemContent, ""),
        ("unsupported", Kind.UNSUPPORTED, content.UnsupportedContent, ""),
        ("unknown", Kind.UNSUPPORTED, content.UnsupportedContent, ""),
        ("edit", Kind.EDIT, content.Edit, "quis dizer e-CPF"),
        ("revoke", Kind.REVOKE, content.Revoke, ""),
        ("request_welcome", Kind.SYSTEM, content.RequestWelcome, ""),
    ],
)
def test_every_documented_type_has_its_kind_content_and_words(name, kind, made, said):
    found = one(every_type()[name])

    assert (found.kind, type(found.content), text_of(found)) == (kind, made, said)


def test_the_table_above_names_every_type_that_the_builders_know():
    rows = test_every_documented_type_has_its_kind_content_and_words.pytestmark[0].args[1]

    assert {row[0] for row in rows} == set(every_type())


def test_media_keep_what_is_needed_to_fetch_and_show_them():
    media = one(payloads.document("contrato.pdf", "segue")).content

    assert (media.mime_type, media.filename, media.caption) == (
        "application/pdf",
        "contrato.pdf",
        "segue",
    )
    assert media.id.isdigit()
    assert media.url.startswith("https://lookaside.fbsbx.com/")


@pytest.mark.parametrize("name", ["button_reply", "list_reply", "button"])
def test_a_tap_waits_for_nothing(name):
    assert one(every_type()[name]).skips_quiet_period


@pytest.mark.parametrize(
    "name", sorted(set(every_type()) - {"button_reply", "list_reply", "button"})
)
def test_everything_else_waits_for_the_quiet_window(name):
    assert not one(every_type()[name]).skips_quiet_period


def test_the_id_of_a_tap_is_found():
    assert selected_option_id(one(payloads.button_reply("menu:buy", "Comprar"))) == "menu:buy"
    assert selected_option_id(one(payloads.list_reply("menu:faq", "Dúvidas"))) == "menu:faq"
    assert selected_option_id(one(payloads.quick_reply("renew", "Renovar"))) == "renew"
    assert selected_option_id(one(payloads.text("oi"))) is None


def test_a_customer_without_a_phone_is_known_by_bsuid():
    sender = one(payloads.text("oi"), HIDDEN).sender

    assert sender == Sender(None, "BR.1502576394655843", None, "Bia", "bia.rocha")


def test_a_customer_with_both_ids_has_both():
    sender = one(payloads.text("oi"), Person("5511987654321", "Ana", "BR.1", "BR.ENT.2")).sender

    assert (sender.phone, sender.bsuid, sender.parent_bsuid) == (
        "5511987654321",
        "BR.1",
        "BR.ENT.2",
    )


def test_a_message_that_names_nobody_is_of_the_only_contact():
    made = message(payloads.text("oi"), Person(None, None))
    contacts = [payloads.contact(ANA)]
    (found,) = received(
        payloads.envelope(
            payloads.entry(payloads.change(payloads.value(contacts=contacts, messages=[made])))
        )
    ).messages

    assert found.sender.phone == ANA.phone


def test_a_contact_of_somebody_else_gives_no_name():
    made = message(payloads.text("oi"), ANA)
    contacts = [payloads.contact(HIDDEN)]
    (found,) = received(
        payloads.envelope(
            payloads.entry(payloads.change(payloads.value(contacts=contacts, messages=[made])))
        )
    ).messages

    assert found.sender == Sender("5511987654321")


def test_a_message_about_a_changed_number_comes_without_contacts():
    made = message(payloads.changed_number("5511900000000"), ANA)
    (found,) = received(
        payloads.envelope(payloads.entry(payloads.change(payloads.value(messages=[made]))))
    ).messages

    assert found.content.kind is content.SystemKind.USER_CHANGED_NUMBER
    assert (found.sender.phone, found.content.new_phone) == ("5511987654321", "5511900000000")


def test_a_changed_user_id_is_read():
    system = one(payloads.changed_user_id("BR.2", "BR.ENT.9")).content

    assert (system.new_bsuid, system.new_parent_bsuid, system.new_phone) == (
        "BR.2",
        "BR.ENT.9",
        None,
    )


def test_a_quote_a_forward_and_an_advertisement_are_read():
    found = one(
        payloads.text("oi"),
        context={
            "id": "wamid.Q",
            "frequently_forwarded": True,
            "referred_product": {"catalog_id": "7", "product_retailer_id": "a1"},
        },
        referral={"source_type": "ad", "source_id": "12", "headline": "e-CNPJ", "ctwa_clid": "xyz"},
    )

    assert (found.context.reply_to, found.context.forwarded, found.context.product) == (
        "wamid.Q",
        True,
        "a1",
    )
    assert (found.referral.source_type, found.referral.headline, found.referral.click_id) == (
        "ad",
        "e-CNPJ",
        "xyz",
    )


def test_a_removed_reaction_has_no_emoji():
    assert one(payloads.reaction("wamid.A", None)).content.emoji is None
    assert one(payloads.reaction("wamid.A", "")).content.emoji is None


def test_a_group_message_tells_its_group():
    assert one(payloads.text("oi"), group_id="G1").group_id == "G1"


def test_everything_that_came_is_kept_in_raw():
    strange = payloads.text("a\x00b\u202ec") | {"novidade": {"x": [1, None]}}
    made = body(strange)
    found = received(made).messages[0]
    value = made["entry"][0]["changes"][0]["value"]

    assert found.raw == {"message": value["messages"][0], "contact": value["contacts"][0]}
    assert text_of(found) == "a\x00b\u202ec"


def test_a_batch_over_several_entries_is_split_whole():
    found = received(payloads.batch(1000))

    assert len({inbound.wamid for inbound in found.messages}) == 1000
    assert len({inbound.sender for inbound in found.messages}) == 1000
    assert not found.others


@pytest.mark.parametrize(
    "word", ["sent", "delivered", "read", "played", "failed", "deleted", "warning"]
)
def test_a_status_is_read(word):
    made = status(
        "wamid.B", word, Person("5511987654321", None, "BR.1"), outbox_id="0193", at=SECONDS - 5
    )
    (news,) = received(payloads.statuses_body(made)).statuses

    assert (news.wamid, news.status, news.outbox_id) == ("wamid.B", Status(word), "0193")
    assert (news.phone, news.bsuid, news.at) == (
        "5511987654321",
        "BR.1",
        NOW - timedelta(seconds=5),
    )
    assert news.raw == made


def test_a_status_that_meta_may_add_is_kept_as_other():
    (news,) = received(payloads.statuses_body(status("wamid.B", "RINGING"))).statuses

    assert (news.status, news.raw["status"]) == (Status.OTHER, "RINGING")


def test_the_price_and_conversation_of_a_status_are_read():
    (news,) = received(payloads.statuses_body(status("wamid.B", "sent"))).statuses

    assert (
        news.pricing.billable,
        news.pricing.model,
        news.pricing.type,
        news.pricing.category,
    ) == (True, "PMP", "regular", "service")
    assert news.conversation_id == "8e1b6f0c2d"


def test_the_error_of_a_failed_status_is_read():
    (news,) = received(
        payloads.statuses_body(payloads.failure("wamid.B", 131047, "Mais de 24 horas."))
    ).statuses

    assert [(error.code, error.details) for error in news.errors] == [(131047, "Mais de 24 horas.")]


def test_a_status_learns_the_ids_from_its_contacts_entry():
    made = status("wamid.B", "read", Person("5511987654321", None))
    contacts = [payloads.contact(Person("5511987654321", "Ana", "BR.1"))]
    (news,) = received(
        payloads.envelope(
            payloads.entry(payloads.change(payloads.value(contacts=contacts, statuses=[made])))
        )
    ).statuses

    assert news.bsuid == "BR.1"


def test_what_a_human_wrote_on_the_phone_is_an_echo():
    found = received(payloads.echo(payloads.text("Aqui é o João"), ANA))
    (echo,) = found.echoes

    assert (echo.phone, echo.kind, text_of(echo)) == ("5511987654321", Kind.TEXT, "Aqui é o João")
    assert not found.messages


def test_an_error_of_the_number_is_another_event():
    (event,) = received(payloads.number_error(130429)).others

    assert (event.field, event.phone_number_id, event.value["code"]) == (
        "errors",
        payloads.NUMBER,
        130429,
    )


@pytest.mark.parametrize(
    "field", ["message_template_status_update", "account_update", "calls", "um_campo_de_2030"]
)
def test_other_fields_are_kept(field):
    change = payloads.change(
        {"event": "APPROVED", "message_template_id": 594425479261596, "reason": None}, field
    )
    (event,) = received(payloads.envelope(payloads.entry(change))).others

    assert (event.field, event.value) == (field, change["value"])


def test_unknown_parts_beside_the_messages_are_kept():
    change = payloads.change(payloads.value(messages=[message(payloads.text("oi"))], novidade=[1]))
    found = received(payloads.envelope(payloads.entry(change)))

    assert len(found.messages) == 1
    assert found.others[0].value == {"novidade": [1]}


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"", "not JSON"),
        (b"oi", "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b'{"object":"whatsapp_business_account"', "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b'{"a":"\\ud800","b":' + b"[" * 400 + b"]" * 400 + b"}", "nested too deep"),
        (b"[]", "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'"oi"', "not a JSON object"),
        (b"{}", "not an event of a WhatsApp business account"),
        (b'{"object":"page","entry":[]}', "not an event of a WhatsApp business account"),
        (
            b'{"object":["whatsapp_business_account"]}',
            "not an event of a WhatsApp business account",
        ),
    ],
)
def test_what_is_no_webhook_body_is_refused_with_a_reason(raw, reason):
    with pytest.raises(InvalidPayload) as refused:
        parse(raw)
    assert refused.value.reason == reason
