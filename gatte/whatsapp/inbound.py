"""A webhook body, split into all it brings; `parse` is the door, and nothing strange inside makes it raise or lose a part."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pydantic_core

from gatte.whatsapp.events import (
    Context,
    Delivery,
    Echo,
    Inbound,
    OtherEvent,
    Pricing,
    Referral,
    Sender,
    Status,
    StatusUpdate,
    choice_id,
    words,
)
from gatte.whatsapp.fields import line, number_id
from gatte.whatsapp.parts import BESIDE, MOST_PARTS, OBJECT, Found, Listed, body_of, each, part_of
from gatte.whatsapp.reading import errors, read
from gatte.whatsapp.tolerant import flag, identifier, listed, mapping, moment, phone, text

__all__ = [
    "BadBody",
    "Context",
    "Delivery",
    "Echo",
    "Inbound",
    "OtherEvent",
    "Pricing",
    "Referral",
    "Sender",
    "Status",
    "StatusUpdate",
    "choice_id",
    "parse",
    "words",
]

DEEPEST = 200
KNOWN_PARTS = {*BESIDE, "messages", "statuses", "errors"}
STATUSES = {str(status): status for status in Status}


class BadBody(Exception):
    """The bytes are no webhook body of WhatsApp; `reason` is safe to show."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def parse(raw: bytes, now: datetime | None = None) -> Delivery:
    """All messages, statuses and other events of a body; BadBody when it is not JSON, no object, or not of WhatsApp.

    `now` stands in for times that are missing or cannot be true.
    """
    body = _load(raw)
    if not isinstance(body, dict):
        raise BadBody("not a JSON object")
    if body.get("object") != OBJECT:
        raise BadBody("not an event of a WhatsApp business account")
    found = Found(now or datetime.now(UTC))
    _entries(found, body.get("entry"))
    return Delivery(tuple(found.messages), tuple(found.statuses), tuple(found.echoes), tuple(found.others))


@dataclass(frozen=True)
class _Place:
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
    """Half surrogate pairs and endless numbers are legal JSON too, and a customer must not be lost over them."""
    try:
        body = json.loads(raw, parse_int=_whole_number)
    except (ValueError, RecursionError):
        raise BadBody("not JSON") from None
    if _deeper_than(DEEPEST, body):
        raise BadBody("nested too deep")
    return body


def _whole_number(digits: str) -> int | str:
    return int(digits) if len(digits) < 300 else digits


def _deeper_than(levels: int, body: object) -> bool:
    level = [body]
    for _ in range(levels):
        level = [child for node in level if isinstance(node, dict | list) for child in (node.values() if isinstance(node, dict) else node)]
    return bool(level)


def _entries(found: Found, items: object) -> None:
    each(found, Listed("entry", None, items, body_of), _entry)


def _entry(found: Found, entry: dict[str, Any]) -> None:
    if "changes" not in entry:
        found.others.append(OtherEvent("entry", None, entry))
    each(found, Listed("changes", None, entry.get("changes"), lambda some: body_of([{"changes": some}])), _change)


def _change(found: Found, change: dict[str, Any]) -> None:
    name, value = line("event", change.get("field")), change.get("value")
    number = number_id(mapping(mapping(value).get("metadata")).get("phone_number_id"))
    if name == "messages" and isinstance(value, dict):
        _messages(found, value, number)
    elif name == "smb_message_echoes" and isinstance(value, dict):
        _echoes(found, value, number)
    else:
        found.others.append(OtherEvent(name or "unknown", number, value if name else change))


def _messages(found: Found, value: dict[str, Any], number: str | None) -> None:
    place = _place(value, number)
    each(found, part_of("messages", value, number, "messages"), lambda found, item: _message(found, item, place))
    each(found, part_of("messages", value, number, "statuses"), lambda found, item: _status(found, item, place))
    each(found, part_of("messages", value, number, "errors"), lambda found, item: found.others.append(OtherEvent("errors", number, item)))
    unknown = {key: part for key, part in value.items() if key not in KNOWN_PARTS}
    if unknown:
        found.others.append(OtherEvent("messages", number, unknown))


def _place(value: dict[str, Any], number: str | None) -> _Place:
    contacts = [contact for contact in listed(value.get("contacts"))[:MOST_PARTS] if isinstance(contact, dict)]
    by_id: dict[str, dict[str, Any]] = {}
    for contact in contacts:
        for key in (contact.get("wa_id"), contact.get("user_id")):
            if isinstance(key, str):
                by_id[key] = contact
    alone = len(contacts) == 1 and len(listed(value.get("messages"))) == 1
    return _Place(number, by_id, contacts[0] if alone else None)


