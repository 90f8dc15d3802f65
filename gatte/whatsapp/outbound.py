"""What we say, as bodies of the Cloud API; everything that Meta would refuse for its length or
number is refused here first.

Lengths are counted in code points, not in UTF-16 units: what we could learn of Meta's own counting
says so, and it is what `len` gives. Were it wrong, only a text within a few emojis of its limit
would be refused by Meta, with a clear error.
"""

import re
from collections.abc import Sequence
from typing import Any

from gatte.conversation.replies import (
    ButtonsReply,
    MenuReply,
    Reply,
    ReplyOption,
    TemplateReply,
    TextReply,
)

TEXT_LIMIT, BUTTONS_BODY_LIMIT, MENU_BODY_LIMIT = 4096, 1024, 4096
BUTTON_COUNT, BUTTON_TITLE_LIMIT, BUTTON_ID_LIMIT = 3, 20, 256
ROW_COUNT, ROW_TITLE_LIMIT, ROW_DESCRIPTION_LIMIT, ROW_ID_LIMIT, MENU_BUTTON_LIMIT = (
    10,
    24,
    72,
    200,
    20,
)
TEMPLATE_NAME_LIMIT, PARAMETER_LIMIT, OUTBOX_ID_LIMIT = 512, 1024, 512
TEMPLATE_NAME = re.compile(r"[a-z0-9_]+")
SPACE = re.compile(r"\s+")


class LimitExceeded(Exception):
    """A message breaks a rule of WhatsApp; `limit` names it, the message says by how much."""

    def __init__(self, limit: str, problem: str) -> None:
        super().__init__(f"{limit}: {problem}")
        self.limit = limit


class TooLong(LimitExceeded):
    """A text of a message is longer than WhatsApp allows."""

    def __init__(self, limit: str, allowed: int, length: int) -> None:
        super().__init__(limit, f"{length} characters, {allowed} allowed")
        self.allowed = allowed
        self.length = length


class NoRecipient(Exception):
    """Neither a phone nor a BSUID is known."""


def message_body(
    reply: Reply,
    *,
    phone: str | None = None,
    bsuid: str | None = None,
    outbox_id: str | None = None,
    reply_to: str | None = None,
) -> dict[str, Any]:
    """The Cloud API body of a reply; `reply_to` quotes a message of the customer; LimitExceeded for
    what Meta would refuse.
    """
    made = _addressed(phone, bsuid) | _content(reply)
    if outbox_id is not None:
        made["biz_opaque_callback_data"] = _within(
            "biz_opaque_callback_data", outbox_id, OUTBOX_ID_LIMIT
        )
    if reply_to is not None:
        made["context"] = {"message_id": reply_to}
    return made


def reaction(
    message_id: str, emoji: str, *, phone: str | None = None, bsuid: str | None = None
) -> dict[str, Any]:
    """The body of a reaction to a customer's message; an empty emoji takes it back."""
    return _addressed(phone, bsuid) | {
        "type": "reaction",
        "reaction": {"message_id": message_id, "emoji": emoji},
    }


def read_receipt(wamid: str, *, typing: bool = True) -> dict[str, Any]:
    """The body that shows a customer's message as read, and with `typing` that an answer is being
    written.
    """
    made: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": wamid}
    if typing:
        made["typing_indicator"] = {"type": "text"}
    return made


def check(reply: Reply) -> None:
    """Raise LimitExceeded when WhatsApp would refuse the reply: for texts that people write in the
    panel, before they are stored.
    """
    _content(reply)


def _addressed(phone: str | None, bsuid: str | None) -> dict[str, Any]:
    """The phone when we know it, since not everything may be sent to a BSUID; never both, since
    then Meta ignores one.
    """
    base = {"messaging_product": "whatsapp", "recipient_type": "individual"}
    if phone:
        return base | {"to": phone}
    if bsuid:
        return base | {"recipient": bsuid}
    raise NoRecipient("a message needs a phone or a BSUID")


def _content(reply: Reply) -> dict[str, Any]:
    match reply:
        case TextReply():
            return {
                "type": "text",
                "text": {
                    "body": _within("text body", reply.body, TEXT_LIMIT),
                    "preview_url": False,
                },
            }
        case ButtonsReply():
            return {"type": "interactive", "interactive": _buttons(reply)}
        case MenuReply():
            return {"type": "interactive", "interactive": _menu(reply)}
        case TemplateReply():
            return {"type": "template", "template": _template(reply)}


