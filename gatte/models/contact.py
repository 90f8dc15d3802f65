"""People who write to the company, and the hashes by which they are found again."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import ChangedAt, CreatedAt, Timestamp, string_enum
from gatte.models.name_words import IndexedName
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class IdentityKind(StrEnum):
    """By what a contact is known."""

    PHONE = "phone"
    BSUID = "bsuid"
    DOCUMENT = "document"


class MuteReason(StrEnum):
    """Why the bot does not answer a contact for a while."""

    FLOOD = "flood"
    REPETITION = "repetition"
    LINKS = "links"
    BLOCKLIST = "blocklist"
    BY_HAND = "by_hand"
    ABUSE = "abuse"


class Contact(HasEncryptedColumns, Base):
    """A customer: personal data is sealed under the contact's own data key.

    Until `muted_until` no turn reads what the contact writes; once it is past, what came before
    does not count against the contact.
    """

    __tablename__ = "contact"
    __table_args__ = (
        Index("ix_contact_name_words", "name_words", postgresql_using="gin"),
        Index("ix_contact_updated_at", "updated_at"),
    )

    name = IndexedName()
    name_words: Mapped[list[bytes] | None] = mapped_column(ARRAY(LargeBinary))
    """Keyed hashes of the words of the name, by which it is searched."""
    phone = EncryptedColumn[str]()
    """As Meta sends it (wa_id), to be answered unchanged; None when only a BSUID is known."""
    bsuid = EncryptedColumn[str]()
    email = EncryptedColumn[str]()
    document = EncryptedColumn[str]()
    opted_out_at: Mapped[Timestamp | None]
    muted_until: Mapped[Timestamp | None]
    mute_reason: Mapped[MuteReason | None] = mapped_column(string_enum(MuteReason))
    erased_at: Mapped[Timestamp | None]
    held_at: Mapped[Timestamp | None]
    """Since when the contact may not be erased (a legal hold), until somebody lifts that."""
    hold_reason = EncryptedColumn[str]()
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[ChangedAt]
    identities: Mapped[list["ContactIdentity"]] = relationship(
        back_populates="contact", cascade="all, delete-orphan"
    )


class ContactIdentity(Base):
    """A keyed hash of something that names a contact; one contact may have several, one hash
    belongs to one contact.
    """

    __tablename__ = "contact_identity"
    __table_args__ = (UniqueConstraint("kind", "hash"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[IdentityKind] = mapped_column(string_enum(IdentityKind))
    hash: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[CreatedAt]
    contact: Mapped[Contact] = relationship(back_populates="identities")
