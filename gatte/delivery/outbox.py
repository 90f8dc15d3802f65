"""The outbox: an answer is a row here from the moment it was decided until a status settles it."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from gatte.conversation.replies import Reply, kind_of, text_of, to_json
from gatte.extensions import db
from gatte.infra.database.statement_batch import DB_NOW_SQL, SqlExpression, StatementBatch
from gatte.models import Author, Conversation, DeliveryState, Direction, Message, Outbox
from gatte.models.columns import new_uuid7

CLAIM_SECONDS = 30  # longer than any call to Meta may take (25 s)
CLAIM_EXPIRY = SqlExpression(f"clock_timestamp() + interval '{CLAIM_SECONDS} seconds'")


@dataclass(frozen=True)
class OutgoingReply:
    """Something to be said to a customer: by whom, and in which turn."""

    reply: Reply
    author: Author
    turn_id: UUID | None = None
    user_id: int | None = None
    id: UUID = field(default_factory=new_uuid7)


def enqueue(
    conversation: Conversation,
    reply: Reply,
    author: Author,
    *,
    turn_id: UUID | None = None,
    user_id: int | None = None,
    message_id: UUID | None = None,
) -> UUID:
    """Put an answer into the history and the outbox, under its id; it leaves after the answers that
    were written before it.
    """
    db.session.flush()
    batch = StatementBatch()
    answer = OutgoingReply(reply, author, turn_id, user_id, message_id or new_uuid7())
    stage(batch, conversation, answer)
    batch.execute()
    return answer.id


def stage(
    batch: StatementBatch,
    conversation: Conversation,
    answer: OutgoingReply,
    *,
    in_hand: bool = False,
) -> None:
    """Put an answer into the history and the outbox with the statements of a batch.

    `in_hand` when this process sends it as soon as it is committed.
    """
    key = conversation.data_key_id
    whose = {
        "id": answer.id,
        "data_key_id": key,
        "conversation_id": conversation.id,
        "author": answer.author,
    }
    batch.insert(
        "message",
        {
            **whose,
            "contact_id": conversation.contact_id,
            "direction": Direction.OUT,
            "user_id": answer.user_id,
            "kind": kind_of(answer.reply),
            "body_sealed": Message.body.encrypt(answer.id, key, text_of(answer.reply)),
            "turn_id": answer.turn_id,
            "sent_at": DB_NOW_SQL,
        },
    )
    sealed = Outbox.reply.encrypt(answer.id, key, to_json(answer.reply))
    number = {
        "phone_number_id": conversation.phone_number_id,
        "owner_version": conversation.owner_version,
    }
    standing = _standing(in_hand=in_hand)
    batch.insert("outbox", {**whose, **number, "reply_sealed": sealed, **standing})


def _standing(*, in_hand: bool) -> dict[str, Any]:
    if in_hand:
        return {"state": DeliveryState.SENDING, "attempts": 1, "due_at": CLAIM_EXPIRY}
    return {"state": DeliveryState.PENDING, "attempts": 0, "due_at": DB_NOW_SQL}
