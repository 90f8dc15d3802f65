"""The beginning of a turn: what came is filed, and the customer is told of what no turn will read."""

from uuid import UUID

from gatte.conversation import held_back
from gatte.database import Trip
from gatte.delivery import outbox
from gatte.extensions import db
from gatte.intake import filing
from gatte.intake.filing import Filed
from gatte.models import Author, Conversation, SetAside
from gatte.turns import leases
from gatte.turns.leases import Lease

NOTICES = {SetAside.LIMITED: held_back.too_fast, SetAside.MUTED: held_back.muted}


def take_in(phone_number_id: str, sender_hash: bytes) -> Lease | None:
    """File what a sender wrote, and take the lease of the conversation; None when there is nothing for a turn to read, or no free lease."""
    trip = Trip()
    filed = filing.file_sender(phone_number_id, sender_hash, trip)
    if filed is not None and filed.to_read and filed.notice is None:
        return leases.acquire(filed.conversation_id, trip)
    trip.send()
    if filed is not None:
        _tell(filed)
    return leases.acquire(filed.conversation_id) if filed is not None and filed.to_read else None


def take_in_rest(conversation_id: UUID) -> None:
    """File whatever else the contact of a conversation wrote by now."""
    for filed in filing.file_contact(conversation_id):
        _tell(filed)


def _tell(filed: Filed) -> None:
    if filed.notice is not None:
        conversation = db.session.get_one(Conversation, filed.conversation_id)
        outbox.write(conversation, NOTICES[filed.notice](), Author.BOT)
