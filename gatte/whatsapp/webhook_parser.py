"""A webhook body, split into all it brings; `parse` is the door, and nothing strange inside makes
it raise or lose a part.
"""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pydantic_core

from gatte.whatsapp.events import (
    CompanyEcho,
    Context,
    InboundMessage,
    Pricing,
    Referral,
    Sender,
    Status,
    StatusUpdate,
    UnhandledEvent,
    WebhookPayload,
    selected_option_id,
    text_of,
)
from gatte.whatsapp.field_rules import clean_line, number_id
from gatte.whatsapp.lenient_json import (
    as_bool,
    as_dict,
    as_timestamp,
    identifier,
    listed,
    phone,
    text,
)
from gatte.whatsapp.message_content import errors, parse_content
from gatte.whatsapp.payload_parts import (
    BESIDE,
    MAX_PARTS,
    OBJECT,
    ListedParts,
    ParsedPayload,
    body_of,
    iterate_parts,
    part_of,
)

__all__ = [
    "CompanyEcho",
    "Context",
    "InboundMessage",
    "InvalidPayload",
    "Pricing",
    "Referral",
    "Sender",
    "Status",
    "StatusUpdate",
    "UnhandledEvent",
    "WebhookPayload",
    "parse",
    "selected_option_id",
    "text_of",
]

MAX_DEPTH = 200
KNOWN_PARTS = {*BESIDE, "messages", "statuses", "errors"}
STATUSES = {str(status): status for status in Status}


