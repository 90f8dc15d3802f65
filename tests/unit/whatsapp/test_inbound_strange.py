"""Signed bodies that are not as documented: nothing raises, nothing is lost."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gatte.conversation.nlu import MessageKind as Kind
from gatte.whatsapp.content import UnknownContent
from gatte.whatsapp.events import Status, selected_option_id, text_of
from gatte.whatsapp.field_rules import LENGTHS
from gatte.whatsapp.lenient_json import MOST_LISTED
from gatte.whatsapp.payload_parts import MAX_PARTS, REST_FIELD
from gatte.whatsapp.webhook_parser import parse
from tests.fakes import payloads
from tests.fakes.payloads import body, encode, envelope, every_type

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=20),
    lambda children: (
        st.lists(children, max_size=3) | st.dictionaries(st.text(max_size=8), children, max_size=3)
    ),
    max_leaves=8,
)
BODIES = [body(part) for part in every_type().values()] + [
    payloads.statuses_body(payloads.failure("wamid.A")),
    payloads.statuses_body(payloads.status("wamid.A", "sent")),
    payloads.echo(payloads.text("oi")),
    payloads.number_error(),
]


def received(made):
    return parse(encode(made), NOW)


def paths(node, path=()):
    """The place of every value in a body."""
    items = (
        node.items()
        if isinstance(node, dict)
        else enumerate(node)
        if isinstance(node, list)
        else ()
    )
    for key, child in items:
        yield (*path, key)
        yield from paths(child, (*path, key))


def replaced(node, path, value):
    changed = json.loads(json.dumps(node))
    target = changed
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return changed


def everything(delivery):
    return (
        len(delivery.messages)
        + len(delivery.statuses)
        + len(delivery.echoes)
        + len(delivery.others)
    )


@pytest.mark.parametrize(
    "value",
    [None, 0, -1, 10**40, 1.5e300, "", "x", "\x00", True, [], {}, [[]], [None], {"id": {"id": []}}],
)
@pytest.mark.parametrize("index", range(len(BODIES)))
def test_any_part_of_any_type_may_be_of_a_wrong_type(index, value):
    made = BODIES[index]
    for path in paths(made):
        if path != ("object",):
            assert_harmless(received(replaced(made, path, value)))


def assert_harmless(found):
    for message in found.messages:
        assert message.wamid.isascii()
        assert message.sender.phone or message.sender.bsuid
        assert message.sent_at.tzinfo is UTC
        text_of(message).encode()
        (selected_option_id(message) or "").encode()
    for news in found.statuses:
        assert isinstance(news.status, Status)


@given(JSON)
def test_any_json_in_the_place_of_entries_is_kept_and_harmless(value):
    found = received({"object": "whatsapp_business_account", "entry": value})

    assert_harmless(found)
    assert everything(found) or value in (None, [])


@given(
    JSON,
    st.sampled_from(
        ["messages", "statuses", "contacts", "errors", "metadata", "messaging_product"]
    ),
)
def test_any_json_in_the_place_of_a_part_is_harmless(value, part):
    assert_harmless(
        received(envelope(payloads.entry(payloads.change(payloads.value() | {part: value}))))
    )


@given(st.sampled_from(sorted(every_type())), JSON)
def test_any_json_inside_a_known_type_gives_one_message(name, value):
    kind = every_type()[name]["type"]
    (message,) = received(body({"type": kind, kind: value})).messages

    assert message.raw["message"][kind] == value or value != value  # noqa: PLR0124


@pytest.mark.parametrize("kind", ["holograma", "", None, 7, ["text"], {"a": 1}])
def test_an_unknown_type_is_kept(kind):
    (message,) = received(body({"type": kind, "holograma": {"x": 1}})).messages

    assert (message.kind, type(message.content)) == (Kind.UNSUPPORTED, UnknownContent)
    assert message.raw["message"]["holograma"] == {"x": 1}


@pytest.mark.parametrize(
    "part",
    [
        {"type": "text"},
        {"type": "text", "text": {"body": 7}},
        {"type": "interactive", "interactive": {"type": "novo"}},
    ],
)
def test_a_known_type_with_a_strange_inside_is_kept(part):
    (message,) = received(body(part)).messages

    assert (message.kind, type(message.content)) == (Kind.UNSUPPORTED, UnknownContent)


@pytest.mark.parametrize("missing", ["id", "from"])
def test_a_message_without_id_or_sender_is_kept_as_another_event(missing):
    made = body(payloads.text("oi"))
    value = made["entry"][0]["changes"][0]["value"]
    value["messages"].append(payloads.message(payloads.text("inteira")))
    del value["messages"][0][missing]
    found = received(made)

    assert [text_of(message) for message in found.messages] == ["inteira"]
    assert found.others[0].value["message"]["text"] == {"body": "oi"}


def test_one_broken_message_does_not_take_the_others_with_it():
    made = payloads.batch(10)
    made["entry"][0]["changes"][0]["value"]["messages"][0] = "quebrada"
    found = received(made)

    assert len(found.messages) == 9
    assert [event.value for event in found.others] == ["quebrada"]


@pytest.mark.parametrize(
    "at",
    [
        None,
        "",
        "ontem",
        "-5",
        -5,
        0,
        "0",
        4_102_444_800,
        "1" * 18,
        "9" * 400,
        10**30,
        1.5,
        True,
        [],
        "١٢٣",
    ],
)
def test_a_time_that_cannot_be_true_is_now(at):
    made = body(payloads.text("oi"))
    made["entry"][0]["changes"][0]["value"]["messages"][0]["timestamp"] = at

    assert received(made).messages[0].sent_at == NOW


def test_half_a_surrogate_pair_is_kept_in_raw_and_can_be_stored_as_text():
    (message,) = received(body(payloads.text("oi \ud83d"))).messages

    assert message.raw["message"]["text"]["body"] == "oi \ud83d"
    assert text_of(message) == "oi \ufffd"


def test_a_number_without_end_is_kept():
    raw = encode(body(payloads.text("oi") | {"novidade": 7})).replace(
        b'"novidade":7', b'"novidade":' + b"9" * 5000
    )
    (message,) = parse(raw, NOW).messages

    assert message.raw["message"]["novidade"] == "9" * 5000


def test_an_edit_of_an_edit_ends():
    part = payloads.text("oi")
    for _ in range(50):
        part = payloads.edit("wamid.A", part)
    (message,) = received(body(part)).messages

    assert message.kind is Kind.EDIT
    assert message.content.content == UnknownContent(
        "edit", message.raw["message"]["edit"]["message"]["edit"]
    )


@given(st.binary(max_size=200))
def test_bytes_that_are_nothing_are_refused_politely(raw):
    from gatte.whatsapp.webhook_parser import InvalidPayload

    with pytest.raises(InvalidPayload):
        parse(raw)


@pytest.mark.parametrize("code", [2**31, -(2**31) - 1, 10**30, str(2**31)])
def test_an_error_code_that_no_column_takes_is_no_code(code):
    failed = payloads.failure("wamid.A") | {"errors": [{"code": code, "title": "Falhou"}]}
    (news,) = received(payloads.statuses_body(failed)).statuses

    assert (news.errors[0].code, news.errors[0].title) == (None, "Falhou")


def test_every_text_of_a_column_of_its_own_is_cleaned_and_cut():
    long = "a\u202eb" * 50_000
    media = {
        "type": "document",
        "document": {"id": "1", "filename": f"{long}.pfx", "mime_type": long, "sha256": long},
    }
    made = body(media)
    value = made["entry"][0]["changes"][0]["value"]
    value["contacts"][0]["profile"] = {"name": long, "username": long}
    made["entry"][0]["changes"].append(
        {"field": long, "value": {"metadata": {"phone_number_id": "1" * 400}}}
    )
    found = received(made)
    (message,), (other,) = found.messages, found.others
    texts = (
        message.sender.name,
        message.sender.username,
        message.content.filename,
        message.content.mime_type,
        message.content.sha256,
    )

    assert [len(one) for one in texts] == [
        LENGTHS[name] for name in ("profile_name", "username", "filename", "mime_type", "sha256")
    ]
    assert not any("\u202e" in one for one in (*texts, other.field))
    assert message.content.filename.endswith(".pfx")
    assert (len(other.field), other.phone_number_id) == (LENGTHS["event"], None)


@pytest.mark.parametrize("item", [{}, 1])
@pytest.mark.parametrize(
    "part", ["messages", "statuses", "errors", "changes", "entry", "message_echoes"]
)
def test_what_is_more_than_a_body_may_hold_stays_together(part, item):
    made = body(payloads.text("oi"))
    change = made["entry"][0]["changes"][0]
    items = [item] * (MAX_PARTS * 2)
    {"entry": made, "changes": made["entry"][0]}.get(part, change["value"])[part] = items
    change["field"] = "smb_message_echoes" if part == "message_echoes" else "messages"
    found = received(made)
    (rest,) = [one for one in found.others if one.field == REST_FIELD]

    assert everything(found) <= MAX_PARTS + 2
    assert everything(parse(json.dumps(rest.value).encode(), NOW)) >= MAX_PARTS - 2


def test_a_message_in_what_was_more_is_read_when_it_is_taken_again():
    made = body(payloads.text("oi"))
    made["entry"][0]["changes"][0]["value"]["messages"][:0] = [{}] * MAX_PARTS
    (rest,) = [one for one in received(made).others if one.field == REST_FIELD]
    (message,) = parse(json.dumps(rest.value).encode(), NOW).messages

    assert (text_of(message), message.sender.name) == (
        "oi",
        made["entry"][0]["changes"][0]["value"]["contacts"][0]["profile"]["name"],
    )


@pytest.mark.parametrize("part", [payloads.contacts(), payloads.order()], ids=["contacts", "order"])
def test_a_list_inside_a_message_is_read_to_a_bound(part):
    made = json.loads(json.dumps(part).replace("[{", f"[{'{},' * 20_000}{{", 1))
    (message,) = received(body(made)).messages

    assert len(getattr(message.content, "cards", None) or message.content.items) <= MOST_LISTED
