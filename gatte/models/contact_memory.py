"""What is remembered of a contact from one conversation to the next."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.conversation.memory_kinds import MemoryKind
from gatte.extensions import Base
from gatte.models.columns import Timestamp, Version, string_enum
from gatte.models.desk import User
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class MemorySource(StrEnum):
    """Who found a memory: rules over what was stored, Gemini over what was said, or an agent."""

    RULE = "rule"
    GEMINI = "gemini"
    AGENT = "agent"


class ContactMemory(HasEncryptedColumns, Base):
    """One thing that is remembered of a contact, at most one of a kind.

    `learned_at` is when the customer told it; `message_id` the message that told it, where one did.
    A memory that was forgotten keeps its row without its value, so that it is not learned again
    from what was told before.
    """

    __tablename__ = "contact_memory"
    __table_args__ = (
        UniqueConstraint("contact_id", "kind"),
        CheckConstraint(
            "(forgotten_at IS NULL) = (value_sealed IS NOT NULL)", name="forgotten_without_value"
        ),
        Index("ix_contact_memory_expires_at", "expires_at"),
    )

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    conversation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="SET NULL"), index=True
    )
    message_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("message.id", ondelete="SET NULL"), index=True
    )
    kind: Mapped[MemoryKind] = mapped_column(string_enum(MemoryKind))
    source: Mapped[MemorySource] = mapped_column(string_enum(MemorySource))
    value = EncryptedColumn[str]()
    confidence: Mapped[float]
    learned_at: Mapped[Timestamp]
    expires_at: Mapped[Timestamp]
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    version: Mapped[Version]
    forgotten_at: Mapped[Timestamp | None]
    updated_by: Mapped[User | None] = relationship()
