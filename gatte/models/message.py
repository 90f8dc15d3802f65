"""The history of a conversation, and the answers on their way out."""

from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Numeric,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.conversation.nlu import Intent, PredictionSource
from gatte.extensions import Base
from gatte.models.columns import CreatedAt, Timestamp, sql_list, string_enum
from gatte.models.desk import User
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class Direction(StrEnum):
    """Whether a message came in or goes out."""

    IN = "in"
    OUT = "out"


class Author(StrEnum):
    """Who wrote a message."""

    CUSTOMER = "customer"
    BOT = "bot"
    AGENT = "agent"
    PHONE = "phone"
    """A person of the company, on the phone's own app (a coexistence number)."""


TURN_AUTHORS = (Author.CUSTOMER, Author.PHONE)
"""Whose messages a turn reads."""


class FailureCause(StrEnum):
    """Why we did not send an answer, or do not know whether it was; kept in `error_details`."""

    OWNER_CHANGED = "owner_changed"
    CONTACT_ERASED = "contact_erased"
    NOT_CONFIRMED = "not_confirmed"
    NOT_CONNECTED = "not_connected"
    BREAKS_A_LIMIT = "breaks_a_limit"
    WINDOW_CLOSED = "window_closed"
    NUMBER_PAUSED = "number_paused"
    NOTICE_EXPIRED = "notice_expired"
    NOTICE_OUTDATED = "notice_outdated"
    NOTICES_REFUSED = "notices_refused"


class SkipReason(StrEnum):
    """Why no turn shall read a message: it went beyond the contact's limit, or the contact was
    muted.
    """

    RATE_LIMITED = "rate_limited"
    MUTED = "muted"


class Message(HasEncryptedColumns, Base):
    """One message of the history; `sequence` orders a conversation as people saw it.

    `body` is the clean text, `raw_payload` what Meta sent. A customer's message (or one of the
    phone) without `turn_id` was not read yet; with `skip_reason` no turn will.
    """

    __tablename__ = "message"
    __table_args__ = (
        Index("ix_message_conversation_sequence", "conversation_id", "sequence"),
        Index(
            "ix_message_unread",
            "conversation_id",
            postgresql_where=text(f"author IN {sql_list(TURN_AUTHORS)} AND turn_id IS NULL"),
        ),
    )

    sequence: Mapped[int] = mapped_column(BigInteger, Identity())
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    direction: Mapped[Direction] = mapped_column(string_enum(Direction))
    author: Mapped[Author] = mapped_column(string_enum(Author))
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[str]
    body = EncryptedColumn[str]()
    raw_payload = EncryptedColumn[dict[str, Any]](aad="message.original_sealed")
    wamid = EncryptedColumn[str]()
    wamid_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    turn_id: Mapped[UUID | None]
    intent: Mapped[Intent | None] = mapped_column(string_enum(Intent))
    confidence: Mapped[float | None]
    intent_source: Mapped[PredictionSource | None] = mapped_column(string_enum(PredictionSource))
    model: Mapped[str | None]
    prompt_version: Mapped[str | None]
    sent_at: Mapped[Timestamp]
    received_at: Mapped[Timestamp] = mapped_column(server_default=text("clock_timestamp()"))
    erased_at: Mapped[Timestamp | None]
    skip_reason: Mapped[SkipReason | None] = mapped_column(string_enum(SkipReason))
    user: Mapped[User | None] = relationship()
    outbox: Mapped["Outbox | None"] = relationship(back_populates="message")


class DeliveryState(StrEnum):
    """Where an answer stands on its way; the order of the first block is the way forward."""

    PENDING = "pending"
    SENDING = "sending"
    UNCERTAIN = "uncertain"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    READ = "read"
    FAILED = "failed"
    DEAD_LETTER = "dead_letter"
    CANCELLED = "cancelled"


UNFINISHED_STATES = (DeliveryState.PENDING, DeliveryState.SENDING, DeliveryState.UNCERTAIN)
UNFINISHED_SQL = "next_attempt_at IS NOT NULL"
"""Of the table `outbox`: the answer is neither taken by Meta nor given up. A trigger takes
`next_attempt_at` from whatever leaves UNFINISHED_STATES, so that later changes of the state touch
no index.
"""


