"""From the JSON of one message to its kind and typed content: a table with a reader for every
documented type.
"""

from collections.abc import Callable
from typing import Any

from gatte.conversation.nlu import MessageKind
from gatte.whatsapp.content import (
    ButtonReply,
    CallPermission,
    CardPhone,
    ContactCard,
    ContactCards,
    Content,
    Edit,
    FlowReply,
    ListReply,
    LocationContent,
    MediaContent,
    MetaError,
    OrderContent,
    OrderItem,
    QuickReply,
    Reaction,
    RequestWelcome,
    Revoke,
    SystemContent,
    SystemKind,
    TextContent,
    UnknownContent,
    UnsupportedContent,
)
from gatte.whatsapp.field_rules import clean_line, filename
from gatte.whatsapp.lenient_json import (
    as_bool,
    as_dict,
    as_float,
    as_list,
    identifier,
    integer,
    phone,
    text,
)

ContentParserInput = tuple[MessageKind, Content]
Reader = Callable[[dict[str, Any]], ContentParserInput | None]
"""Gives None when the inside is not as documented."""

SYSTEM_KINDS = {str(kind): kind for kind in SystemKind}
DEEPEST_EDIT = 1
ERROR_CODE_BITS = 31  # of an integer in Postgres


def parse_content(message: dict[str, Any], depth: int = 0) -> ContentParserInput:
    """The kind and content of a message; `Unknown` for what is not as documented, never an
    exception.
    """
    kind = message.get("type")
    reader = CONTENT_PARSERS.get(kind) if isinstance(kind, str) else None
    found: ContentParserInput | None = None
    if kind == "edit":
        found = _edit(message, depth)
    elif reader is not None:
        found = reader(message)
    return found or (
        MessageKind.UNSUPPORTED,
        UnknownContent(identifier(kind), message.get(kind) if isinstance(kind, str) else None),
    )


def errors(value: object) -> tuple[MetaError, ...]:
    """A list of errors as Meta writes them."""
    return tuple(_error(item) for item in as_list(value) if isinstance(item, dict)) if value else ()


def _error(item: dict[str, Any]) -> MetaError:
    details = clean_line(
        "error_details", as_dict(item.get("error_data")).get("details")
    ) or clean_line("error_details", item.get("details"))
    title = clean_line("error_title", item.get("title")) or clean_line(
        "error_title", item.get("message")
    )
    return MetaError(
        integer(item.get("code"), ERROR_CODE_BITS),
        title,
        details,
        clean_line("error_href", item.get("href")),
    )


def _text(message: dict[str, Any]) -> ContentParserInput | None:
    body = text(as_dict(message.get("text")).get("body"))
    return None if body is None else (MessageKind.TEXT, TextContent(body))


def _media(kind: MessageKind) -> Reader:
    def reader(message: dict[str, Any]) -> ContentParserInput | None:
        node = message.get(kind)
        if not isinstance(node, dict):
            return None
        return kind, MediaContent(
            id=identifier(node.get("id")),
            mime_type=clean_line("mime_type", node.get("mime_type")),
            sha256=clean_line("sha256", node.get("sha256")),
            url=text(node.get("url")),
            caption=text(node.get("caption")),
            filename=filename(node.get("filename")),
            voice=as_bool(node.get("voice")) or False,
            animated=as_bool(node.get("animated")) or False,
        )

    return reader


def _location(message: dict[str, Any]) -> ContentParserInput | None:
    node = message.get("location")
    if not isinstance(node, dict):
        return None
    latitude, longitude = as_float(node.get("latitude")), as_float(node.get("longitude"))
    place = LocationContent(
        latitude,
        longitude,
        text(node.get("name")),
        text(node.get("address")),
        text(node.get("url")),
    )
    return MessageKind.LOCATION, place


def _contacts(message: dict[str, Any]) -> ContentParserInput | None:
    cards = tuple(
        _card(item) for item in as_list(message.get("contacts")) if isinstance(item, dict)
    )
    return (MessageKind.CONTACTS, ContactCards(cards)) if cards else None


def _card(item: dict[str, Any]) -> ContactCard:
    name = text(as_dict(item.get("name")).get("formatted_name")) or text(item.get("name"))
    phones = tuple(
        CardPhone(text(entry.get("phone")), phone(entry.get("wa_id")), text(entry.get("type")))
        for entry in as_list(item.get("phones"))
        if isinstance(entry, dict)
    )
    return ContactCard(name, phones, text(item.get("vcard")), text(item.get("origin")))


def _interactive(message: dict[str, Any]) -> ContentParserInput | None:
    node = as_dict(message.get("interactive"))
    kind = node.get("type")
    reader = INTERACTIVE.get(kind) if isinstance(kind, str) else None
    reply = node.get(kind) if reader is not None and kind is not None else None
    return reader(reply) if reader is not None and isinstance(reply, dict) else None