def _contact_of(item: dict[str, Any], place: _Place, *keys: str) -> dict[str, Any] | None:
    """The contacts entry of a message: by its ids; a message that names nobody is of the only contact there is."""
    named = False
    for key in keys:
        value = item.get(key)
        if isinstance(value, str):
            named = True
            if value in place.contacts:
                return place.contacts[value]
    return None if named else place.only


def _message(found: Found, item: dict[str, Any], place: _Place) -> None:
    contact = _contact_of(item, place, "from_user_id", "from")
    sender = _sender(item, contact or {})
    wamid = identifier(item.get("id"))
    if place.number is None or wamid is None or sender is None:
        found.others.append(OtherEvent("messages", place.number, {"message": item, "contact": contact}))
        return
    kind, content = read(item)
    found.messages.append(
        Inbound(
            phone_number_id=place.number,
            wamid=wamid,
            sent_at=moment(item.get("timestamp"), found.now),
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
    profile = mapping(contact.get("profile"))
    number = phone(item.get("from")) or phone(contact.get("wa_id"))
    bsuid = identifier(item.get("from_user_id")) or identifier(contact.get("user_id"))
    if number is None and bsuid is None:
        return None
    parent = identifier(item.get("from_parent_user_id")) or identifier(contact.get("parent_user_id"))
    return Sender(number, bsuid, parent, line("profile_name", profile.get("name")), line("username", profile.get("username")))


def _context(value: object) -> Context | None:
    if not isinstance(value, dict):
        return None
    product = mapping(value.get("referred_product"))
    return Context(
        reply_to=identifier(value.get("id")),
        forwarded=flag(value.get("forwarded")) or flag(value.get("frequently_forwarded")) or False,
        frequently_forwarded=flag(value.get("frequently_forwarded")) or False,
        catalog_id=identifier(product.get("catalog_id")),
        product=text(product.get("product_retailer_id")),
    )


def _referral(value: object) -> Referral | None:
    if not isinstance(value, dict):
        return None
    parts = ("source_type", "source_id", "source_url", "headline", "body", "ctwa_clid")
    return Referral(*(text(value.get(part)) for part in parts))


def _status(found: Found, item: dict[str, Any], place: _Place) -> None:
    wamid, word = identifier(item.get("id")), item.get("status")
    if place.number is None or wamid is None or not isinstance(word, str):
        found.others.append(OtherEvent("statuses", place.number, item))
        return
    contact = _contact_of(item, place, "recipient_user_id", "recipient_id") or {}
    found.statuses.append(
        StatusUpdate(
            phone_number_id=place.number,
            wamid=wamid,
            status=STATUSES.get(word, Status.OTHER),
            at=moment(item.get("timestamp"), found.now),
            raw=item,
            phone=phone(item.get("recipient_id")) or phone(contact.get("wa_id")),
            bsuid=identifier(item.get("recipient_user_id")) or identifier(contact.get("user_id")),
            outbox_id=identifier(item.get("biz_opaque_callback_data")),
            errors=errors(item.get("errors")),
            pricing=_pricing(item.get("pricing")),
            conversation_id=identifier(mapping(item.get("conversation")).get("id")),
        )
    )


def _pricing(value: object) -> Pricing | None:
    if not isinstance(value, dict):
        return None
    return Pricing(
        flag(value.get("billable")), text(value.get("pricing_model")), text(value.get("type")), line("category", value.get("category"))
    )


def _echoes(found: Found, value: dict[str, Any], number: str | None) -> None:
    def take(found: Found, item: dict[str, Any]) -> None:
        wamid, to, bsuid = identifier(item.get("id")), phone(item.get("to")), identifier(item.get("to_user_id"))
        if number is None or wamid is None or (to is None and bsuid is None):
            found.others.append(OtherEvent("smb_message_echoes", number, item))
            return
        kind, content = read(item)
        found.echoes.append(Echo(number, wamid, moment(item.get("timestamp"), found.now), to, bsuid, kind, content, item))

    each(found, part_of("smb_message_echoes", value, number, "message_echoes"), take)
    unknown = {key: part for key, part in value.items() if key not in KNOWN_PARTS | {"message_echoes"}}
    if unknown:
        found.others.append(OtherEvent("smb_message_echoes", number, unknown))
