"""WhatsApp without WhatsApp: a channel that sends nothing, and the webhook bodies that Meta would send for a customer at a desk.

Pure: what the customer "received" is the outbox itself, which the simulator page shows.
"""

import json
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gatte.conversation.understanding import MessageKind
from gatte.whatsapp.channel import Sent
from gatte.whatsapp.events import Status
from gatte.whatsapp.parts import OBJECT

WAMID_PREFIX = "wamid.SIM"
ACCOUNT = "0"


class SimulatorClient:
    """A channel on which everything is accepted and nothing leaves."""

    def send(self, phone_number_id: str, body: dict[str, Any]) -> Sent:  # noqa: ARG002 - the same interface as the Cloud API's
        """Accept a message."""
        return Sent(new_wamid())

    def mark_read(self, phone_number_id: str, wamid: str, *, typing: bool = True) -> None:
        """Show nothing to nobody."""


def new_wamid() -> str:
    """A wamid that no other message has; that it is simulated can be seen."""
    return f"{WAMID_PREFIX}{secrets.token_hex(16)}"


@dataclass(frozen=True)
class Customer:
    """Whom the simulator page plays: a phone, or only a BSUID as of people with a user name."""

    phone: str | None
    name: str
    bsuid: str | None = None


Part = dict[str, Any]
"""The part of a message that depends on its type."""


def said(text: str) -> Part:
    """A text message."""
    return {"type": "text", "text": {"body": text}}


def tapped_button(choice: str, title: str) -> Part:
    """A tap on a reply button."""
    return {"type": "interactive", "interactive": {"type": "button_reply", "button_reply": {"id": choice, "title": title}}}


def tapped_row(choice: str, title: str, description: str = "") -> Part:
    """A tap on a row of a list."""
    row = {"id": choice, "title": title} | ({"description": description} if description else {})
    return {"type": "interactive", "interactive": {"type": "list_reply", "list_reply": row}}


def attached(kind: MessageKind, mime_type: str, *, caption: str = "", filename: str = "") -> Part:
    """An image, video, audio, document or sticker whose file does not exist."""
    node: Part = {"id": str(secrets.randbelow(10**15)), "mime_type": mime_type, "sha256": ""}
    if caption:
        node["caption"] = caption
    if filename:
        node["filename"] = filename
    if kind is MessageKind.AUDIO:
        node["voice"] = True
    return {"type": kind.value, kind.value: node}


def located(latitude: float, longitude: float) -> Part:
    """A shared place."""
    return {"type": "location", "location": {"latitude": latitude, "longitude": longitude}}


def reacted(wamid: str, emoji: str) -> Part:
    """An emoji on a message; an empty one takes it back."""
    return {"type": "reaction", "reaction": {"message_id": wamid, "emoji": emoji}}


def customer_message_body(
    phone_number_id: str, customer: Customer, part: Part, *, wamid: str | None = None, at: datetime | None = None
) -> dict[str, Any]:
    """The webhook body of one message of a customer, as Meta would send it."""
    profile: Part = {"profile": {"name": customer.name}}
    message: Part = {"id": wamid or new_wamid(), "timestamp": _seconds(at)} | part
    if customer.phone:
        profile["wa_id"] = message["from"] = customer.phone
    if customer.bsuid:
        profile["user_id"] = message["from_user_id"] = customer.bsuid
    return _envelope(phone_number_id, {"contacts": [profile], "messages": [message]})


def status_body(
    phone_number_id: str, customer: Customer, wamid: str, status: Status, *, outbox_id: str | None = None, at: datetime | None = None
) -> dict[str, Any]:
    """The webhook body of news about a message of ours, as Meta would send it."""
    news: Part = {"id": wamid, "status": status.value, "timestamp": _seconds(at)}
    if customer.phone:
        news["recipient_id"] = customer.phone
    if customer.bsuid:
        news["recipient_user_id"] = customer.bsuid
    if outbox_id:
        news["biz_opaque_callback_data"] = outbox_id
    return _envelope(phone_number_id, {"statuses": [news]})


def encoded(body: dict[str, Any]) -> bytes:
    """The bytes of a webhook body as Meta writes and signs them: all but ASCII escaped, and slashes too."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def _envelope(phone_number_id: str, parts: Part) -> dict[str, Any]:
    metadata = {"display_phone_number": "", "phone_number_id": phone_number_id}
    value = {"messaging_product": "whatsapp", "metadata": metadata} | parts
    return {"object": OBJECT, "entry": [{"id": ACCOUNT, "changes": [{"field": "messages", "value": value}]}]}


def _seconds(at: datetime | None) -> str:
    return str(int(time.time() if at is None else at.timestamp()))
