"""What a turn works on: the unread messages, and the snapshot of the conversation that a decision may depend on."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from gatte.conversation.snapshot import Snapshot
from gatte.conversation.understanding import MessageKind
from gatte.desk.snapshots import snapshot_of
from gatte.extensions import db
from gatte.models import Author, Conversation, Message
from gatte.models.message import READ_BY_TURNS
from gatte.observability import tracing
from gatte.turns import leases
from gatte.turns.leases import Lease

HISTORY_LENGTH = 8


@dataclass(frozen=True)
class Unread:
    """One message that no turn has answered."""

    id: UUID
    position: int
    kind: MessageKind
    text: str
    choice: str | None
    filename: str | None
    mime_type: str | None
    wamid: str | None
    target_id: str | None
    echo: bool
    media_id: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class Said:
    """One earlier message, for a model's context."""

    author: str
    text: str


@dataclass(frozen=True)
class Reading:
    """Everything that a turn starts from; plain values, so that no transaction need stay open."""

    lease: Lease
    correlation_id: str
    request_id: str | None
    phone_number_id: str
    snapshot: Snapshot
    unread: tuple[Unread, ...]
    history: tuple[Said, ...]
    owner_version: int


def read(lease: Lease) -> Reading:
    """Read the conversation and its unread messages; LeaseLost when the lease is gone."""
    conversation = leases.lock(lease)
    rows = list_unread(conversation.id)
    return Reading(
        lease=lease,
        correlation_id=conversation.correlation_id,
        request_id=tracing.current_request_id(),
        phone_number_id=conversation.phone_number_id,
        snapshot=snapshot_of(conversation),
        unread=tuple(_unread(row) for row in rows),
        history=_history(conversation),
        owner_version=conversation.owner_version,
    )


def list_unread(conversation_id: UUID) -> list[Message]:
    """The messages that no turn has read, in Meta's order, then that of arrival."""
    return list(db.session.scalars(unread_of(conversation_id).order_by(Message.sent_at, Message.position)))


def unread_of(conversation_id: UUID) -> Select[Message]:
    """The query of messages that no turn has read."""
    mine = select(Message).where(Message.conversation_id == conversation_id, Message.set_aside.is_(None))
    return mine.where(Message.author.in_(READ_BY_TURNS), Message.turn_id.is_(None))


def _unread(row: Message) -> Unread:
    facts: dict[str, Any] = row.original or {}
    return Unread(
        id=row.id,
        position=row.position,
        kind=MessageKind(row.kind),
        text=row.body or "",
        choice=facts.get("choice"),
        filename=facts.get("filename"),
        mime_type=facts.get("mime_type"),
        wamid=row.wamid,
        target_id=facts.get("target"),
        echo=row.author is Author.PHONE,
        media_id=facts.get("media_id"),
        sha256=facts.get("sha256"),
    )


def _history(conversation: Conversation) -> tuple[Said, ...]:
    seen = select(Message).where(Message.conversation_id == conversation.id, Message.turn_id.is_not(None))
    rows = db.session.scalars(seen.order_by(Message.position.desc()).limit(HISTORY_LENGTH))
    return tuple(Said(row.author.value, row.body or "") for row in reversed(list(rows)))
