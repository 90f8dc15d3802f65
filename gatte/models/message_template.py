"""Templates that Meta has approved for the company, and which of them serves which notice."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, Timestamp, string_enum


class TemplateCategory(StrEnum):
    """What Meta takes a template for; `other` for what Meta may add."""

    MARKETING = "marketing"
    UTILITY = "utility"
    AUTHENTICATION = "authentication"
    OTHER = "other"


class TemplateState(StrEnum):
    """Where a template stands with Meta; only an approved one can be sent."""

    APPROVED = "approved"
    PENDING = "pending"
    REJECTED = "rejected"
    PAUSED = "paused"
    DISABLED = "disabled"
    DELETED = "deleted"
    OTHER = "other"


class NoticePurpose(StrEnum):
    """What the company writes to a customer for, without having been asked."""

    CERTIFICATE_EXPIRING = "certificate_expiring"
    CERTIFICATE_EXPIRED = "certificate_expired"
    APPOINTMENT = "appointment"


class MessageTemplate(Base):
    """A template of a WhatsApp Business account in one language, as Meta listed it last.

    `variables` has an object for each variable: `component` (header, body, button), `name` (a
    number, or a word where the template names its variables) and `kind` (text, image, ...).
    `buttons` has the `kind` and `text` of each button, in order.
    """

    __tablename__ = "message_template"
    __table_args__ = (
        UniqueConstraint(
            "business_account_id", "name", "language", name="uq_message_template_name"
        ),
    )

    id: Mapped[RowId]
    business_account_id: Mapped[str]
    name: Mapped[str]
    language: Mapped[str]
    category: Mapped[TemplateCategory] = mapped_column(string_enum(TemplateCategory))
    state: Mapped[TemplateState] = mapped_column(string_enum(TemplateState))
    variables: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    buttons: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    body: Mapped[str]
    synced_at: Mapped[Timestamp]
    created_at: Mapped[CreatedAt]


class TemplatePurpose(Base):
    """Which template serves a purpose."""

    __tablename__ = "template_purpose"

    purpose: Mapped[NoticePurpose] = mapped_column(string_enum(NoticePurpose), primary_key=True)
    template_id: Mapped[UUID] = mapped_column(
        ForeignKey("message_template.id", ondelete="CASCADE"), index=True
    )
    updated_at: Mapped[CreatedAt]
    template: Mapped[MessageTemplate] = relationship()
