"""From the JSON of one message to its kind and typed content: a table with a reader for every documented type."""

from collections.abc import Callable
from typing import Any

from gatte.conversation.understanding import MessageKind
from gatte.whatsapp.content import (
    ButtonReply,
    CallPermission,
    Card,
    CardPhone,
    Cards,
    Content,
    Edit,
    FlowReply,
    ListReply,
    Location,
    Media,
    MetaError,
    Order,
    OrderItem,
    QuickReply,
    Reaction,
    RequestWelcome,
    Revoke,
    System,
    SystemKind,
    Unknown,
    Unsupported,
    Words,
)
from gatte.whatsapp.fields import filename, line
from gatte.whatsapp.tolerant import decimal, flag, identifier, integer, mapping, phone, sequence, text

Read = tuple[MessageKind, Content]
Reader = Callable[[dict[str, Any]], Read | None]
"""Gives None when the inside is not as documented."""

SYSTEM_KINDS = {str(kind): kind for kind in SystemKind}
DEEPEST_EDIT = 1
ERROR_CODE_BITS = 31  # of an integer in Postgres


def read(message: dict[str, Any], depth: int = 0) -> Read:
    """The kind and content of a message; `Unknown` for what is not as documented, never an exception."""
    kind = message.get("type")
    reader = READERS.get(kind) if isinstance(kind, str) else None
    found: Read | None = None
    if kind == "edit":
        found = _edit(message, depth)
    elif reader is not None:
        found = reader(message)
    return found or (MessageKind.UNSUPPORTED, Unknown(identifier(kind), message.get(kind) if isinstance(kind, str) else None))


def errors(value: object) -> tuple[MetaError, ...]:
    """A list of errors as Meta writes them."""
    return tuple(_error(item) for item in sequence(value) if isinstance(item, dict)) if value else ()


def _error(item: dict[str, Any]) -> MetaError:
    details = line("error_details", mapping(item.get("error_data")).get("details")) or line("error_details", item.get("details"))
    title = line("error_title", item.get("title")) or line("error_title", item.get("message"))
    return MetaError(integer(item.get("code"), ERROR_CODE_BITS), title, details, line("error_href", item.get("href")))


def _text(message: dict[str, Any]) -> Read | None:
    body = text(mapping(message.get("text")).get("body"))
    return None if body is None else (MessageKind.TEXT, Words(body))


def _media(kind: MessageKind) -> Reader:
    def reader(message: dict[str, Any]) -> Read | None:
        node = message.get(kind)
        if not isinstance(node, dict):
            return None
        return kind, Media(
            id=identifier(node.get("id")),
            mime_type=line("mime_type", node.get("mime_type")),
            sha256=line("sha256", node.get("sha256")),
            url=text(node.get("url")),
            caption=text(node.get("caption")),
            filename=filename(node.get("filename")),
            voice=flag(node.get("voice")) or False,
            animated=flag(node.get("animated")) or False,
        )

    return reader


def _location(message: dict[str, Any]) -> Read | None:
    node = message.get("location")
    if not isinstance(node, dict):
        return None
    latitude, longitude = decimal(node.get("latitude")), decimal(node.get("longitude"))
    place = Location(latitude, longitude, text(node.get("name")), text(node.get("address")), text(node.get("url")))
    return MessageKind.LOCATION, place


def _contacts(message: dict[str, Any]) -> Read | None:
    cards = tuple(_card(item) for item in sequence(message.get("contacts")) if isinstance(item, dict))
    return (MessageKind.CONTACTS, Cards(cards)) if cards else None


def _card(item: dict[str, Any]) -> Card:
    name = text(mapping(item.get("name")).get("formatted_name")) or text(item.get("name"))
    phones = tuple(
        CardPhone(text(entry.get("phone")), phone(entry.get("wa_id")), text(entry.get("type")))
        for entry in sequence(item.get("phones"))
        if isinstance(entry, dict)
    )
    return Card(name, phones, text(item.get("vcard")), text(item.get("origin")))


