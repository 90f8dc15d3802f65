"""Notices on their way into the outbox: each in an open conversation of its contact, or in one that
holds notices alone.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from gatte.conversation.replies import TemplateReply
from gatte.intake import contact_identity
from gatte.models import Author, Contact, keyring
from gatte.store import Row, StatementBatch, conversations, outbox
from gatte.store.conversations import NoticeConversation
from gatte.store.outbox import OutgoingReply

SPACING = timedelta(seconds=0.25)
NOBODY = "cliente"
"""How a contact is called whose name nobody knows."""


@dataclass(frozen=True)
class ReminderStep:
    """A batch of reminders that was queued, of certificates or appointments: how many, and in how
    many messages; or the `problem`, in Portuguese, for which none can be.
    """

    subject: str
    reminders: int = 0
    messages: int = 0
    problem: str = ""


def cache_key(row: Row) -> None:
    """Have the data key of a contact ready that was read with a row."""
    key_id = UUID(str(row.data_key_id))
    keyring().cache_wrapped(key_id, row.master_key_id, bytes(row.wrapped_key))


def first_name(row: Row) -> str:
    """How to call the contact of a row whose data key is ready."""
    contact_id = UUID(str(row.contact_id))
    name = Contact.name.decrypt(contact_id, UUID(str(row.data_key_id)), row.name_sealed)
    words = (name or "").split()
    return words[0][:40] if words else NOBODY


def stage(
    batch: StatementBatch,
    row: Row,
    phone_number_id: str,
    reply: TemplateReply,
    *,
    now: datetime,
    expires_at: datetime,
    position: int,
) -> UUID:
    """Add a notice to a batch, with a conversation where the contact has none that takes it; the
    id of its outbox row. `row` has the contact, its data key, and the conversation or nothing.

    `position` counts the notices of a run: they leave one after another, so that customers who are
    in a conversation do not wait behind them. In an open conversation a notice leaves at once, for
    what is said there next waits behind it.
    """
    conversation = _conversation_of(batch, row, phone_number_id, now)
    is_open = row.conversation_id is not None and row.closed_at is None
    start = datetime.now(UTC) + position * SPACING
    outgoing = OutgoingReply(
        reply,
        Author.BOT,
        expires_at=expires_at,
        not_before=None if is_open else start,
    )
    outbox.stage(batch, conversation, outgoing)
    return outgoing.id


def _conversation_of(
    batch: StatementBatch, row: Row, phone_number_id: str, now: datetime
) -> NoticeConversation:
    contact_id = UUID(str(row.contact_id))
    data_key_id = UUID(str(row.data_key_id))
    if row.conversation_id is not None:
        known = UUID(str(row.conversation_id))
        return NoticeConversation(
            known, contact_id, data_key_id, phone_number_id, row.owner_version
        )
    return conversations.add_notice_conversation(
        batch,
        contact_id,
        data_key_id,
        phone_number_id=phone_number_id,
        correlation_id=contact_identity.new_correlation_id(),
        at=now,
    )
