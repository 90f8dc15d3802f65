"""WhatsApp without WhatsApp: a channel that sends nothing, and the webhook bodies that Meta would
send for a customer at a desk.

Pure: what the customer "received" is the outbox itself, which the simulator page shows. No phone
made here can exist: there is no area code 00 in Brazil.
"""

import base64
import json
import secrets
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gatte.conversation.nlu import MessageKind
from gatte.whatsapp.channel import Sent
from gatte.whatsapp.events import Status
from gatte.whatsapp.payload_parts import OBJECT
from gatte.whatsapp.simulated_templates import SIMULATED_LIST
from gatte.whatsapp.template_list import ListedTemplate, parse_templates

SIMULATOR_NUMBER = "simulator"
"""The company's number in the simulator; a number of this id is never on WhatsApp."""
COMPANY_PHONE = "550040000000"
WAMID_PREFIX = "wamid.SIM"
ACCOUNT = "0"
UNDELIVERABLE: dict[str, Any] = {
    "code": 131026,
    "title": "Message undeliverable",
    "message": "Message undeliverable",
    "error_data": {"details": "Message undeliverable."},
    "href": "https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes/",
}


class SimulatorClient:
    """A channel on which everything is accepted and nothing leaves."""

    def send(self, phone_number_id: str, body: dict[str, Any]) -> Sent:  # noqa: ARG002 - the same interface as the Cloud API's
        """Accept a message."""
        return Sent(new_wamid())

    def mark_read(self, phone_number_id: str, wamid: str, *, typing: bool = True) -> None:
        """Show nothing to nobody."""

    def list_templates(self, business_account_id: str) -> list[ListedTemplate]:  # noqa: ARG002 - the same interface as the Cloud API's
        """The templates of a company that plays with the simulator."""
        return parse_templates(SIMULATED_LIST)


def new_wamid() -> str:
    """A wamid that no other message has; that it is simulated can be seen."""
    return f"{WAMID_PREFIX}{secrets.token_hex(16)}"


@dataclass(frozen=True)
class SimulatedContact:
    """Whom the simulator page plays: a phone, or only a BSUID as of people with a user name."""

    phone: str | None
    name: str
    bsuid: str | None = None
    username: str | None = None

    @property
    def user_id(self) -> str:
        """The BSUID, which Meta tells of everybody; one made of the phone when none was given."""
        return self.bsuid or f"BR.{self.phone}"


def new_phone() -> str:
    """A mobile that nobody can have."""
    return f"550097{secrets.randbelow(10_000_000):07}"


def new_bsuid() -> str:
    """An id of a person for our company, as Meta gives one to each."""
    return f"BR.{secrets.randbelow(9 * 10**15) + 10**15}"


MessagePart = dict[str, Any]
"""The part of a message that depends on its type."""


def text_message(text: str) -> MessagePart:
    """A text message."""
    return {"type": "text", "text": {"body": text}}


def button_reply(choice: str, title: str, *, answered: str | None = None) -> MessagePart:
    """A tap on a reply button of the message with the wamid `answered`."""
    reply = {"id": choice, "title": title}
    return _tapped({"type": "button_reply", "button_reply": reply}, answered)


def list_reply(
    choice: str, title: str, description: str = "", *, answered: str | None = None
) -> MessagePart:
    """A tap on a row of the list in the message with the wamid `answered`."""
    row = {"id": choice, "title": title} | ({"description": description} if description else {})
    return _tapped({"type": "list_reply", "list_reply": row}, answered)


def _tapped(interactive: MessagePart, answered: str | None) -> MessagePart:
    context = {"from": COMPANY_PHONE, "id": answered or new_wamid()}
    return {"type": "interactive", "interactive": interactive, "context": context}


def media_message(
    kind: MessageKind, mime_type: str, *, caption: str = "", filename: str = ""
) -> MessagePart:
    """An image, video, audio, document or sticker whose file does not exist."""
    media_id = str(secrets.randbelow(9 * 10**14) + 10**14)
    node: MessagePart = {
        "id": media_id,
        "mime_type": mime_type,
        "sha256": base64.b64encode(secrets.token_bytes(32)).decode(),
        "url": f"https://simulator.invalid/{media_id}",  # RFC 2606: never a host
    }
    if caption:
        node["caption"] = caption
    if filename:
        node["filename"] = filename
    if kind is MessageKind.AUDIO:
        node["voice"] = True
    if kind is MessageKind.STICKER:
        node["animated"] = False
    return {"type": kind.value, kind.value: node}


def location_message(latitude: float, longitude: float) -> MessagePart:
    """A shared place."""
    return {"type": "location", "location": {"latitude": latitude, "longitude": longitude}}


def reaction_message(wamid: str, emoji: str) -> MessagePart:
    """An emoji on a message; an empty one takes it back."""
    return {"type": "reaction", "reaction": {"message_id": wamid, "emoji": emoji}}


def customer_message_body(
    phone_number_id: str,
    customer: SimulatedContact,
    part: MessagePart,
    *,
    wamid: str | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The webhook body of one message of a customer, as Meta would send it."""
    message: MessagePart = {"id": wamid or new_wamid(), "timestamp": _seconds(at)} | part
    if customer.phone:
        message["from"] = customer.phone
    message["from_user_id"] = customer.user_id
    return _envelope(phone_number_id, customer, {"messages": [message]})


def status_body(
    phone_number_id: str,
    customer: SimulatedContact,
    wamid: str,
    status: Status,
    *,
    outbox_id: str | None = None,
    at: datetime | None = None,
) -> dict[str, Any]:
    """The webhook body of news about a message of ours, as Meta would send it."""
    news: MessagePart = {"id": wamid, "status": status.value, "timestamp": _seconds(at)}
    if customer.phone:
        news["recipient_id"] = customer.phone
    news["recipient_user_id"] = customer.user_id
    if status is Status.FAILED:
        news["errors"] = [UNDELIVERABLE]
    if outbox_id:
        news["biz_opaque_callback_data"] = outbox_id
    return _envelope(phone_number_id, customer, {"statuses": [news]})


def encode(body: dict[str, Any]) -> bytes:
    """The bytes of a webhook body as Meta writes and signs them: all but ASCII escaped, and slashes
    too.
    """
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def _envelope(
    phone_number_id: str, customer: SimulatedContact, parts: MessagePart
) -> dict[str, Any]:
    metadata = {"display_phone_number": COMPANY_PHONE, "phone_number_id": phone_number_id}
    value: MessagePart = {"messaging_product": "whatsapp", "metadata": metadata}
    value |= {"contacts": [_contact(customer)]} | parts
    change = {"field": "messages", "value": value}
    return {"object": OBJECT, "entry": [{"id": ACCOUNT, "changes": [change]}]}


def _contact(customer: SimulatedContact) -> MessagePart:
    profile: MessagePart = {"name": customer.name}
    if customer.username:
        profile["username"] = customer.username
    contact: MessagePart = {"profile": profile, "user_id": customer.user_id}
    if customer.phone:
        contact["wa_id"] = customer.phone
    return contact


def _seconds(at: datetime | None) -> str:
    return str(int(time.time() if at is None else at.timestamp()))