def _interactive(message: dict[str, Any]) -> Read | None:
    node = mapping(message.get("interactive"))
    kind = node.get("type")
    reader = INTERACTIVE.get(kind) if isinstance(kind, str) else None
    reply = node.get(kind) if reader is not None and kind is not None else None
    return reader(reply) if reader is not None and isinstance(reply, dict) else None


def _button_reply(reply: dict[str, Any]) -> Read | None:
    tapped = line("choice", reply.get("id"))
    return None if tapped is None else (MessageKind.CHOICE, ButtonReply(tapped, line("title", reply.get("title")) or ""))


def _list_reply(reply: dict[str, Any]) -> Read | None:
    tapped = line("choice", reply.get("id"))
    row = None if tapped is None else ListReply(tapped, line("title", reply.get("title")) or "", line("title", reply.get("description")))
    return None if row is None else (MessageKind.CHOICE, row)


def _flow_reply(reply: dict[str, Any]) -> Read | None:
    return MessageKind.UNSUPPORTED, FlowReply(text(reply.get("name")), text(reply.get("body")), text(reply.get("response_json")))


def _call_permission(reply: dict[str, Any]) -> Read | None:
    permission = CallPermission(text(reply.get("response")), integer(reply.get("expiration_timestamp")), text(reply.get("response_source")))
    return MessageKind.SYSTEM, permission


def _button(message: dict[str, Any]) -> Read | None:
    node = mapping(message.get("button"))
    payload, title = line("choice", node.get("payload")), line("title", node.get("text"))
    if payload is None and title is None:
        return None
    return MessageKind.CHOICE, QuickReply(payload or title or "", title or "")


def _order(message: dict[str, Any]) -> Read | None:
    node = message.get("order")
    if not isinstance(node, dict):
        return None
    items = tuple(_order_item(item) for item in sequence(node.get("product_items")) if isinstance(item, dict))
    return MessageKind.ORDER, Order(identifier(node.get("catalog_id")), text(node.get("text")), items)


def _order_item(item: dict[str, Any]) -> OrderItem:
    price, quantity = decimal(item.get("item_price")), decimal(item.get("quantity"))
    return OrderItem(text(item.get("product_retailer_id")), quantity, price, text(item.get("currency")))


def _reaction(message: dict[str, Any]) -> Read | None:
    node = message.get("reaction")
    if not isinstance(node, dict):
        return None
    return MessageKind.REACTION, Reaction(identifier(node.get("message_id")), text(node.get("emoji")) or None)


def _system(message: dict[str, Any]) -> Read | None:
    node = message.get("system")
    if not isinstance(node, dict):
        return None
    kind = node.get("type")
    what = SYSTEM_KINDS.get(kind, SystemKind.OTHER) if isinstance(kind, str) else SystemKind.OTHER
    moved = phone(node.get("new_wa_id")) or phone(node.get("wa_id"))
    return MessageKind.SYSTEM, System(
        kind=what,
        body=text(node.get("body")),
        new_phone=moved if moved != phone(message.get("from")) else None,
        new_bsuid=identifier(node.get("user_id")),
        new_parent_bsuid=identifier(node.get("parent_user_id")),
    )


def _unsupported(message: dict[str, Any]) -> Read | None:
    what = text(mapping(message.get("unsupported")).get("type"))
    return MessageKind.UNSUPPORTED, Unsupported(what, errors(message.get("errors")))


def _edit(message: dict[str, Any], depth: int) -> Read | None:
    node = message.get("edit")
    if not isinstance(node, dict) or depth >= DEEPEST_EDIT:
        return None
    _, content = read(mapping(node.get("message")), depth + 1)
    return MessageKind.EDIT, Edit(identifier(node.get("original_message_id")), content)


def _revoke(message: dict[str, Any]) -> Read | None:
    return MessageKind.REVOKE, Revoke(identifier(mapping(message.get("revoke")).get("original_message_id")))


def _welcome(message: dict[str, Any]) -> Read | None:  # noqa: ARG001 - nothing stands in it
    return MessageKind.SYSTEM, RequestWelcome()


READERS: dict[str, Reader] = {
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