def _button_reply(reply: dict[str, Any]) -> ContentParserInput | None:
    tapped = clean_line("choice", reply.get("id"))
    return (
        None
        if tapped is None
        else (
            MessageKind.CHOICE,
            ButtonReply(tapped, clean_line("title", reply.get("title")) or ""),
        )
    )


def _list_reply(reply: dict[str, Any]) -> ContentParserInput | None:
    tapped = clean_line("choice", reply.get("id"))
    row = (
        None
        if tapped is None
        else ListReply(
            tapped,
            clean_line("title", reply.get("title")) or "",
            clean_line("title", reply.get("description")),
        )
    )
    return None if row is None else (MessageKind.CHOICE, row)


def _flow_reply(reply: dict[str, Any]) -> ContentParserInput | None:
    return MessageKind.UNSUPPORTED, FlowReply(
        text(reply.get("name")), text(reply.get("body")), text(reply.get("response_json"))
    )


def _call_permission(reply: dict[str, Any]) -> ContentParserInput | None:
    permission = CallPermission(
        text(reply.get("response")),
        integer(reply.get("expiration_timestamp")),
        text(reply.get("response_source")),
    )
    return MessageKind.SYSTEM, permission


def _button(message: dict[str, Any]) -> ContentParserInput | None:
    node = as_dict(message.get("button"))
    payload, title = (
        clean_line("choice", node.get("payload")),
        clean_line("title", node.get("text")),
    )
    if payload is None and title is None:
        return None
    return MessageKind.CHOICE, QuickReply(payload or title or "", title or "")


def _order(message: dict[str, Any]) -> ContentParserInput | None:
    node = message.get("order")
    if not isinstance(node, dict):
        return None
    items = tuple(
        _order_item(item) for item in as_list(node.get("product_items")) if isinstance(item, dict)
    )
    return MessageKind.ORDER, OrderContent(
        identifier(node.get("catalog_id")), text(node.get("text")), items
    )


def _order_item(item: dict[str, Any]) -> OrderItem:
    price, quantity = as_float(item.get("item_price")), as_float(item.get("quantity"))
    return OrderItem(
        text(item.get("product_retailer_id")), quantity, price, text(item.get("currency"))
    )


def _reaction(message: dict[str, Any]) -> ContentParserInput | None:
    node = message.get("reaction")
    if not isinstance(node, dict):
        return None
    return MessageKind.REACTION, Reaction(
        identifier(node.get("message_id")), text(node.get("emoji")) or None
    )


def _system(message: dict[str, Any]) -> ContentParserInput | None:
    node = message.get("system")
    if not isinstance(node, dict):
        return None
    kind = node.get("type")
    what = SYSTEM_KINDS.get(kind, SystemKind.OTHER) if isinstance(kind, str) else SystemKind.OTHER
    moved = phone(node.get("new_wa_id")) or phone(node.get("wa_id"))
    return MessageKind.SYSTEM, SystemContent(
        kind=what,
        body=text(node.get("body")),
        new_phone=moved if moved != phone(message.get("from")) else None,
        new_bsuid=identifier(node.get("user_id")),
        new_parent_bsuid=identifier(node.get("parent_user_id")),
    )


def _unsupported(message: dict[str, Any]) -> ContentParserInput | None:
    what = text(as_dict(message.get("unsupported")).get("type"))
    return MessageKind.UNSUPPORTED, UnsupportedContent(what, errors(message.get("errors")))


def _edit(message: dict[str, Any], depth: int) -> ContentParserInput | None:
    node = message.get("edit")
    if not isinstance(node, dict) or depth >= DEEPEST_EDIT:
        return None
    _, content = parse_content(as_dict(node.get("message")), depth + 1)
    return MessageKind.EDIT, Edit(identifier(node.get("original_message_id")), content)


def _revoke(message: dict[str, Any]) -> ContentParserInput | None:
    return MessageKind.REVOKE, Revoke(
        identifier(as_dict(message.get("revoke")).get("original_message_id"))
    )


def _welcome(message: dict[str, Any]) -> ContentParserInput | None:  # noqa: ARG001 - nothing stands in it
    return MessageKind.SYSTEM, RequestWelcome()


CONTENT_PARSERS: dict[str, Reader] = {
    "text": _text,
    "image": _media(MessageKind.IMAGE),
    "video": _media(MessageKind.VIDEO),
    "audio": _media(MessageKind.AUDIO),
    "document": _media(MessageKind.DOCUMENT),
    "sticker": _media(MessageKind.STICKER),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "order": _order,
    "reaction": _reaction,
    "system": _system,
    "unsupported": _unsupported,
    "unknown": _unsupported,
    "revoke": _revoke,
    "request_welcome": _welcome,
}

INTERACTIVE: dict[str, Reader] = {
    "button_reply": _button_reply,
    "list_reply": _list_reply,
    "nfm_reply": _flow_reply,
    "call_permission_reply": _call_permission,
}