class Outbox(HasEncryptedColumns, Base):
    """An answer that must go out; its id is its message's, and travels to Meta and back as
    `biz_opaque_callback_data`.
    """

    __tablename__ = "outbox"
    __table_args__ = (
        Index(
            "ix_outbox_attempt_due",
            "next_attempt_at",
            postgresql_where=text(UNFINISHED_SQL),
        ),
        Index(
            "ix_outbox_in_line",
            "conversation_id",
            "sequence",
            postgresql_where=text(UNFINISHED_SQL),
        ),
        Index(
            "ix_outbox_failed",
            "failed_at",
            postgresql_where=text("failed_at IS NOT NULL"),
        ),
        CheckConstraint(
            f"next_attempt_at IS NOT NULL OR NOT state IN {sql_list(UNFINISHED_STATES)}",
            name="unfinished_has_time",
        ),
    )

    id: Mapped[UUID] = mapped_column(ForeignKey("message.id", ondelete="CASCADE"), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, Identity())
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    phone_number_id: Mapped[str]
    author: Mapped[Author] = mapped_column(string_enum(Author))
    owner_version: Mapped[int]
    state: Mapped[DeliveryState] = mapped_column(
        string_enum(DeliveryState), default=DeliveryState.PENDING
    )
    reply = EncryptedColumn[dict[str, Any]]()
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[Timestamp | None] = mapped_column(
        server_default=text("clock_timestamp()")
    )
    """When this row wants attention: to be sent, taken for crashed (sending), or settled
    (uncertain); None once it is finished.
    """
    expires_at: Mapped[Timestamp | None]
    """Of a notice: it is not sent after this time, nor to a contact who wants no notices."""
    wamid_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    wamid = EncryptedColumn[str]()
    error_code: Mapped[int | None]
    error_details: Mapped[str | None]
    """A `FailureCause`; of Meta's words nothing, since they may name the customer."""
    billable: Mapped[bool | None]
    pricing_category: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    accepted_at: Mapped[Timestamp | None]
    sent_at: Mapped[Timestamp | None]
    delivered_at: Mapped[Timestamp | None]
    read_at: Mapped[Timestamp | None]
    failed_at: Mapped[Timestamp | None]
    message: Mapped[Message] = relationship(back_populates="outbox")


class DeliveryAttempt(Base):
    """One call to Meta for an answer, with its outcome."""

    __tablename__ = "delivery_attempt"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    outbox_id: Mapped[UUID] = mapped_column(ForeignKey("outbox.id", ondelete="CASCADE"), index=True)
    outcome: Mapped[str]
    error_code: Mapped[int | None]
    latency_ms: Mapped[float]
    created_at: Mapped[CreatedAt]


class NumberPause(Base):
    """A number whose answers wait because Meta takes nothing from it; at `next_probe_at` one of
    them tries whether it works again.
    """

    __tablename__ = "number_pause"

    phone_number_id: Mapped[str] = mapped_column(primary_key=True)
    cause: Mapped[str]
    error_code: Mapped[int | None]
    probe_count: Mapped[int]
    paused_at: Mapped[Timestamp] = mapped_column(server_default=text("clock_timestamp()"))
    next_probe_at: Mapped[Timestamp]


class LlmCall(Base):
    """One call to a language model: what it cost and how it ended."""

    __tablename__ = "llm_call"
    __table_args__ = (
        Index("ix_llm_call_created_at", "created_at", postgresql_include=["cost_brl"]),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    conversation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    turn_id: Mapped[UUID | None]
    purpose: Mapped[str]
    model: Mapped[str]
    prompt_version: Mapped[str]
    tokens_in: Mapped[int] = mapped_column(default=0)
    tokens_out: Mapped[int] = mapped_column(default=0)
    cost_brl: Mapped[Decimal] = mapped_column(Numeric(12, 6), default=0)
    tokens_estimated: Mapped[int] = mapped_column(server_default=text("0"))
    """What was expected to be read before the call left."""
    flow: Mapped[str] = mapped_column(server_default=text("''"))
    """The flow in which it was made; empty when none was active."""
    latency_ms: Mapped[float]
    outcome: Mapped[str]
    created_at: Mapped[CreatedAt]
