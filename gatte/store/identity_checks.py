"""The table `identity_check`: codes by which whoever writes from another number proves to be a
registered contact.
"""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import func, select

from gatte.extensions import db
from gatte.models import (
    Certificate,
    Contact,
    ContactIdentity,
    Conversation,
    IdentityCheck,
    IdentityKind,
    Message,
    Ticket,
)
from gatte.store.certificates import ENDED_STATUSES


class TimedCheck(NamedTuple):
    """A check, and the time of the database."""

    check: IdentityCheck
    now: datetime


def lock_newest(conversation_id: UUID) -> TimedCheck | None:
    """The newest check of a conversation, locked until the transaction ends."""
    query = (
        select(IdentityCheck, func.clock_timestamp())
        .where(IdentityCheck.conversation_id == conversation_id)
        .order_by(IdentityCheck.created_at.desc(), IdentityCheck.id.desc())
        .limit(1)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    row = db.session.execute(query).one_or_none()
    return None if row is None else TimedCheck(row[0], row[1])


def add(
    conversation_id: UUID, contact_id: UUID | None, code_hash: bytes | None, lifetime: timedelta
) -> IdentityCheck:
    """Store a check whose code is looked for in messages that come from now on."""
    last = select(func.coalesce(func.max(Message.sequence), 0)).where(
        Message.conversation_id == conversation_id
    )
    now = db.session.scalars(select(func.clock_timestamp())).one()
    check = IdentityCheck(
        conversation_id=conversation_id,
        contact_id=contact_id,
        code_hash=code_hash,
        examined_sequence=db.session.scalars(last).one(),
        created_at=now,
        expires_at=now + lifetime,
    )
    db.session.add(check)
    return check


def lock_receiver(contact_id: UUID) -> None:
    """Let nobody else count or send codes to this contact until the transaction ends."""
    key = int.from_bytes(contact_id.bytes[-8:], signed=True)
    db.session.execute(select(func.pg_advisory_xact_lock(key)))


def count_sent_to(contact_id: UUID, span: timedelta) -> int:
    """How many codes a contact was sent within that span of time."""
    recent = IdentityCheck.created_at > func.clock_timestamp() - span
    query = select(func.count()).where(IdentityCheck.contact_id == contact_id, recent)
    return db.session.scalar(query) or 0


def count_asked_by(contact_id: UUID, span: timedelta) -> int:
    """How many checks were begun in all conversations of a contact within that span of time."""
    recent = IdentityCheck.created_at > func.clock_timestamp() - span
    begun = select(func.count(IdentityCheck.id)).join(
        Conversation, Conversation.id == IdentityCheck.conversation_id
    )
    return db.session.scalar(begun.where(Conversation.contact_id == contact_id, recent)) or 0


def find_holder(document_hash: bytes) -> UUID | None:
    """The one contact to whom certificates of a document are registered; None for nobody, or
    several of whom one cannot tell which.
    """
    query = select(Certificate.contact_id).where(
        Certificate.document_hash == document_hash, Certificate.status.not_in(ENDED_STATUSES)
    )
    holders = db.session.scalars(query.distinct().order_by(Certificate.contact_id)).all()
    return holders[0] if len(holders) == 1 else None


def find_ticket_contact(number: int) -> UUID | None:
    """The contact of a ticket."""
    return db.session.scalar(select(Ticket.contact_id).where(Ticket.number == number))


def find_reachable(contact_id: UUID, phone_hash: bytes) -> Contact | None:
    """A contact, if its phone still leads to it: a number that was given to somebody else does
    not.
    """
    query = (
        select(Contact)
        .join(ContactIdentity, ContactIdentity.contact_id == Contact.id)
        .where(
            Contact.id == contact_id,
            ContactIdentity.kind == IdentityKind.PHONE,
            ContactIdentity.hash == phone_hash,
        )
    )
    return db.session.scalar(query)
