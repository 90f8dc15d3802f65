"""Who wrote, and in which conversation: one query for a customer who is known, and one batch of
statements for a new one.

Whoever is known in part only (a new phone, a new user id, a number that changed hands) goes the
long way through `contact_identity`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from gatte.conversation.snapshot import Owner
from gatte.extensions import db
from gatte.intake import contact_identity
from gatte.models import Contact, IdentityKind, keyring
from gatte.models.columns import new_uuid7
from gatte.observability import metrics
from gatte.store import Row, StatementBatch, contacts, conversations
from gatte.whatsapp.events import Sender


@dataclass
class OpenConversation:
    """The open conversation of a contact over a number, as far as the inbox needs to know it."""

    conversation_id: UUID
    contact_id: UUID
    data_key_id: UUID | None
    correlation_id: str
    owner: Owner = Owner.BOT
    muted_until: datetime | None = None
    opted_out_at: datetime | None = None


def find_or_open(sender: Sender, phone_number_id: str) -> OpenConversation:
    """The open conversation with a sender; made, with its contact, where there is none. The caller
    has locked the sender.
    """
    hashes = contact_identity.identity_hashes(sender, phone_number_id)
    known = contacts.list_known_senders([hashed for _, hashed in hashes], phone_number_id)
    if not known:
        return _create_contact_and_conversation(sender, hashes, phone_number_id)
    if len(known) < len(hashes) or not _is_up_to_date(known, sender):
        contact = contact_identity.find_or_create_contact(sender, phone_number_id)
        db.session.flush()
        return _talk_of(contact, phone_number_id)
    row = known[0]
    standing = {"muted_until": row.muted_until, "opted_out_at": row.opted_out_at}
    if row.conversation_id is None:
        return _insert_conversation(
            StatementBatch(), row.contact_id, row.data_key_id, phone_number_id, **standing
        )
    return OpenConversation(
        row.conversation_id,
        row.contact_id,
        row.data_key_id,
        row.correlation_id,
        Owner(row.owner),
        **standing,
    )


def _is_up_to_date(known: Sequence[Row], sender: Sender) -> bool:
    """Whether all that a sender is known by leads to one contact, which holds what the sender says
    of itself.
    """
    row = known[0]
    if any(other.contact_id != row.contact_id for other in known) or row.wrapped_key is None:
        return False
    keyring().cache_wrapped(row.data_key_id, row.master_key_id, bytes(row.wrapped_key))
    phone = Contact.phone.decrypt(row.contact_id, row.data_key_id, row.phone_sealed)
    bsuid = Contact.bsuid.decrypt(row.contact_id, row.data_key_id, row.bsuid_sealed)
    return (
        sender.phone in (None, "", phone)
        and sender.bsuid in (None, "", bsuid)
        and (row.named or not sender.name)
    )


def _create_contact_and_conversation(
    sender: Sender, hashes: list[tuple[IdentityKind, bytes]], phone_number_id: str
) -> OpenConversation:
    """A contact nobody knew, with its data key and its first conversation."""
    key = keyring().new_contact_key()
    contact_id = new_uuid7()
    batch = StatementBatch()
    contacts.insert_contact(
        batch,
        contact_id,
        key,
        hashes,
        phone=sender.phone,
        bsuid=sender.bsuid,
        name=sender.name,
    )
    return _insert_conversation(batch, contact_id, key.id, phone_number_id)


def _insert_conversation(
    batch: StatementBatch,
    contact_id: UUID,
    data_key_id: UUID | None,
    phone_number_id: str,
    **standing: Any,  # noqa: ANN401
) -> OpenConversation:
    """A new conversation, written with the statements that the batch holds already."""
    talk = OpenConversation(
        new_uuid7(), contact_id, data_key_id, contact_identity.new_correlation_id(), **standing
    )
    conversations.insert_conversation(
        batch,
        talk.conversation_id,
        contact_id,
        data_key_id,
        phone_number_id=phone_number_id,
        correlation_id=talk.correlation_id,
    )
    batch.execute()
    metrics.CONVERSATIONS_OPENED.inc()
    return talk


def _talk_of(contact: Contact, phone_number_id: str) -> OpenConversation:
    standing = {"muted_until": contact.muted_until, "opted_out_at": contact.opted_out_at}
    row = conversations.find_open(contact.id, phone_number_id)
    if row is None:
        return _insert_conversation(
            StatementBatch(), contact.id, contact.data_key_id, phone_number_id, **standing
        )
    return OpenConversation(
        row.id, contact.id, contact.data_key_id, row.correlation_id, row.owner, **standing
    )
