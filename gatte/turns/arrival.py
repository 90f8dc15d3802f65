"""The beginning of a turn: what came is filed, and the customer is told of what no turn will read."""

from uuid import UUID

from gatte.conversation import skip_notices
from gatte.delivery import outbox
from gatte.extensions import db
from gatte.infra.database.statement_batch import StatementBatch
from gatte.intake import inbox_processor
from gatte.intake.inbox_processor import ProcessedInbox
from gatte.models import Author, Conversation, SkipReason
from gatte.turns import lease
from gatte.turns.lease import Lease

SKIP_NOTICES = {SkipReason.LIMITED: skip_notices.rate_limited, SkipReason.MUTED: skip_notices.muted}


def process_inbox_and_lease(phone_number_id: str, sender_hash: bytes) -> Lease | None:
    """File what a sender wrote, and take the lease of the conversation; None when there is nothing
    for a turn to read, or no free lease.
    """
    trip = StatementBatch()
    filed = inbox_processor.process_sender(phone_number_id, sender_hash, trip)
    if filed is not None and filed.has_unread and filed.notice is None:
        return lease.acquire(filed.conversation_id, trip)
    trip.execute()
    if filed is not None:
        _notify(filed)
    return lease.acquire(filed.conversation_id) if filed is not None and filed.has_unread else None


def process_remaining_inbox(conversation_id: UUID) -> None:
    """File whatever else the contact of a conversation wrote by now."""
    for filed in inbox_processor.process_contact(conversation_id):
        _notify(filed)


def _notify(filed: ProcessedInbox) -> None:
    if filed.notice is not None:
        conversation = db.session.get_one(Conversation, filed.conversation_id)
        outbox.enqueue(conversation, SKIP_NOTICES[filed.notice](), Author.BOT)