class InvalidPayload(Exception):
    """The bytes are no webhook body of WhatsApp; `reason` is safe to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(raw: bytes, now: datetime | None = None) -> WebhookPayload:
    """All messages, statuses and other events of a body; BadBody when it is not JSON, no object, or
    not of WhatsApp.

    `now` stands in for times that are missing or cannot be true.
    """
    body = _load(raw)
    if not isinstance(body, dict):
        raise InvalidPayload("not a JSON object")
    if body.get("object") != OBJECT:
        raise InvalidPayload("not an event of a WhatsApp business account")
    found = ParsedPayload(now or datetime.now(UTC))
    _entries(found, body.get("entry"))
    return WebhookPayload(
        tuple(found.messages), tuple(found.statuses), tuple(found.echoes), tuple(found.others)
    )


@dataclass(frozen=True)
class _ParseContext:
    """Where in the body we are: the number, and its contacts by phone and by BSUID."""

    number: str | None
    contacts: dict[str, dict[str, Any]]
    only: dict[str, Any] | None


def _load(raw: bytes) -> object:
    try:
        return pydantic_core.from_json(raw, cache_strings="keys")
    except ValueError:
        return _load_with_care(raw)


def _load_with_care(raw: bytes) -> object:
    """Half surrogate pairs and endless numbers are legal JSON too, and a customer must not be lost
    over them.
    """
    try:
        body = json.loads(raw, parse_int=_whole_number)
    except (ValueError, RecursionError):
        raise InvalidPayload("not JSON") from None
    if _deeper_than(MAX_DEPTH, body):
        raise InvalidPayload("nested too deep")
    return body


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) < 300 else digits


def _deeper_than(levels: int, body: object) -> bool:
    level = [body]
    for _ in range(levels):
        level = [
            child
            for node in level
            if isinstance(node, dict | list)
            for child in (node.values() if isinstance(node, dict) else node)
        ]
    return bool(level)


def _entries(found: ParsedPayload, items: object) -> None:
    iterate_parts(found, ListedParts("entry", None, items, body_of), _entry)


def _entry(found: ParsedPayload, entry: dict[str, Any]) -> None:
    if "changes" not in entry:
        found.others.append(UnhandledEvent("entry", None, entry))
    iterate_parts(
        found,
        ListedParts(
            "changes", None, entry.get("changes"), lambda some: body_of([{"changes": some}])
        ),
        _change,
    )


def _change(found: ParsedPayload, change: dict[str, Any]) -> None:
    name, value = clean_line("event", change.get("field")), change.get("value")
    number = number_id(as_dict(as_dict(value).get("metadata")).get("phone_number_id"))
    if name == "messages" and isinstance(value, dict):
        _messages(found, value, number)
    elif name == "smb_message_echoes" and isinstance(value, dict):
        _echoes(found, value, number)
    else:
        found.others.append(UnhandledEvent(name or "unknown", number, value if name else change))


def _messages(found: ParsedPayload, value: dict[str, Any], number: str | None) -> None:
    place = _place(value, number)
    iterate_parts(
        found,
        part_of("messages", value, number, "messages"),
        lambda found, item: _message(found, item, place),
    )
    iterate_parts(
        found,
        part_of("messages", value, number, "statuses"),
        lambda found, item: _status(found, item, place),
    )
    iterate_parts(
        found,
        part_of("messages", value, number, "errors"),
        lambda found, item: found.others.append(UnhandledEvent("errors", number, item)),
    )
    unknown = {key: part for key, part in value.items() if key not in KNOWN_PARTS}
    if unknown:
        found.others.append(UnhandledEvent("messages", number, unknown))


def _place(value: dict[str, Any], number: str | None) -> _ParseContext:
    contacts = [
        contact
        for contact in listed(value.get("contacts"))[:MAX_PARTS]
        if isinstance(contact, dict)
    ]
    by_id: dict[str, dict[str, Any]] = {}
    for contact in contacts:
        for key in (contact.get("wa_id"), contact.get("user_id")):
            if isinstance(key, str):
                by_id[key] = contact
    alone = len(contacts) == 1 and len(listed(value.get("messages"))) == 1
    return _ParseContext(number, by_id, contacts[0] if alone else None)


def _contact_of(item: dict[str, Any], place: _ParseContext, *keys: str) -> dict[str, Any] | None:
    """The contacts entry of a message: by its ids; a message that names nobody is of the only
    contact there is.
    """
    named = False
    for key in keys:
        value = item.get(key)
        if isinstance(value, str):
            named = True
            if value in place.contacts:
                return place.contacts[value]
    return None if named else place.only


def _message(found: ParsedPayload, item: dict[str, Any], place: _ParseContext) -> None:
    contact = _contact_of(item, place, "from_user_id", "from")
    sender = _sender(item, contact or {})
    wamid = identifier(item.get("id"))
    if place.number is None or wamid is None or sender is None:
        found.others.append(
            UnhandledEvent("messages", place.number, {"message": item, "contact": contact})
        )
        return
    kind, content = parse_content(item)
    found.messages.append(
        InboundMessage(
            phone_number_id=place.number,
            wamid=wamid,
            sent_at=as_timestamp(item.get("timestamp"), found.now),
            sender=sender,
            kind=kind,
            content=content,
            raw={"message": item, "contact": contact},
            context=_context(item.get("context")),
            referral=_referral(item.get("referral")),
            group_id=identifier(item.get("group_id")),
            errors=errors(item.get("errors")),
        )
    )


def _sender(item: dict[str, Any], contact: dict[str, Any]) -> Sender | None:
    profile = as_dict(contact.get("profile"))
    number = phone(item.get("from")) or phone(contact.get("wa_id"))
    bsuid = identifier(item.get("from_user_id")) or identifier(contact.get("user_id"))
    if number is None and bsuid is None:
        return None
    parent = identifier(item.get("from_parent_user_id")) or identifier(
        contact.get("parent_user_id")
    )
    return Sender(
        number,
        bsuid,
        parent,
        clean_line("profile_name", profile.get("name")),
        clean_line("username", profile.get("username")),
    )


def _context(value: object) -> Context | None:
    if not isinstance(value, dict):
        return None
    product = as_dict(value.get("referred_product"))
    return Context(
        reply_to=identifier(value.get("id")),
        forwarded=as_bool(value.get("forwarded"))
        or as_bool(value.get("frequently_forwarded"))
        or False,
        frequently_forwarded=as_bool(value.get("frequently_forwarded")) or False,
        catalog_id=identifier(product.get("catalog_id")),
        product=text(product.get("product_retailer_id")),
    )


def _referral(value: object) -> Referral | None:
    if not isinstance(value, dict):
        return None
    parts = ("source_type", "source_id", "source_url", "headline", "body", "ctwa_clid")
    return Referral(*(text(value.get(part)) for part in parts))


def _status(found: ParsedPayload, item: dict[str, Any], place: _ParseContext) -> None:
    wamid, word = identifier(item.get("id")), item.get("status")
    if place.number is None or wamid is None or not isinstance(word, str):
        found.others.append(UnhandledEvent("statuses", place.number, item))
        return
    contact = _contact_of(item, place, "recipient_user_id", "recipient_id") or {}
    found.statuses.append(
        StatusUpdate(
            phone_number_id=place.number,
            wamid=wamid,
            status=STATUSES.get(word, Status.OTHER),
            at=as_timestamp(item.get("timestamp"), found.now),
            raw=item,
            phone=phone(item.get("recipient_id")) or phone(contact.get("wa_id")),
            bsuid=identifier(item.get("recipient_user_id")) or identifier(contact.get("user_id")),
            outbox_id=identifier(item.get("biz_opaque_callback_data")),
            errors=errors(item.get("errors")),
            pricing=_pricing(item.get("pricing")),
            conversation_id=identifier(as_dict(item.get("conversation")).get("id")),
        )
    )


def _pricing(value: object) -> Pricing | None:
    if not isinstance(value, dict):
        return None
    return Pricing(
        as_bool(value.get("billable")),
        text(value.get("pricing_model")),
        text(value.get("type")),
        clean_line("category", value.get("category")),
    )


def _echoes(found: ParsedPayload, value: dict[str, Any], number: str | None) -> None:
    def take(found: ParsedPayload, item: dict[str, Any]) -> None:
        wamid, to, bsuid = (
            identifier(item.get("id")),
            phone(item.get("to")),
            identifier(item.get("to_user_id")),
        )
        if number is None or wamid is None or (to is None and bsuid is None):
            found.others.append(UnhandledEvent("smb_message_echoes", number, item))
            return
        kind, content = parse_content(item)
        found.echoes.append(
            CompanyEcho(
                number,
                wamid,
                as_timestamp(item.get("timestamp"), found.now),
                to,
                bsuid,
                kind,
                content,
                item,
            )
        )

    iterate_parts(found, part_of("smb_message_echoes", value, number, "message_echoes"), take)
    unknown = {
        key: part for key, part in value.items() if key not in KNOWN_PARTS | {"message_echoes"}
    }
    if unknown:
        found.others.append(UnhandledEvent("smb_message_echoes", number, unknown))
