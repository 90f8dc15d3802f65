"""What a turn works on: the unread messages, and the snapshot of the conversation that a decision
may depend on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select

from gatte.conversation.nlu import MessageKind
from gatte.conversation.snapshot import Snapshot
from gatte.decisions.snapshots import load_snapshot
from gatte.extensions import db
from gatte.infra.database.statement_batch import Row, commit_and_fetch
from gatte.intelligence.knowledge.version import VERSION_COLUMNS_SQL, KnowledgeBaseVersion
from gatte.models import Author, Message
from gatte.models.message import TURN_AUTHORS
from gatte.observability import tracing
from gatte.turns import lease as leases
from gatte.turns.lease import Lease

HISTORY_LENGTH = 8
TURN_MESSAGES_SQL = f"""
    (
        SELECT TRUE AS unread, id, position, kind, author, data_key_id,
            body_sealed, original_sealed, wamid_sealed, {VERSION_COLUMNS_SQL}
        FROM message
        WHERE conversation_id = %(id)s
            AND set_aside IS NULL
            AND author IN ('customer', 'phone')
            AND turn_id IS NULL
        ORDER BY sent_at, position
    )
    UNION ALL
    (
        SELECT FALSE, id, position, kind, author, data_key_id,
            body_sealed, NULL, NULL, NULL, NULL
        FROM message
        WHERE conversation_id = %(id)s AND turn_id IS NOT NULL
        ORDER BY position DESC
        LIMIT %(history)s
    )
"""  # noqa: S608 - our own words only


@dataclass(frozen=True)
class UnreadMessage:
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
    from_company_phone: bool
    media_id: str | None = None
    sha256: str | None = None


@dataclass(frozen=True)
class HistoryMessage:
    """One earlier message, for a model's context."""

    author: str
    text: str


@dataclass(frozen=True)
class TurnInput:
    """Everything that a turn starts from; plain values, so that no transaction need stay open."""

    lease: Lease
    correlation_id: str
    request_id: str | None
    phone_number_id: str
    snapshot: Snapshot
    unread: tuple[UnreadMessage, ...]
    history: tuple[HistoryMessage, ...]
    owner_version: int
    edition: KnowledgeBaseVersion | None = None


def load_turn(lease: Lease, *, first: bool = False) -> TurnInput:
    """Read the conversation and its unread messages, and commit: nothing stays open while a model
    is asked. LeaseLost without the lease.

    `first`: in the transaction that took the lease, which brought the conversation along.
    """
    if first and lease.cached:
        snapshot = load_snapshot(lease.cached[0], lease.facts)
        conversation = lease.cached[0]
    else:
        conversation = leases.lock(lease)
        snapshot = load_snapshot(conversation)
    rows = commit_and_fetch(TURN_MESSAGES_SQL, {"id": conversation.id, "history": HISTORY_LENGTH})
    return TurnInput(
        lease=lease,
        correlation_id=conversation.correlation_id,
        request_id=tracing.current_request_id(),
        phone_number_id=conversation.phone_number_id,
        snapshot=snapshot,
        unread=tuple(_unread(row) for row in rows if row.unread),
        history=_history([row for row in rows if not row.unread]),
        owner_version=conversation.owner_version,
        edition=next(
            (KnowledgeBaseVersion(row.edition, row.today) for row in rows if row.unread), None
        ),
    )


def list_unread(conversation_id: UUID) -> list[Message]:
    """The messages that no turn has read, in Meta's order, then that of arrival."""
    in_order = unread_query(conversation_id).order_by(Message.sent_at, Message.position)
    return list(db.session.scalars(in_order))


def unread_query(conversation_id: UUID) -> Select[Message]:
    """The query of messages that no turn has read."""
    mine = select(Message).where(
        Message.conversation_id == conversation_id, Message.set_aside.is_(None)
    )
    return mine.where(Message.author.in_(TURN_AUTHORS), Message.turn_id.is_(None))


def _unread(row: Row) -> UnreadMessage:
    facts: dict[str, Any] = (
        Message.original.decrypt(row.id, row.data_key_id, row.original_sealed) or {}
    )
    return UnreadMessage(
        id=row.id,
        position=row.position,
        kind=MessageKind(row.kind),
        text=_body(row),
        choice=facts.get("choice"),
        filename=facts.get("filename"),
        mime_type=facts.get("mime_type"),
        wamid=Message.wamid.decrypt(row.id, row.data_key_id, row.wamid_sealed),
        target_id=facts.get("target"),
        from_company_phone=row.author == Author.PHONE,
        media_id=facts.get("media_id"),
        sha256=facts.get("sha256"),
    )


def _history(rows: Sequence[Row]) -> tuple[HistoryMessage, ...]:
    return tuple(
        HistoryMessage(row.author, _body(row)) for row in sorted(rows, key=lambda row: row.position)
    )


def _body(row: Row) -> str:
    return Message.body.decrypt(row.id, row.data_key_id, row.body_sealed) or ""
