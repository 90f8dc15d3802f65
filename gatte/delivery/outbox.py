"""The outbox: an answer is a row here from the moment it was decided until a status settles it."""

from uuid import UUID

from sqlalchemy import func

from gatte.conversation.replies import Reply, kind_of, text_of, to_json
from gatte.extensions import db
from gatte.models import Author, Conversation, Direction, Message, Outbox
from gatte.models.columns import new_id


def write(
    conversation: Conversation,
    reply: Reply,
    author: Author,
    *,
    turn_id: UUID | None = None,
    user_id: int | None = None,
    message_id: UUID | None = None,
) -> Message:
    """Put an answer into the history and the outbox; it leaves after the answers that were written before it."""
    message = Message(
        id=message_id or new_id(),
        data_key_id=conversation.data_key_id,
        contact_id=conversation.contact_id,
        conversation_id=conversation.id,
        direction=Direction.OUT,
        author=author,
        user_id=user_id,
        kind=kind_of(reply),
        body=text_of(reply),
        turn_id=turn_id,
        sent_at=func.clock_timestamp(),
    )
    row = Outbox(
        id=message.id,
        data_key_id=conversation.data_key_id,
        conversation_id=conversation.id,
        phone_number_id=conversation.phone_number_id,
        author=author,
        owner_version=conversation.owner_version,
        reply=to_json(reply),
    )
    db.session.add(message)
    db.session.flush()  # the outbox row refers to it, and positions follow the order of writing
    db.session.add(row)
    db.session.flush()
    return message