def _buttons(reply: ButtonsReply) -> dict[str, Any]:
    _check_options("button", reply.options, BUTTON_COUNT)
    buttons = [
        {
            "type": "reply",
            "reply": {
                "id": _within("button id", option.id, BUTTON_ID_LIMIT),
                "title": _within("button title", option.title, BUTTON_TITLE_LIMIT),
            },
        }
        for option in reply.options
    ]
    text = _within("body of buttons", reply.body, BUTTONS_BODY_LIMIT)
    return {"type": "button", "body": {"text": text}, "action": {"buttons": buttons}}


def _menu(reply: MenuReply) -> dict[str, Any]:
    _check_options("row", reply.options, ROW_COUNT)
    action = {
        "button": _within("list button", reply.button, MENU_BUTTON_LIMIT),
        "sections": [{"rows": [_row(option) for option in reply.options]}],
    }
    return {
        "type": "list",
        "body": {"text": _within("body of a list", reply.body, MENU_BODY_LIMIT)},
        "action": action,
    }


def _row(option: ReplyOption) -> dict[str, str]:
    row = {
        "id": _within("row id", option.id, ROW_ID_LIMIT),
        "title": _within("row title", option.title, ROW_TITLE_LIMIT),
    }
    if option.description.strip():
        row["description"] = _within("row description", option.description, ROW_DESCRIPTION_LIMIT)
    return row


def _template(reply: TemplateReply) -> dict[str, Any]:
    _within("template name", reply.name, TEMPLATE_NAME_LIMIT)
    if not TEMPLATE_NAME.fullmatch(reply.name):
        raise LimitExceeded("template name", "lower-case letters, digits and underscores only")
    made: dict[str, Any] = {
        "name": reply.name,
        "language": {"code": _within("template language", reply.language, 15)},
    }
    components = _body_component(reply) + _button_components(reply)
    if components:
        made["components"] = components
    return made


def _body_component(reply: TemplateReply) -> list[dict[str, Any]]:
    """The values of the body's variables, with their names where the template names them."""
    parameters = [_parameter(value) for value in reply.parameters]
    if reply.parameter_names and len(reply.parameter_names) != len(parameters):
        raise LimitExceeded("template parameters", "each needs its name")
    for parameter, name in zip(parameters, reply.parameter_names, strict=False):
        parameter["parameter_name"] = name
    return [{"type": "body", "parameters": parameters}] if parameters else []


def _button_components(reply: TemplateReply) -> list[dict[str, Any]]:
    """What each quick-reply button brings back when it is tapped, or the one button of an
    authentication template copies (Cloud API, authentication templates).
    """
    if reply.copied_code:
        parameters = [_parameter(reply.copied_code)]
        return [{"type": "button", "sub_type": "url", "index": "0", "parameters": parameters}]
    return [
        {
            "type": "button",
            "sub_type": "quick_reply",
            "index": str(place),
            "parameters": [
                {"type": "payload", "payload": _within("button id", payload, BUTTON_ID_LIMIT)}
            ],
        }
        for place, payload in enumerate(reply.payloads)
    ]


def _parameter(value: str) -> dict[str, str]:
    """Meta refuses line breaks, tabs and runs of spaces in a value, so they become one space."""
    return {
        "type": "text",
        "text": _within("template parameter", SPACE.sub(" ", value).strip(), PARAMETER_LIMIT),
    }


def _check_options(what: str, options: Sequence[ReplyOption], allowed: int) -> None:
    if not 1 <= len(options) <= allowed:
        raise LimitExceeded(f"number of {what}s", f"{len(options)}, and 1 to {allowed} are allowed")
    if len({option.id for option in options}) < len(options):
        raise LimitExceeded(f"{what} id", "used twice")
    if what == "button" and len({option.title for option in options}) < len(options):
        raise LimitExceeded("button title", "used twice")


def _within(limit: str, value: str, allowed: int) -> str:
    if not value.strip():
        raise LimitExceeded(limit, "empty")
    if len(value) > allowed:
        raise TooLong(limit, allowed, len(value))
    return value
