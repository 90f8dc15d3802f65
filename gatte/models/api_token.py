"""Tokens of the API, and what was answered to requests that carried an idempotency key."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, Timestamp
from gatte.models.desk import User
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class Scope(StrEnum):
    """What a token may do; a member's name is its value in capitals."""

    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONVERSATIONS_READ = "conversations:read"
    CONVERSATIONS_WRITE = "conversations:write"
    MESSAGES_READ = "messages:read"
    MESSAGES_WRITE = "messages:write"
    TICKETS_READ = "tickets:read"
    TICKETS_WRITE = "tickets:write"
    LEADS_READ = "leads:read"
    LEADS_WRITE = "leads:write"
    CERTIFICATES_READ = "certificates:read"
    CERTIFICATES_WRITE = "certificates:write"
    APPOINTMENTS_READ = "appointments:read"
    APPOINTMENTS_WRITE = "appointments:write"
    KNOWLEDGE_READ = "knowledge:read"
    KNOWLEDGE_WRITE = "knowledge:write"
    FACTS_READ = "facts:read"
    FACTS_WRITE = "facts:write"
    FIGURES_READ = "figures:read"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"


class ApiToken(Base):
    """A bearer token: a program acts with it in the name of `user`. The token itself is not kept,
    only its SHA-256 and the beginning that tells people which one it is.
    """

    __tablename__ = "api_token"

    id: Mapped[RowId]
    name: Mapped[str]
    prefix: Mapped[str]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    scopes: Mapped[list[str]] = mapped_column(ARRAY(String))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[Timestamp | None]
    revoked_at: Mapped[Timestamp | None]
    last_used_at: Mapped[Timestamp | None]
    user: Mapped[User] = relationship(foreign_keys=[user_id])


class IdempotentRequest(HasEncryptedColumns, Base):
    """What a request with an Idempotency-Key was answered; `request_hash` is of address and body.

    The answer is sealed under the data key of what it is about; one that holds nothing of any
    person stands in `impersonal_body`.
    """

    __tablename__ = "idempotent_request"
    __table_args__ = (
        Index("uq_idempotent_request_key", "token_id", "key_hash", unique=True),
        Index("ix_idempotent_request_created_at", "created_at"),
    )

    token_id: Mapped[UUID] = mapped_column(ForeignKey("api_token.id", ondelete="CASCADE"))
    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    request_hash: Mapped[bytes] = mapped_column(LargeBinary)
    status: Mapped[int]
    location: Mapped[str | None]
    etag: Mapped[str | None]
    body = EncryptedColumn[str]()
    impersonal_body: Mapped[str | None]
    created_at: Mapped[CreatedAt] = mapped_column(server_default=text("clock_timestamp()"))
