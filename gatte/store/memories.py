"""The table `contact_memory`: what is remembered of a contact, at most one thing of a kind."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, text, update
from sqlalchemy.orm import joinedload

from gatte.conversation.memory_kinds import MemoryKind
from gatte.extensions import db
from gatte.infra.database.statement_batch import fetch_rows
from gatte.models import Contact, ContactMemory, Conversation, MemorySource

# Sealed values travel in hexadecimal: JSON has no bytes.
MEMORIES_COLUMN = """
    (
        SELECT json_agg(
            json_build_object(
                'id', r.id, 'kind', r.kind, 'data_key_id', r.data_key_id,
                'value', encode(r.value_sealed, 'hex'))
            ORDER BY r.kind)
        FROM contact_memory r
        WHERE r.contact_id = conversation.contact_id
            AND r.forgotten_at IS NULL
            AND r.expires_at > statement_timestamp()
    ) AS memories
"""
"""What is remembered of the contact, as a column of a statement over `conversation`."""
QUIET_MINUTES = 30
"""A conversation in which nobody spoke for so long may be remembered although it is open."""
LOOK_BACK_DAYS = 3
DUE_SQL = f"""
    (SELECT id, closed_at AS since FROM conversation
    WHERE closed_at > clock_timestamp() - interval '{LOOK_BACK_DAYS} days'
        AND (remembered_at IS NULL OR remembered_at < closed_at)
    ORDER BY closed_at, id
    LIMIT %(limit)s)
    UNION ALL
    (SELECT id, last_activity_at FROM conversation
    WHERE closed_at IS NULL
        AND active_minute BETWEEN statement_timestamp() - interval '{LOOK_BACK_DAYS} days'
            AND statement_timestamp() - interval '{QUIET_MINUTES} minutes'
        AND last_activity_at <= statement_timestamp() - interval '{QUIET_MINUTES} minutes'
        AND (remembered_at IS NULL OR remembered_at < last_activity_at)
    ORDER BY last_activity_at, id
    LIMIT %(limit)s)
    ORDER BY since, id
    LIMIT %(limit)s
"""  # noqa: S608 - our own numbers only


@dataclass(frozen=True)
class LearnedFact:
    """One thing that a contact told: when, in which message if any, and how sure that is (0 to
    1).
    """

    kind: MemoryKind
    value: str
    learned_at: datetime
    lasts: timedelta
    confidence: float
    source: MemorySource
    message_id: UUID | None = None


class NoSuchMemory(Exception):
    """There is no such memory of this contact."""


def opened(rows: Sequence[dict[str, Any]] | None) -> dict[str, str]:
    """The values of `MEMORIES_COLUMN` by kind; those whose key was destroyed are left out."""
    found: dict[str, str] = {}
    for row in rows or ():
        sealed = bytes.fromhex(row["value"])
        value = ContactMemory.value.decrypt(
            UUID(row["id"]), UUID(row["data_key_id"]) if row["data_key_id"] else None, sealed
        )
        if value:
            found[row["kind"]] = value
    return found


def list_due(limit: int) -> list[UUID]:
    """Conversations that ended or fell silent since their contact's memory was written last, the
    earliest first.
    """
    return [row.id for row in fetch_rows(DUE_SQL, {"limit": limit})]


def mark_remembered(conversation_id: UUID) -> None:
    """Note that what a conversation told by now was put into memory."""
    marking = update(Conversation).where(Conversation.id == conversation_id)
    now = func.clock_timestamp()
    db.session.execute(
        marking.values(remembered_at=now).execution_options(synchronize_session=False)
    )


def learn(contact: Contact, conversation_id: UUID, fact: LearnedFact) -> bool:
    """Remember a fact in place of what was known of its kind; False when something newer is known,
    or it was told before the contact wanted it forgotten.
    """
    known = find(contact.id, fact.kind)
    if known is not None and known.forgotten_at is not None:
        is_old = fact.learned_at <= known.forgotten_at
    else:
        is_old = known is not None and fact.learned_at < known.learned_at
    if is_old:
        return False
    if known is None:
        known = ContactMemory(
            contact_id=contact.id, data_key_id=contact.data_key_id, kind=fact.kind
        )
        db.session.add(known)
    known.value = fact.value
    known.source = fact.source
    known.confidence = fact.confidence
    known.learned_at = fact.learned_at
    known.expires_at = fact.learned_at + fact.lasts
    known.conversation_id = conversation_id
    known.message_id = fact.message_id
    known.forgotten_at = None
    known.version = (known.version or 0) + 1
    db.session.flush()
    return True


def find(contact_id: UUID, kind: MemoryKind) -> ContactMemory | None:
    """What is remembered of a kind, or that it was forgotten."""
    mine = select(ContactMemory).filter_by(contact_id=contact_id, kind=kind)
    found: ContactMemory | None = db.session.scalar(mine)
    return found


def list_of_contact(contact_id: UUID) -> Sequence[ContactMemory]:
    """What is remembered of a contact and has not expired, by kind, with who corrected it."""
    query = select(ContactMemory).options(joinedload(ContactMemory.updated_by))
    live = query.where(
        ContactMemory.contact_id == contact_id,
        ContactMemory.forgotten_at.is_(None),
        ContactMemory.expires_at > func.now(),
    )
    return db.session.scalars(live.order_by(ContactMemory.kind, ContactMemory.id)).all()


def get_locked(memory_id: UUID, contact_id: UUID) -> ContactMemory:
    """A memory of a contact, locked until the transaction ends; NoSuchMemory when there is none."""
    mine = select(ContactMemory).filter_by(id=memory_id, contact_id=contact_id, forgotten_at=None)
    locked = mine.with_for_update(of=ContactMemory)
    found: ContactMemory | None = db.session.scalar(
        locked.execution_options(populate_existing=True)
    )
    if found is None:
        raise NoSuchMemory(str(memory_id))
    return found


def correct(memory: ContactMemory, value: str, user_id: int) -> None:
    """Put another value in place of what is remembered, as an agent says it."""
    memory.value = value
    memory.source = MemorySource.AGENT
    memory.confidence = 1.0
    memory.learned_at = func.clock_timestamp()
    memory.message_id = None
    memory.updated_by_id = user_id
    memory.version += 1


def forget(memory: ContactMemory, user_id: int | None = None) -> None:
    """Forget a value; it is not learned again from what was told before now."""
    memory.value = None
    memory.message_id = None
    memory.forgotten_at = func.clock_timestamp()
    memory.updated_by_id = user_id
    memory.version += 1


def forget_kind(contact_id: UUID, kind: MemoryKind) -> bool:
    """Forget what is remembered of a kind; whether there was anything."""
    known = find(contact_id, kind)
    if known is None or known.forgotten_at is not None:
        return False
    forget(known)
    return True


def forget_told_in(message_id: UUID) -> None:
    """Forget what a message told, when its words are to be forgotten."""
    told = select(ContactMemory).filter_by(message_id=message_id)
    for memory in db.session.scalars(told.order_by(ContactMemory.id)):
        forget(memory)


def expire(contact_id: UUID, kind: MemoryKind) -> None:
    """Let what is remembered of a kind hold no more, such as a promise that was kept."""
    mine = update(ContactMemory).where(
        ContactMemory.contact_id == contact_id,
        ContactMemory.kind == kind,
        ContactMemory.source != MemorySource.AGENT,
        ContactMemory.expires_at > func.now(),
    )
    ending = mine.values(expires_at=text("now()"))
    db.session.execute(ending.execution_options(synchronize_session=False))
