"""Webhooks that we send: who subscribed to which events, and each event on its way to them."""

from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Identity, Index, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, Timestamp, string_enum
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class WebhookEventType(StrEnum):
    """What a subscriber can be told of."""

    MESSAGE_RECEIVED = "message.received"
    MESSAGE_SENT = "message.sent"
    MESSAGE_STATUS = "message.status"
    CONVERSATION_CREATED = "conversation.created"
    CONVERSATION_ESCALATED = "conversation.escalated"
    CONVERSATION_TAKEN = "conversation.taken"
    CONVERSATION_HANDED_BACK = "conversation.handed_back"
    CONVERSATION_CLOSED = "conversation.closed"
    TICKET_CREATED = "ticket.created"
    TICKET_UPDATED = "ticket.updated"
    LEAD_CREATED = "lead.created"
    LEAD_UPDATED = "lead.updated"
    APPOINTMENT_CREATED = "appointment.created"
    APPOINTMENT_UPDATED = "appointment.updated"


class WebhookSubscription(HasEncryptedColumns, Base):
    """An address that is told of events; `secret` signs them, sealed under a data key of the
    subscription's own.
    """

    __tablename__ = "webhook_subscription"

    url: Mapped[str]
    event_types: Mapped[list[str]] = mapped_column(ARRAY(String))
    active: Mapped[bool] = mapped_column(default=True)
    secret = EncryptedColumn[str]()
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[CreatedAt]


class WebhookDeliveryState(StrEnum):
    """Where an event stands on its way to a subscriber."""

    PENDING = "pending"
    DELIVERED = "delivered"
    DEAD_LETTER = "dead_letter"


PENDING_SQL = f"state = '{WebhookDeliveryState.PENDING}'"


class WebhookDelivery(Base):
    """One event for one subscriber, written by triggers in the transaction of the change. `payload`
    holds ids and states only; `object_key` names what changed: its events arrive in the order of
    `sequence`.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (
        Index("ix_webhook_delivery_due", "next_attempt_at", postgresql_where=text(PENDING_SQL)),
        Index(
            "ix_webhook_delivery_pending",
            "subscription_id",
            "object_key",
            "sequence",
            postgresql_where=text(PENDING_SQL),
        ),
        Index("ix_webhook_delivery_subscription", "subscription_id", "sequence"),
        Index("ix_webhook_delivery_created_at", "created_at"),
        Index(
            "ix_webhook_delivery_dead_letter",
            "created_at",
            postgresql_where=text(f"state = '{WebhookDeliveryState.DEAD_LETTER}'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, server_default=text("gen_random_uuid()"))
    sequence: Mapped[int] = mapped_column(BigInteger, Identity())
    subscription_id: Mapped[UUID] = mapped_column(
        ForeignKey("webhook_subscription.id", ondelete="CASCADE")
    )
    event_type: Mapped[str]
    object_key: Mapped[str]
    payload: Mapped[dict[str, Any]] = mapped_column(JSONB)
    state: Mapped[WebhookDeliveryState] = mapped_column(
        string_enum(WebhookDeliveryState), server_default=WebhookDeliveryState.PENDING.value
    )
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[Timestamp] = mapped_column(server_default=text("clock_timestamp()"))
    last_status: Mapped[int | None]
    last_error: Mapped[str | None]
    delivered_at: Mapped[Timestamp | None]
    created_at: Mapped[CreatedAt] = mapped_column(server_default=text("clock_timestamp()"))
    subscription: Mapped[WebhookSubscription] = relationship()
