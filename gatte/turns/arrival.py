"""The beginning of a turn: what came is processed, and the customer is told of what no turn will
read.
"""

from uuid import UUID

from gatte.conversation import skip_notices
from gatte.intake import inbox_processor
from gatte.intake.inbox_processor import ProcessedInbox
from gatte.models import Author, SkipReason
from gatte.store import StatementBatch, conversations, outbox
from gatte.store.leases import Lease
from gatte.turns import held_leases

SKIP_NOTICES = {SkipReason.LIMITED: skip_notices.rate_limited, SkipReason.MUTED: skip_notices.muted}


def process_inbox_and_lease(phone_number_id: str, sender_hash: bytes) -> Lease | None:
    """Process what a sender wrote, and take the lease of the conversation; None when there is
    nothing for a turn to read, or no free lease.
    """
    batch = StatementBatch()
    processed = inbox_processor.process_sender(phone_number_id, sender_hash, batch)
    if processed is not None and processed.has_unread and processed.notice is None:
        return held_leases.acquire(processed.conversation_id, batch)
    batch.execute()
    if processed is None:
        return None
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
