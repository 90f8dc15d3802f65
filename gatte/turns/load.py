"""What a turn works on: the unread messages, and the snapshot of the conversation that a decision
may depend on.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from gatte.conversation.nlu import MessageKind
from gatte.conversation.snapshot import Snapshot
from gatte.decisions.snapshots import load_snapshot
from gatte.intelligence.knowledge.memory_index import IndexVersion
from gatte.models import Author, Message
from gatte.observability import tracing
from gatte.store import Row, leases, messages
from gatte.store.leases import Lease

HISTORY_LENGTH = 8


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
    edition: IndexVersion | None = None


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
    rows = messages.commit_and_list_for_turn(conversation.id, HISTORY_LENGTH)
    return TurnInput(
        lease=lease,
        correlation_id=conversation.correlation_id,
        request_id=tracing.current_request_id(),
        phone_number_id=conversation.phone_number_id,
        snapshot=snapshot,
        unread=tuple(_unread(row) for row in rows if row.unread),
        history=_history([row for row in rows if not row.unread]),
        owner_version=conversation.owner_version,
        edition=next((IndexVersion(row.edition, row.today) for row in rows if row.unread), None),
    )


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
