"""What contacts allowed and forbade: a row each time, never changed, so that it can be proved."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, string_enum
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class ConsentKind(StrEnum):
    """What a contact may allow: notices on what it has with the company, or offers."""

    SERVICE = "service"
    MARKETING = "marketing"


class ConsentSource(StrEnum):
    """Who told us: the customer in the conversation, a person of the desk, another system over the
    API, Meta on the customer's behalf.
    """

    CUSTOMER = "customer"
    DESK = "desk"
    API = "api"
    META = "meta"


class ConsentChannel(StrEnum):
    """By which way the company may write."""

    WHATSAPP = "whatsapp"


class Consent(HasEncryptedColumns, Base):
    """Something that a contact allowed (`granted`) or forbade; of a contact, channel and kind the
    newest row holds. `text_version` names the words that the contact was shown; `note` is what a
    person of the desk wrote on how the contact said it.
    """

    __tablename__ = "consent"
    __table_args__ = (Index("ix_consent_newest", "contact_id", "kind", "id"),)

    contact_id: Mapped[UUID] = mapped_column(ForeignKey("contact.id", ondelete="CASCADE"))
    channel: Mapped[ConsentChannel] = mapped_column(
        string_enum(ConsentChannel), default=ConsentChannel.WHATSAPP
    )
    kind: Mapped[ConsentKind] = mapped_column(string_enum(ConsentKind))
    granted: Mapped[bool]
    source: Mapped[ConsentSource] = mapped_column(string_enum(ConsentSource))
    text_version: Mapped[str]
    note = EncryptedColumn[str]()
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    recorded_at: Mapped[CreatedAt]
