"""A conversation and what happened in it: its state, its turns, its transitions."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.conversation.effects import EscalationReason
from gatte.conversation.nlu import Intent
from gatte.conversation.snapshot import Owner
from gatte.conversation.states import Event, State
from gatte.extensions import Base
from gatte.models.columns import CreatedAt, Timestamp, string_enum
from gatte.models.contact import Contact
from gatte.models.desk import User
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class Conversation(HasEncryptedColumns, Base):
    """One talk with one contact over one number, from its first message until it is closed.

    `lease_token` grows with every lease: a turn may commit only while the token is still its own.
    `owner_version` grows with every change of owner: an answer written under an older version is
    not sent. `turn_due_at` is when unread messages that no turn has answered must be looked at
    again; `inactivity_due_at` is when the inactivity timer has something to do. `state_since` is
    when it came into its state, None when it is in its first one.
    """

    __tablename__ = "conversation"
    __table_args__ = (
        Index(
            "uq_conversation_open",
            "contact_id",
            "phone_number_id",
            unique=True,
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_conversation_wake", "wake_at", postgresql_where=text("wake_at IS NOT NULL")),
        Index(
            "ix_conversation_active",
            "active_minute",
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_conversation_waiting",
            "waiting_since",
            postgresql_where=text("waiting_since IS NOT NULL AND closed_at IS NULL"),
        ),
        Index(
            "ix_conversation_with_human",
            "active_minute",
            postgresql_where=text("owner = 'human' AND closed_at IS NULL"),
        ),
        Index(
            "ix_conversation_closed",
            "closed_at",
            "id",
            postgresql_where=text("closed_at IS NOT NULL"),
        ),
        CheckConstraint("lease_token >= 0", name="lease_token"),
    )

    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    phone_number_id: Mapped[str]
    correlation_id: Mapped[str] = mapped_column(index=True)
    state: Mapped[State] = mapped_column(string_enum(State), default=State.START)
    state_since: Mapped[Timestamp | None]
    owner: Mapped[Owner] = mapped_column(string_enum(Owner), default=Owner.BOT)
    owner_version: Mapped[int] = mapped_column(default=0)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    last_intent: Mapped[Intent | None] = mapped_column(string_enum(Intent))

    flow: Mapped[str | None]
    requested_slot: Mapped[str | None]
    suspended_flow: Mapped[str | None]
    fallback_count: Mapped[int] = mapped_column(default=0)
    invalid_slot_count: Mapped[int] = mapped_column(default=0)
    consecutive_errors: Mapped[int] = mapped_column(default=0)
    slots = EncryptedColumn[dict[str, str]]()
    flags = EncryptedColumn[dict[str, str]](aad="conversation.notes_sealed")

    priority: Mapped[int | None]
    escalation_reason: Mapped[EscalationReason | None] = mapped_column(
        string_enum(EscalationReason)
    )
    waiting_since: Mapped[Timestamp | None]
    summary = EncryptedColumn[str]()

    lease_token: Mapped[int] = mapped_column(BigInteger, default=0)
    lease_expires_at: Mapped[Timestamp | None]
    turn_due_at: Mapped[Timestamp | None]
    turn_attempts: Mapped[int] = mapped_column(default=0)
    inactivity_due_at: Mapped[Timestamp | None]
    wake_at: Mapped[Timestamp | None] = mapped_column(
        server_default=text("clock_timestamp() + interval '5 minutes'")
    )
    """When the dispatcher looks whether the inactivity timer is due: never later than that is, and
    moved only now and then, since it is in an index. A trigger keeps it.
    """
    last_inbound_at: Mapped[Timestamp | None]
    last_activity_at: Mapped[CreatedAt]
    active_minute: Mapped[Timestamp | None]
    """The minute of `last_activity_at`, by which open conversations are listed: an index of it
    changes once a minute. A trigger keeps it; conversations that were closed before it came have
    none.
    """
    opened_at: Mapped[CreatedAt]
    closed_at: Mapped[Timestamp | None]
    rate_limit_notified_at: Mapped[Timestamp | None]
    remembered_at: Mapped[Timestamp | None]
    """When what it told of the contact was put into memory last."""

    contact: Mapped[Contact] = relationship()
    assignee: Mapped[User | None] = relationship()


class Transition(Base):
    """One step of a conversation from state to state, with its cause.

    `duration_ms` is how long the conversation had been in `from_state` by then: what a reader of
    the timeline asks (how long somebody waited in the queue, or was served), and the same for
    turns, agents and the clock. A state that one decision only passes through lasted 0. How long a
    turn took stands in the turn's own `step_durations_ms`.
    """

    __tablename__ = "transition"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    turn_id: Mapped[UUID | None]
    from_state: Mapped[State] = mapped_column(string_enum(State, "from_state"))
    to_state: Mapped[State] = mapped_column(string_enum(State, "to_state"))
    event: Mapped[Event] = mapped_column(string_enum(Event))
    cause: Mapped[str]
    duration_ms: Mapped[float]
    correlation_id: Mapped[str]
    created_at: Mapped[CreatedAt]


class TurnOutcome(StrEnum):
    """How a turn ended."""

    ANSWERED = "answered"
    NO_REPLY = "no_reply"
    FAILED = "failed"
    DEAD_LETTER = "dead_letter"


class Turn(HasEncryptedColumns, Base):
    """One turn that was committed, or failed; `trace` holds inputs, understanding, passages, model
    outputs and times by step.
    """

    __tablename__ = "turn"
    __table_args__ = (
        Index(
            "ix_turn_dead_letter",
            "created_at",
            postgresql_where=text(f"outcome = '{TurnOutcome.DEAD_LETTER}'"),
        ),
    )

    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    outcome: Mapped[TurnOutcome] = mapped_column(string_enum(TurnOutcome))
    attempt: Mapped[int] = mapped_column(default=1)
    lease_token: Mapped[int] = mapped_column(BigInteger)
    trace = EncryptedColumn[dict[str, Any]]()
    error: Mapped[str | None]
    request_id: Mapped[str | None]
    step_durations_ms: Mapped[dict[str, float]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[CreatedAt]
