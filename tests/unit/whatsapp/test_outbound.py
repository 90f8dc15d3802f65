import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatte.conversation.replies import (
    ButtonsReply,
    MenuReply,
    ReplyOption,
    TemplateReply,
    TextReply,
)
from gatte.whatsapp import outbound
from gatte.whatsapp.outbound import LimitExceeded, NoRecipient, TooLong, message_body
from tests.fakes.meta_rules import Refusal, check_message, check_read

ANA = "5511987654321"
YES_NO = (ReplyOption("yes", "Sim"), ReplyOption("no", "Não"))
MENU = MenuReply(
    "Como posso ajudar?",
    "Ver opções",
    (ReplyOption("buy", "Comprar", "e-CPF e e-CNPJ"), ReplyOption("faq", "Dúvidas")),
)


def options(count, **fixed):
    return tuple(
        ReplyOption(
            fixed.get("id", f"id{index}"),
            fixed.get("title", f"T{index}"),
            fixed.get("description", ""),
        )
        for index in range(count)
    )


def test_a_text_becomes_a_body():
    assert message_body(TextReply("Olá"), phone=ANA, outbox_id="0193") == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": ANA,
        "type": "text",
        "text": {"body": "Olá", "preview_url": False},
        "biz_opaque_callback_data": "0193",
    }


def test_buttons_become_a_body():
    interactive = message_body(ButtonsReply("Certo?", YES_NO), phone=ANA)["interactive"]

    assert (interactive["type"], interactive["body"]) == ("button", {"text": "Certo?"})
    assert [button["reply"] for button in interactive["action"]["buttons"]] == [
        {"id": "yes", "title": "Sim"},
        {"id": "no", "title": "Não"},
    ]


def test_a_menu_becomes_a_list_whose_rows_have_descriptions_only_when_they_say_something():
    action = message_body(MENU, phone=ANA)["interactive"]["action"]

    assert action["button"] == "Ver opções"
    assert action["sections"] == [
        {
            "rows": [
                {"id": "buy", "title": "Comprar", "description": "e-CPF e e-CNPJ"},
                {"id": "faq", "title": "Dúvidas"},
            ]
        }
    ]


def test_a_template_becomes_a_body_with_its_values_on_one_line():
    template = message_body(
        TemplateReply("retorno", "pt_BR", ("Ana", "linha 1\nlinha\t 2")), phone=ANA
    )["template"]

    assert (template["name"], template["language"]) == ("retorno", {"code": "pt_BR"})
    assert [parameter["text"] for parameter in template["components"][0]["parameters"]] == [
        "Ana",
        "linha 1 linha 2",
    ]


def test_a_template_without_values_has_no_components():
    assert (
        "components" not in message_body(TemplateReply("retorno", "pt_BR"), phone=ANA)["template"]
    )


def test_a_customer_without_a_phone_is_addressed_by_bsuid():
    made = message_body(TextReply("Olá"), bsuid="BR.1")

    assert made["recipient"] == "BR.1"
    assert "to" not in made


def test_the_phone_is_used_when_both_are_known():
    assert "recipient" not in message_body(TextReply("Olá"), phone=ANA, bsuid="BR.1")


def test_nobody_cannot_be_written_to():
    with pytest.raises(NoRecipient):
        message_body(TextReply("Olá"))


def test_a_message_can_quote_another():
    assert message_body(TextReply("Olá"), phone=ANA, reply_to="wamid.A")["context"] == {
        "message_id": "wamid.A"
    }


def test_a_reaction_is_given_and_taken_back():
    assert outbound.reaction("wamid.A", "👍", phone=ANA)["reaction"] == {
        "message_id": "wamid.A",
        "emoji": "👍",
    }
    check_message(outbound.reaction("wamid.A", "", phone=ANA))


@pytest.mark.parametrize("typing", [True, False])
def test_a_read_mark_is_one_that_meta_takes(typing):
    made = outbound.read_receipt("wamid.A", typing=typing)

    check_read(made)
    assert ("typing_indicator" in made) is typing


