"""Messages of a conversation: read, and sent as a person of the desk sends them."""

from typing import Annotated, Literal
from uuid import UUID

from flask import url_for
from pydantic import Field, StringConstraints

from gatte.desk import handoff
from gatte.models import Author, DeliveryState, Direction, Message, Scope, keyring
from gatte.store import messages as stored
from gatte.web.api.authorization import audit_read, current_user_id
from gatte.web.api.conversations import PLACE, require_conversation
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.schema import NO_NUL, ApiModel, Moment, PageQuery

TAG = "messages"
LONGEST_TEXT = 4096  # the Cloud API's limit
DeliveryStatus = Literal["unfinished", "accepted", "sent", "delivered", "read", "failed"]
UNFINISHED: DeliveryStatus = "unfinished"
STATUSES: dict[DeliveryState, DeliveryStatus] = {
    DeliveryState.ACCEPTED: "accepted",
    DeliveryState.SENT: "sent",
    DeliveryState.DELIVERED: "delivered",
    DeliveryState.READ: "read",
    DeliveryState.FAILED: "failed",
    DeliveryState.DEAD_LETTER: "failed",
    DeliveryState.CANCELLED: "failed",
}


class MessageResource(ApiModel):
    """One message; `text` is null when it was erased or holds none."""

    id: UUID
    conversation_id: UUID
    direction: Direction
    author: Author
    user_id: int | None = Field(description="The person of the desk who wrote it.")
    kind: str = Field(description="text, image, audio, button and so on.")
    text: str | None
    delivery_status: DeliveryStatus | None = Field(
        description="Of what we sent; `unfinished` is still on its way to Meta."
    )
    error_code: int | None = Field(description="Meta's code when it failed.")
    sent_at: Moment
    received_at: Moment


class MessagePage(ApiModel):
    items: list[MessageResource]
    next_cursor: str | None


class MessageListQuery(PageQuery):
    """Which page of the messages."""


class NewTextMessage(ApiModel):
    """A text for the customer."""

    text: Annotated[
        str,
        StringConstraints(
            strip_whitespace=True, min_length=1, max_length=LONGEST_TEXT, pattern=NO_NUL
        ),
    ]


def message_resource(message: Message) -> MessageResource:
    """A message as the API shows it."""
    outbox = message.outbox
    return MessageResource(
        id=message.id,
        conversation_id=message.conversation_id,
        direction=message.direction,
        author=message.author,
        user_id=message.user_id,
        kind=message.kind,
        text=message.body,
        delivery_status=STATUSES.get(outbox.state, UNFINISHED) if outbox else None,
        error_code=outbox.error_code if outbox else None,
        sent_at=message.sent_at,
        received_at=message.received_at,
    )


@Endpoint("GET", f"{PLACE}/messages", TAG, Scope.MESSAGES_READ, MessagePage)
def list_messages(conversation_id: UUID, query: MessageListQuery) -> MessagePage:
    """The messages of a conversation, the latest first."""
    conversation = require_conversation(conversation_id)
    before = read_cursor(query)
    found = stored.list_latest(conversation_id, int(before[0]) if before else None, query.limit + 1)
    latest_first = found[::-1]
    shown, cursor = cut_page(latest_first, query, lambda message: [message.sequence])
    keyring().preload({row.data_key_id for row in shown if row.data_key_id is not None})
    audit_read(f"conversation:{conversation.id}")
    return MessagePage(items=[message_resource(one) for one in shown], next_cursor=cursor)


@Endpoint(
    "POST",
    f"{PLACE}/messages",
    TAG,
    Scope.MESSAGES_WRITE,
    MessageResource,
    status=201,
    refusals=(409,),
    idempotent=True,
)
def send_message(conversation_id: UUID, json: NewTextMessage) -> Answer:
    """Send a text to the customer, as a person of the desk.

    The token's user must have the conversation (take it first), and the customer must have written
    in the last 24 hours: else 409 of type `not-yours` or `service-window-closed`, and nothing is
    sent. Texts of a conversation leave in the order in which they were taken. Send an
    Idempotency-Key, so that a lost answer never leads to a text sent twice.
    """
    require_conversation(conversation_id)
    message = handoff.reply(conversation_id, current_user_id(), json.text)
    place = url_for("api.get_message", message_id=message.id)
    return single(message_resource(message), 201, {"Location": place})


@Endpoint("GET", "/messages/<uuid:message_id>", TAG, Scope.MESSAGES_READ, MessageResource)
def get_message(message_id: UUID) -> Answer:
    """One message, with how far it has come."""
    message = stored.find_message(message_id)
    if message is None:
        raise not_found("message")
    audit_read(f"message:{message.id}")
    return single(message_resource(message))
