"""Messages of a conversation: read, and sent as a person of the desk sends them."""

from typing import Annotated, Literal
from uuid import UUID

from flask import Response, url_for
from pydantic import Field, StringConstraints

from gatte.desk import handoff
from gatte.media import file_types, sealed_files
from gatte.media.sealed_files import ContentPart, MediaUnreadable
from gatte.media_formats import KINDS
from gatte.models import (
    Author,
    DeliveryState,
    Direction,
    MediaFile,
    MediaProblem,
    MediaState,
    Message,
    Scope,
    keyring,
)
from gatte.store import media_files
from gatte.store import messages as stored
from gatte.web.api.authorization import audit_read, current_user_id
from gatte.web.api.conversations import PLACE, require_conversation
from gatte.web.api.cursors import cut_page, read_cursor
from gatte.web.api.endpoint import Answer, Endpoint, not_found, single
from gatte.web.api.schema import NO_NUL, ApiModel, Moment, PageQuery
from gatte.web.file_response import attachment_response
from gatte.web.problems import Problem

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


class MediaResource(ApiModel):
    """The file that a message brought: `GET /messages/{id}/media` gives it once it is `stored`."""

    state: MediaState = Field(
        description="`refused` by the rules of the installation; `failed` when it was lost."
    )
    problem: MediaProblem | None = Field(description="Why it is not stored (yet).")
    filename: str | None = Field(description="What its sender calls it.")
    mime_type: str | None = Field(description="What its content is; null for types not known.")
    size: int | None = Field(description="In bytes.")


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
    media: MediaResource | None = Field(
        description="The customer's file; null where there is none, or it is not kept any more."
    )
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


def media_resource(row: MediaFile) -> MediaResource:
    """What the API tells of a file."""
    return MediaResource(
        state=row.state,
        problem=row.problem,
        filename=row.filename,
        mime_type=row.mime_type,
        size=row.size,
    )


def message_resource(message: Message, file: MediaFile | None = None) -> MessageResource:
    """A message as the API shows it, with the file that it brought."""
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
        media=media_resource(file) if file else None,
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
    files = media_files.find_of_messages([one.id for one in shown if one.kind in KINDS])
    items = [message_resource(one, files.get(one.id)) for one in shown]
    return MessagePage(items=items, next_cursor=cursor)


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
    return single(message_resource(message, media_files.find_of_message(message.id)))


@Endpoint(
    "GET", "/messages/<uuid:message_id>/media", TAG, Scope.MESSAGES_READ, None, refusals=(409,)
)
def get_media(message_id: UUID) -> Response:
    """The file that a message brought, as it came: bytes to be saved, never to be opened as a page.

    What it is by its content stands in the message (`media.mime_type`); nobody vouches for what its
    sender calls it. 409 of type `media-not-stored` while it is not here: `media.state` says whether
    it will be.
    """
    message = stored.find_message(message_id)
    row = media_files.find_of_message(message_id)
    if message is None or row is None:
        raise not_found("file of a message")
    if row.state is not MediaState.STORED:
        raise Problem(409, "The file is not here: see `media.state`.", kind="media-not-stored")
    try:
        content = sealed_files.read(row, ContentPart.CONTENT)
    except MediaUnreadable:
        raise Problem(
            503, "The storage does not give the file: try again.", kind="media-unavailable"
        ) from None
    audit_read(f"message:{message.id}")
    name = file_types.download_name(row.filename, row.mime_type, str(message.id))
    return attachment_response(content, row.size or 0, name)
