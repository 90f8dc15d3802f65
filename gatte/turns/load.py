"""What a turn works on: the unread messages, and the snapshot of the conversation that a decision
may depend on.
"""

from dataclasses import dataclass, field, replace
from uuid import UUID

from gatte.conversation.company_facts import CompanyFacts
from gatte.conversation.flows.identity import IDENTITY_FLAG, code_in
from gatte.conversation.nlu import MessageKind
from gatte.conversation.snapshot import Snapshot
from gatte.data_rights import identity_check
from gatte.data_rights.identity_check import SaidCode
from gatte.decisions import known_facts
from gatte.decisions.snapshots import identity_facts, load_snapshot
from gatte.extensions import db
from gatte.intelligence.knowledge.version import KnowledgeBaseVersion
from gatte.models import Author
from gatte.observability import tracing
from gatte.store import leases, messages
from gatte.store.leases import Lease
from gatte.store.messages import HistoryRow, TurnMessages

HISTORY_LENGTH = 8


@dataclass(frozen=True)
class UnreadMessage:
    """One message that no turn has answered."""

    id: UUID
    sequence: int
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
    doubtful: tuple[str, ...] = ()


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
    facts: CompanyFacts = field(default_factory=CompanyFacts)


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
    found = messages.commit_and_list_for_turn(conversation.id, HISTORY_LENGTH)
    if snapshot.flags.get(IDENTITY_FLAG):
        snapshot = _with_identity(snapshot, lease.conversation_id, found)
    return TurnInput(
        lease=lease,
        correlation_id=conversation.correlation_id,
        request_id=tracing.current_request_id(),
        phone_number_id=conversation.phone_number_id,
        snapshot=snapshot,
        unread=tuple(_unread(message) for message in found.unread),
        history=tuple(HistoryMessage(one.author, one.text) for one in found.history),
        owner_version=conversation.owner_version,
        edition=_knowledge_version(found),
        facts=known_facts.latest(),
    )


def _with_identity(snapshot: Snapshot, conversation_id: UUID, found: TurnMessages) -> Snapshot:
    """The snapshot with how the identity check stands after what the customer wrote."""
    said = [SaidCode(message.sequence, code_in(message.text)) for message in found.unread]
    facts = identity_facts(identity_check.examine(conversation_id, sorted(said)))
    db.session.commit()  # an attempt counts, whatever becomes of this turn
    return replace(snapshot, identity=facts)


def _unread(message: HistoryRow) -> UnreadMessage:
    facts = message.raw_payload
    return UnreadMessage(
        id=message.id,
        sequence=message.sequence,
        kind=MessageKind(message.kind),
        text=message.text,
        choice=facts.get("choice"),
        filename=facts.get("filename"),
        mime_type=facts.get("mime_type"),
        wamid=message.wamid,
        target_id=facts.get("target"),
        from_company_phone=message.author == Author.PHONE,
        media_id=facts.get("media_id"),
        sha256=facts.get("sha256"),
        doubtful=tuple(facts.get(messages.DOUBTFUL_KEY, ())),
    )


def _knowledge_version(found: TurnMessages) -> KnowledgeBaseVersion | None:
    if found.knowledge_number is None or found.today is None:
        return None
    return KnowledgeBaseVersion(found.knowledge_number, found.today, found.vector_model or "")
