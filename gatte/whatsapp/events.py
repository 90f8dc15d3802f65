"""What a webhook body brings, split and typed: messages, statuses, echoes of the phone app, and
everything else as it came.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from gatte.conversation.nlu import MessageKind
from gatte.whatsapp.content import (
    ButtonReply,
    Content,
    Edit,
    FlowReply,
    ListReply,
    MediaContent,
    MetaError,
    OrderContent,
    QuickReply,
    TextContent,
)


@dataclass(frozen=True, slots=True)
class Sender:
    """Who wrote: at least one of phone and BSUID (Meta's id of a person for our company) is set."""

    phone: str | None
    bsuid: str | None = None
    parent_bsuid: str | None = None
    name: str | None = None
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """What a message answers or where it was forwarded from."""

    reply_to: str | None = None
    forwarded: bool = False
    frequently_forwarded: bool = False
    catalog_id: str | None = None
    product: str | None = None


@dataclass(frozen=True, slots=True)
class Referral:
    """The advertisement or post through which the customer came."""

    source_type: str | None
    source_id: str | None
    source_url: str | None
    headline: str | None
    body: str | None
    click_id: str | None


@dataclass(frozen=True, slots=True)
class InboundMessage:
    """One message of a customer; `raw` keeps the message and its contacts entry whole, under
    "message" and "contact".
    """

    phone_number_id: str
    wamid: str
    sent_at: datetime
    sender: Sender
    kind: MessageKind
    content: Content
    raw: dict[str, Any]
    context: Context | None = None
    referral: Referral | None = None
    group_id: str | None = None
    errors: tuple[MetaError, ...] = ()

    @property
    def skips_quiet_period(self) -> bool:
        """True for a tap on a button or list row: the thought is complete, nothing more is to be
        waited for.
        """
        return self.kind is MessageKind.CHOICE


class Status(StrEnum):
    """How far a message of ours came; OTHER for what Meta may add (the word stands in `raw`)."""

    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    PLAYED = "played"
    FAILED = "failed"
    DELETED = "deleted"
    WARNING = "warning"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Pricing:
    """What Meta charges for a message."""

    billable: bool | None
    model: str | None
    type: str | None
    category: str | None


@dataclass(frozen=True, slots=True)
class StatusUpdate:
    """News of a message of ours; `outbox_id` is what we had put into `biz_opaque_callback_data`."""

    phone_number_id: str
    wamid: str
    status: Status
    at: datetime
    raw: dict[str, Any]
    phone: str | None = None
    bsuid: str | None = None
    outbox_id: str | None = None
    errors: tuple[MetaError, ...] = ()
    pricing: Pricing | None = None
    conversation_id: str | None = None


@dataclass(frozen=True, slots=True)
class CompanyEcho:
    """A human of the company wrote to a customer from the WhatsApp Business app on the phone."""

    phone_number_id: str
    wamid: str
    sent_at: datetime
    phone: str | None
    bsuid: str | None
    kind: MessageKind
    content: Content
    raw: dict[str, Any]


@dataclass(frozen=True, slots=True)
class UnhandledEvent:
    """Anything else: another field, an error of the number, or a message or status that lacks what
    it needs; `value` as it came.
    """

    field: str
    phone_number_id: str | None
    value: Any


@dataclass(frozen=True, slots=True)
class WebhookPayload:
    """Everything that one webhook body brought, in its order."""

    messages: tuple[InboundMessage, ...] = ()
    statuses: tuple[StatusUpdate, ...] = ()
    echoes: tuple[CompanyEcho, ...] = ()
    others: tuple[UnhandledEvent, ...] = ()


def text_of(message: InboundMessage | CompanyEcho) -> str:
    """What the customer wrote or tapped, as it came: body, caption, title of the button or row;
    empty where there are no words.
    """
    return words_of(message.content)


def words_of(content: Content) -> str:
    """The words in a content; of an edit, the new ones."""
    match content:
        case (
            TextContent(body=said)
            | QuickReply(text=said)
            | ButtonReply(title=said)
            | ListReply(title=said)
        ):
            return said
        case MediaContent(caption=said) | FlowReply(body=said) | OrderContent(note=said):
            return said or ""
        case Edit(content=changed):
            return words_of(changed)
        case _:
            return ""


def selected_option_id(message: InboundMessage) -> str | None:
    """The id of the tapped button or row; a template's quick reply gives its payload; None when
    nothing was tapped.
    """
    match message.content:
        case ButtonReply(id=tapped) | ListReply(id=tapped) | QuickReply(payload=tapped):
            return tapped
        case _:
            return None
