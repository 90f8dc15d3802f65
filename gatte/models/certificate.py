"""Digital certificates of customers, whose end the company watches."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import ChangedAt, CreatedAt, Timestamp, string_enum
from gatte.models.contact import Contact
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class CertificateStatus(StrEnum):
    """Where a certificate stands."""

    ACTIVE = "active"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    RENEWED = "renewed"
    REVOKED = "revoked"


class Certificate(HasEncryptedColumns, Base):
    """A certificate that was issued to a contact; `kind` is how people call it (e-CNPJ A1), never
    the key or its password.
    """

    __tablename__ = "certificate"
    __table_args__ = (Index("ix_certificate_updated_at", "updated_at"),)

    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[str]
    holder = EncryptedColumn[str]()
    document = EncryptedColumn[str]()
    document_hash: Mapped[bytes | None] = mapped_column(LargeBinary, index=True)
    serial_number = EncryptedColumn[str]()
    issuer: Mapped[str | None]
    issued_on: Mapped[date | None]
    valid_until: Mapped[date] = mapped_column(index=True)
    status: Mapped[CertificateStatus] = mapped_column(
        string_enum(CertificateStatus), default=CertificateStatus.ACTIVE
    )
    reminded_at: Mapped[Timestamp | None]
    """When the contact was last reminded of its end."""
    renewal_lead_for: Mapped[date | None]
    """The last day of validity for which a renewal lead was made; another one wants another."""
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[ChangedAt]
    contact: Mapped[Contact] = relationship()
