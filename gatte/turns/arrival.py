"""The beginning of a turn: what came is processed, and the customer is told of what no turn will
read.
"""

from dataclasses import dataclass
from uuid import UUID

from gatte.conversation import skip_notices
from gatte.intake import inbox_processor, inbox_retry
from gatte.intake.inbox_processor import ProcessedInbox
from gatte.models import Author, SkipReason
from gatte.store import StatementBatch, conversations, outbox
from gatte.store.leases import Lease
from gatte.turns import held_leases, retry

SKIP_NOTICES = {
    SkipReason.RATE_LIMITED: skip_notices.rate_limited,
    SkipReason.MUTED: skip_notices.muted,
}


@dataclass(frozen=True)
class UnreadInbox:
    """A turn over what a sender wrote and nobody has processed yet."""

    phone_number_id: str
    sender_hash: bytes


@dataclass(frozen=True)
class UnfinishedTurn:
    """A turn over what an earlier one left unread in a conversation."""

    conversation_id: UUID


TurnSource = UnreadInbox | UnfinishedTurn


def lease_turn(source: TurnSource) -> Lease | None:
    """Process what came, and take the lease of its conversation; None when there is nothing for a
    turn to read, no free lease, or the inbox could not be processed (which is recorded).
    """
    if isinstance(source, UnfinishedTurn):
        process_remaining_inbox(source.conversation_id)
        return held_leases.acquire(source.conversation_id)
    try:
        return process_inbox_and_lease(source.phone_number_id, source.sender_hash)
    except Exception as error:  # noqa: BLE001 - no sender may be tried without end
        inbox_retry.record_failure(
            source.phone_number_id, source.sender_hash, error, transient=retry.is_transient(error)
        )
        return None


def process_inbox_and_lease(phone_number_id: str, sender_hash: bytes) -> Lease | None:
    """Process what a sender wrote, and take the lease of the conversation; None when there is
    nothing for a turn to read, or no free lease.
    """
    batch = StatementBatch()
    processed = inbox_processor.process_sender(phone_number_id, sender_hash, batch)
    if processed is None:
        batch.execute()
        return None
    came = processed.arrival
    if processed.has_unread and processed.notice is None:
        lease = held_leases.acquire(processed.conversation_id, batch, came)
        if lease is None:  # whoever has it finds the messages
            conversations.record_arrival(batch, processed.conversation_id, came)
            batch.execute()
        return lease
    conversations.record_arrival(batch, processed.conversation_id, came)
    batch.execute()
    _notify(processed)
    return held_leases.acquire(processed.conversation_id) if processed.has_unread else None


def process_remaining_inbox(conversation_id: UUID) -> None:
    """Process whatever else the contact of a conversation wrote by now."""
    for processed in inbox_processor.process_contact(conversation_id):
        _notify(processed)


def _notify(processed: ProcessedInbox) -> None:
    if processed.notice is not None:
        conversation = conversations.get_conversation(processed.conversation_id)
        outbox.enqueue(conversation, SKIP_NOTICES[processed.notice](), Author.BOT)
