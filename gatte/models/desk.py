"""The desk: its people, their tickets and leads, and what they did."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from flask_login import UserMixin
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ForeignKey,
    Index,
    LargeBinary,
    Sequence,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.conversation.effects import Urgency
from gatte.extensions import Base
from gatte.models.columns import CreatedAt, Timestamp, Version, string_enum
from gatte.models.contact import Contact
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns

TICKET_NUMBERS = Sequence("ticket_number_seq", start=1001)


class Role(StrEnum):
    """What a user of the panel may do: agents serve customers, admins also force resets and manage
    users.
    """

    AGENT = "agent"
    ADMIN = "admin"


class User(UserMixin, Base):  # type: ignore[misc] # Flask-Login has no types
    """A person who works in the panel."""

    __tablename__ = "user"
    __table_args__ = (CheckConstraint("email = lower(email)", name="email_lower"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[str]
    role: Mapped[Role] = mapped_column(string_enum(Role), default=Role.AGENT)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]
    last_login_at: Mapped[Timestamp | None]
    must_change_password: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    """Set while the password is one that somebody else chose; the panel then asks for another."""
    session_version: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    """Read by the former release only; login sessions have a table of their own."""

    @property
    def is_active(self) -> bool:
        """Whether the user may log in: Flask-Login asks this."""
        return self.active


class AuditEntry(Base):
    """Something that a person did to a conversation, ticket, lead, contact or account.

    Entries are a chain: `mac` covers the entry and the `mac` of the one before, `content_mac` its
    subject and details, which an erasure may empty. See store/audit_chain.py.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (Index("uq_audit_entry_number", "number", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    action: Mapped[str] = mapped_column(index=True)
    subject: Mapped[str] = mapped_column(index=True)
    details: Mapped[dict[str, Any]] = mapped_column(JSONB, default=dict)
    created_at: Mapped[CreatedAt]
    number: Mapped[int | None] = mapped_column(BigInteger)
    """The entry's place in the chain, without gaps; None for entries outside it."""
    previous_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    content_mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    mac: Mapped[bytes | None] = mapped_column(LargeBinary)
    user: Mapped[User | None] = relationship()


class TicketKind(StrEnum):
    """What a ticket asks of the desk."""

    REQUEST = "request"
    VISIT = "visit"
    DATA_REQUEST = "data_request"
    FOLLOW_UP = "follow_up"


class TicketState(StrEnum):
    """Where a ticket stands."""

    OPEN = "open"
    IN_PROGRESS = "in_progress"
    WAITING_CUSTOMER = "waiting_customer"
    SOLVED = "solved"
    CANCELLED = "cancelled"


class Ticket(HasEncryptedColumns, Base):
    """A request of a customer that the desk must solve; `number` is how the customer knows it."""

    __tablename__ = "ticket"
    __table_args__ = (
        Index("ix_ticket_newest", "created_at", "number"),
        Index("ix_ticket_updated_at", "updated_at"),
        Index(
            "ix_ticket_erasure_due",
            "erasure_due_at",
            postgresql_where=text("erasure_due_at IS NOT NULL"),
        ),
    )

    number: Mapped[int] = mapped_column(
        TICKET_NUMBERS, server_default=TICKET_NUMBERS.next_value(), unique=True
    )
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="SET NULL"), index=True
    )
    kind: Mapped[TicketKind] = mapped_column(string_enum(TicketKind), default=TicketKind.REQUEST)
    state: Mapped[TicketState] = mapped_column(
        string_enum(TicketState), default=TicketState.OPEN, index=True
    )
    urgency: Mapped[Urgency] = mapped_column(string_enum(Urgency), default=Urgency.NORMAL)
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    subject = EncryptedColumn[str]()
    description = EncryptedColumn[str]()
    attachments: Mapped[list[str]] = mapped_column(JSONB, default=list)
    due_at: Mapped[Timestamp | None]
    erasure_due_at: Mapped[Timestamp | None]
    """When the contact is erased unless the ticket is cancelled before; None when people do it."""
    version: Mapped[Version]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    contact: Mapped[Contact] = relationship()
    assignee: Mapped[User | None] = relationship()


class TicketNote(HasEncryptedColumns, Base):
    """A note of an agent on a ticket; customers never see it."""

    __tablename__ = "ticket_note"

    ticket_id: Mapped[UUID] = mapped_column(ForeignKey("ticket.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    body = EncryptedColumn[str]()
    created_at: Mapped[CreatedAt]
    author: Mapped[User] = relationship()


class LeadStage(StrEnum):
    """How far a sale has come."""

    NEW = "new"
    CONTACTED = "contacted"
    QUOTED = "quoted"
    WON = "won"
    LOST = "lost"


class Lead(HasEncryptedColumns, Base):
    """A person who wants to buy or renew a certificate."""

    __tablename__ = "lead"
    __table_args__ = (Index("ix_lead_updated_at", "updated_at"),)

    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="SET NULL"), index=True
    )
    stage: Mapped[LeadStage] = mapped_column(
        string_enum(LeadStage), default=LeadStage.NEW, index=True
    )
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    product: Mapped[str]
    renewal_of: Mapped[str | None]
    name = EncryptedColumn[str]()
    company = EncryptedColumn[str]()
    document = EncryptedColumn[str]()
    email = EncryptedColumn[str]()
    version: Mapped[Version]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    contact: Mapped[Contact] = relationship()
    owner: Mapped[User | None] = relationship()
