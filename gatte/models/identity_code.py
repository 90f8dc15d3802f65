"""Codes that were sent to registered contacts, since somebody asks from another number."""

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, Timestamp


class IdentityCheck(Base):
    """One code: asked for in a conversation, sent to the contact `contact_id`; of a conversation
    the newest one counts.

    Without contact and code nobody was found to send one to, or there had been too many; who asked
    is not told. `examined_sequence` is the last message of the conversation that was looked at for
    the code.
    """

    __tablename__ = "identity_check"
    __table_args__ = (
        Index("ix_identity_check_conversation_id", "conversation_id", "created_at"),
        Index("ix_identity_check_contact_id", "contact_id", "created_at"),
        Index("ix_identity_check_created_at", "created_at"),
    )

    id: Mapped[RowId]
    conversation_id: Mapped[UUID] = mapped_column(ForeignKey("conversation.id", ondelete="CASCADE"))
    contact_id: Mapped[UUID | None] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    code_hash: Mapped[bytes | None] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    examined_sequence: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Timestamp]
    proven_at: Mapped[Timestamp | None]
