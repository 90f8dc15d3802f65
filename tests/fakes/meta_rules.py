"""What the Cloud API demands of a message body, as strictly as Meta does: wrong keys, missing parts
and exceeded limits are refused.
"""

import re
from typing import Any

Json = dict[str, Any]

COMMON = {
    "messaging_product",
    "recipient_type",
    "to",
    "recipient",
    "type",
    "context",
    "biz_opaque_callback_data",
}
MEDIA = {"image", "video", "audio", "document", "sticker"}
PHONE = re.compile(r"\+?\d{8,15}")
BSUID = re.compile(r"[A-Z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
READ_KEYS = {"messaging_product", "status", "message_id", "typing_indicator"}


class Refusal(Exception):
    """Meta's error for a request."""

    def __init__(
        self, code: int, details: str, *, status: int = 400, subcode: int | None = None
    ) -> None:
        super().__init__(f"{code}: {details}")
        self.code, self.details, self.status, self.subcode = code, details, status, subcode


def check_message(body: Json) -> None:
    """Raise Refusal unless the Cloud API would accept this body."""
    _product(body)
    _only(body, COMMON | {str(body.get("type"))}, "message")
    _recipient(body)
    kind = body.get("type", "text")
    checker = CHECKERS.get(kind)
    if checker is None:
        raise Refusal(100, f"Param type must be one of {sorted(CHECKERS)}")
    checker(_object(body, kind))
    if "biz_opaque_callback_data" in body:
        _text(body, "biz_opaque_callback_data", 512)
    if "context" in body:
        _text(_object(body, "context"), "message_id", 512)


def check_read(body: Json) -> None:
    """Raise Refusal unless this marks a message as read."""
    _product(body)
    _only(body, READ_KEYS, "status")
    if body.get("status") != "read":
        raise Refusal(100, "Param status must be read")
    if not _text(body, "message_id", 512).startswith("wamid."):
        raise Refusal(131009, "Parameter value is not valid: message_id")
    if "typing_indicator" in body and body["typing_indicator"] != {"type": "text"}:
        raise Refusal(100, "Param typing_indicator['type'] must be text")


def recipient_of(body: Json) -> str:
    """Whom a checked body goes to: `to` wins."""
    return str(body.get("to") or body["recipient"]).removeprefix("+")


def _product(body: Json) -> None:
    if body.get("messaging_product") != "whatsapp":
        raise Refusal(100, "Param messaging_product must be whatsapp")


def _recipient(body: Json) -> None:
    if body.get("recipient_type", "individual") != "individual":
        raise Refusal(100, "Param recipient_type must be individual")
    to, recipient = body.get("to"), body.get("recipient")
    if to is None and recipient is None:
        raise Refusal(131008, "The parameter to is required.")
    if to is not None and (not isinstance(to, str) or not PHONE.fullmatch(to)):
        raise Refusal(131009, "Parameter value is not valid: to")
    if to is None and (not isinstance(recipient, str) or not BSUID.fullmatch(recipient)):
        raise Refusal(131009, "Parameter value is not valid: recipient")


def _check_text(node: Json) -> None:
    _only(node, {"body", "preview_url"}, "text")
    _text(node, "body", 4096)
    if not isinstance(node.get("preview_url", False), bool):
        raise Refusal(100, "Param text['preview_url'] must be a boolean")


def _check_interactive(node: Json) -> None:
    kind = node.get("type")
    checker = INTERACTIVE.get(kind) if isinstance(kind, str) else None
    if checker is None:
        raise Refusal(131009, f"Invalid type for interactive message: {kind}")
    _only(node, {"type", "header", "body", "footer", "action"}, "interactive")
    _text(_object(node, "body"), "text", 4096 if kind == "list" else 1024)
    for part in ("header", "footer"):
        if part in node:
            _text(_object(node, part), "text", 60)
    checker(_object(node, "action"))


def _check_buttons(action: Json) -> None:
    _only(action, {"buttons"}, "action")
    buttons = _list(action, "buttons", 3)
    replies = [_object(button, "reply") for button in buttons]
    for button, reply in zip(buttons, replies, strict=True):
        if button.get("type") != "reply":
            raise Refusal(131009, "Button type must be reply")
        _only(reply, {"id", "title"}, "reply")
        _text(reply, "id", 256)
        _text(reply, "title", 20)
    _unique([reply["title"] for reply in replies], "Button titles must be unique")
    _unique([reply["id"] for reply in replies], "Button ids must be unique")


def _check_list(action: Json) -> None:
    _only(action, {"button", "sections"}, "action")
    _text(action, "button", 20)
    sections = _list(action, "sections", 10)
    rows = [row for section in sections for row in _list(section, "rows", 10)]
    for section in sections:
        if len(sections) > 1 or "title" in section:
            _text(section, "title", 24)
    if len(rows) > 10:
        raise Refusal(131009, "Total row count exceed max allowed count: 10")
    for row in rows:
        _only(row, {"id", "title", "description"}, "row")
        _text(row, "id", 200)
        _text(row, "title", 24)
        if "description" in row:
            _text(row, "description", 72)
    _unique([row["id"] for row in rows], "Row ids must be unique")


def _check_url_button(action: Json) -> None:
    parameters = _object(action, "parameters")
    _text(parameters, "display_text", 20)
    if not _text(parameters, "url", 2000).startswith(("https://", "http://")):
        raise Refusal(131009, "Invalid URL")


def _check_location_request(action: Json) -> None:
    if action.get("name") != "send_location":
        raise Refusal(131009, "Action name must be send_location")


def _check_template(node: Json) -> None:
    _only(node, {"name", "language", "components"}, "template")
    name = _text(node, "name", 512)
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise Refusal(132001, f"template name ({name}) does not exist")
    _text(_object(node, "language"), "code", 15)
    for component in node.get("components", []):
        for parameter in component.get("parameters", []):
            _check_parameter(parameter)


def _check_parameter(parameter: Json) -> None:
    if parameter.get("type") != "text":
        return
    value = _text(parameter, "text", 32_768)
    if re.search(r"[\n\t]| {5,}", value):
        raise Refusal(
            132012,
            "Param text cannot have new-line/tab characters or more than 4 consecutive spaces",
        )


def _check_media(node: Json) -> None:
    if not isinstance(node.get("id"), str) and not isinstance(node.get("link"), str):
        raise Refusal(131008, "Either id or link is required")
    if "caption" in node:
        _text(node, "caption", 1024)


def _check_reaction(node: Json) -> None:
    _only(node, {"message_id", "emoji"}, "reaction")
    _text(node, "message_id", 512)
    if not isinstance(node.get("emoji"), str):
        raise Refusal(131008, "The parameter emoji is required.")


def _check_anything(node: Json) -> None:
    """Kinds that we do not send: a JSON object is enough."""


INTERACTIVE = {
    "button": _check_buttons,
    "list": _check_list,
    "cta_url": _check_url_button,
    "location_request_message": _check_location_request,
}
CHECKERS = {
    "text": _check_text,
    "interactive": _check_interactive,
    "template": _check_template,
    "reaction": _check_reaction,
    **dict.fromkeys(MEDIA, _check_media),
    "location": _check_anything,
}


def _only(node: Json, allowed: set[str], where: str) -> None:
    for key in node:
        if key not in allowed:
            raise Refusal(100, f'Unexpected key "{key}" on param "{where}".')


def _object(node: Json, key: str) -> Json:
    value = node.get(key) if isinstance(node, dict) else None
    if value is None:
        raise Refusal(131008, f"The parameter {key} is required.")
    if not isinstance(value, dict):
        raise Refusal(100, f"Param {key} must be a JSON object.")
    return value


def _list(node: Json, key: str, most: int) -> list[Json]:
    value = node.get(key)
    if (
        not isinstance(value, list)
        or not 1 <= len(value) <= most
        or not all(isinstance(item, dict) for item in value)
    ):
        raise Refusal(131009, f"{key} must be an array of 1 to {most} objects")
    return value


def _text(node: Json, key: str, most: int) -> str:
    value = node.get(key)
    if value is None or value == "":
        raise Refusal(131008, f"The parameter {key} is required.")
    if not isinstance(value, str):
        raise Refusal(100, f"Param {key} must be a string.")
    if not value.strip() or len(value) > most:
        raise Refusal(131009, f"{key} must be between 1 and {most} characters")
    return value


def _unique(values: list[str], problem: str) -> None:
    if len(set(values)) < len(values):
        raise Refusal(131009, problem)