AT_THE_LIMIT = [
    TextReply("a" * 4096),
    ButtonsReply("a" * 1024, options(3)),
    ButtonsReply("a", (ReplyOption("i" * 256, "t" * 20),)),
    MenuReply("a" * 4096, "b" * 20, options(10)),
    MenuReply("a", "b", (ReplyOption("i" * 200, "t" * 24, "d" * 72),)),
    TemplateReply("n" * 512, "pt_BR", ("v" * 1024,)),
    TextReply("😀" * 4096),
]


@pytest.mark.parametrize("reply", AT_THE_LIMIT)
def test_what_just_fits_is_sent(reply):
    check_message(message_body(reply, phone=ANA, outbox_id="o" * 512))


@pytest.mark.parametrize(
    ("limit", "reply"),
    [
        ("text body", TextReply("a" * 4097)),
        ("body of buttons", ButtonsReply("a" * 1025, YES_NO)),
        ("button title", ButtonsReply("a", options(1, title="t" * 21))),
        ("button id", ButtonsReply("a", options(1, id="i" * 257))),
        ("body of a list", MenuReply("a" * 4097, "b", YES_NO)),
        ("list button", MenuReply("a", "b" * 21, YES_NO)),
        ("row title", MenuReply("a", "b", options(1, title="t" * 25))),
        ("row id", MenuReply("a", "b", options(1, id="i" * 201))),
        ("row description", MenuReply("a", "b", options(1, description="d" * 73))),
        ("template name", TemplateReply("n" * 513, "pt_BR")),
        ("template parameter", TemplateReply("n", "pt_BR", ("v" * 1025,))),
    ],
)
def test_what_is_too_long_is_refused_and_says_which_limit(limit, reply):
    with pytest.raises(TooLong) as refused:
        outbound.check(reply)
    assert refused.value.limit == limit
    assert refused.value.length == refused.value.allowed + 1


@pytest.mark.parametrize(
    ("limit", "reply"),
    [
        ("text body", TextReply(" \n")),
        ("number of buttons", ButtonsReply("a", ())),
        ("number of buttons", ButtonsReply("a", options(4))),
        ("number of rows", MenuReply("a", "b", options(11))),
        ("button id", ButtonsReply("a", options(2, id="same"))),
        ("button title", ButtonsReply("a", options(2, title="Sim"))),
        ("row id", MenuReply("a", "b", options(2, id="same"))),
        ("row title", MenuReply("a", "b", (ReplyOption("x", ""),))),
        ("template name", TemplateReply("Retorno!", "pt_BR")),
        ("template parameter", TemplateReply("retorno", "pt_BR", ("",))),
    ],
)
def test_what_breaks_a_rule_is_refused_and_says_which(limit, reply):
    with pytest.raises(LimitExceeded) as refused:
        outbound.check(reply)
    assert refused.value.limit == limit


def test_an_outbox_id_that_does_not_fit_is_refused():
    with pytest.raises(TooLong):
        message_body(TextReply("a"), phone=ANA, outbox_id="o" * 513)


WORDS = st.text(max_size=30) | st.sampled_from(
    ["", " ", "\n", "Sim", "a" * 25, "a" * 80, "a" * 300, "a" * 1100, "a" * 5000]
)
OPTIONS = st.lists(st.builds(ReplyOption, WORDS, WORDS, WORDS), max_size=12).map(tuple)
REPLIES = (
    st.builds(TextReply, WORDS)
    | st.builds(ButtonsReply, WORDS, OPTIONS)
    | st.builds(MenuReply, WORDS, WORDS, OPTIONS)
    | st.builds(
        TemplateReply,
        WORDS | st.just("retorno"),
        st.just("pt_BR"),
        st.lists(WORDS, max_size=3).map(tuple),
    )
)


@given(REPLIES)
def test_what_we_let_pass_is_never_refused_by_metas_rules(reply):
    try:
        made = message_body(reply, phone=ANA)
    except LimitExceeded:
        return
    try:
        check_message(made)
    except Refusal as refusal:
        pytest.fail(f"{refusal} for {made}")
