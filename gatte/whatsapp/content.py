"""What can stand in a customer's message: one small type a kind, as Meta documents them."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class MetaError:
    """An error as Meta reports it; build on `code` and `details`, titles change."""

    code: int | None
    title: str | None
    details: str | None
    href: str | None = None


@dataclass(frozen=True, slots=True)
class TextContent:
    """A text message."""

    body: str


@dataclass(frozen=True, slots=True)
class MediaContent:
    """An image, video, audio, document or sticker; the file is fetched by `id`, `url` lives five
    minutes.
    """

    id: str | None
    mime_type: str | None
    sha256: str | None = None
    url: str | None = None
    caption: str | None = None
    filename: str | None = None
    voice: bool = False
    animated: bool = False


@dataclass(frozen=True, slots=True)
class LocationContent:
    """A place in degrees."""

    latitude: float | None
    longitude: float | None
    name: str | None = None
    address: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class CardPhone:
    """A number in a contact card; `wa_id` when it is on WhatsApp."""

    phone: str | None
    wa_id: str | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True)
class ContactCard:
    """One shared contact; `origin` and `vcard` come with an answer to a contact request."""

    name: str | None
    phones: tuple[CardPhone, ...] = ()
    vcard: str | None = None
    origin: str | None = None


@dataclass(frozen=True, slots=True)
class ContactCards:
    """Shared contacts."""

    cards: tuple[ContactCard, ...]


@dataclass(frozen=True, slots=True)
class ButtonReply:
    """A tap on a reply button of an interactive message."""

    id: str
    title: str


@dataclass(frozen=True, slots=True)
class ListReply:
    """A tap on a row of a list."""

    id: str
    title: str
    description: str | None = None


@dataclass(frozen=True, slots=True)
class QuickReply:
    """A tap on a quick reply button of a template."""

    payload: str
    text: str


@dataclass(frozen=True, slots=True)
class FlowReply:
    """A filled form (WhatsApp Flow); `response_json` is the text that Meta sent, not yet read."""

    name: str | None
    body: str | None
    response_json: str | None


@dataclass(frozen=True, slots=True)
class CallPermission:
    """The answer to a request to call: accept or reject."""

    response: str | None
    expires_at: int | None = None
    source: str | None = None


@dataclass(frozen=True, slots=True)
class OrderItem:
    """One product of an order."""

    product: str | None
    quantity: float | None
    price: float | None
    currency: str | None


@dataclass(frozen=True, slots=True)
class OrderContent:
    """A basket of the catalogue."""

    catalog_id: str | None
    note: str | None
    items: tuple[OrderItem, ...]


@dataclass(frozen=True, slots=True)
class Reaction:
    """An emoji on a message; None takes it away."""

    message_id: str | None
    emoji: str | None


class SystemKind(StrEnum):
    """What a system message tells."""

    USER_CHANGED_NUMBER = "user_changed_number"
    CUSTOMER_CHANGED_NUMBER = "customer_changed_number"
    CUSTOMER_IDENTITY_CHANGED = "customer_identity_changed"
    USER_CHANGED_USER_ID = "user_changed_user_id"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class SystemContent:
    """Something happened to the account of the customer; `new_phone` and `new_bsuid` are set when
    they changed.
    """

    kind: SystemKind
    body: str | None
    new_phone: str | None = None
    new_bsuid: str | None = None
    new_parent_bsuid: str | None = None


@dataclass(frozen=True, slots=True)
class UnsupportedContent:
    """Meta could not pass the message on; `type` is what it was, when told."""

    type: str | None
    errors: tuple[MetaError, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """The customer changed a message: which, and what it says now."""

    original: str | None
    content: "Content"


@dataclass(frozen=True, slots=True)
class Revoke:
    """The customer deleted a message for everyone."""

    original: str | None


@dataclass(frozen=True, slots=True)
class RequestWelcome:
    """The customer opened the chat for the first time and wrote nothing."""


@dataclass(frozen=True, slots=True)
class UnknownContent:
    """A type that we do not know, or a known one whose inside is not as documented; all of it
    stands in the message's `raw`.
    """

    type: str | None
    value: Any = None


Content = (
    TextContent
    | MediaContent
    | LocationContent
    | ContactCards
    | ButtonReply
    | ListReply
    | QuickReply
    | FlowReply
    | CallPermission
    | OrderContent
    | Reaction
    | SystemContent
    | UnsupportedContent
    | Edit
    | Revoke
    | RequestWelcome
    | UnknownContent
)
