"""What the webhook brought and nobody has worked on yet."""

from uuid import UUID

from sqlalchemy import BigInteger, Identity, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from gatte.extensions import Base
from gatte.models.columns import Timestamp


class InboxMessage(Base):
    """One message as it arrived: sealed under the inbox key until it is moved into the history of
    its contact, then emptied.

    The row stays for as long as Meta may deliver the message again. `sender_hash` is the keyed hash
    of who wrote it; with `skip_quiet_period` it does not wait for the quiet window.
    """

    __tablename__ = "inbox_message"
    __table_args__ = (
        UniqueConstraint("phone_number_id", "wamid_hash"),
        Index(
            "ix_inbox_message_unprocessed",
            "phone_number_id",
            "sender_hash",
            "received_at",
            postgresql_where=text("processed_at IS NULL"),
        ),
        Index(
            "ix_inbox_message_arrived",
            "received_at",
            postgresql_where=text("processed_at IS NULL"),
        ),
        Index(
            "ix_inbox_message_processed",
            "processed_at",
            postgresql_where=text("processed_at IS NOT NULL"),
        ),
        Index(
            "ix_inbox_message_dead_letter",
            "processed_at",
            postgresql_where=text("processed_at IS NOT NULL AND payload IS NOT NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    phone_number_id: Mapped[str]
    wamid_hash: Mapped[bytes] = mapped_column(LargeBinary)
    sender_hash: Mapped[bytes] = mapped_column(LargeBinary)
    kind: Mapped[str]
    skip_quiet_period: Mapped[bool] = mapped_column(default=False)
    payload: Mapped[bytes | None] = mapped_column(LargeBinary)
    request_id: Mapped[str | None]
    sent_at: Mapped[Timestamp]
    received_at: Mapped[Timestamp] = mapped_column(server_default=text("clock_timestamp()"))
    processed_at: Mapped[Timestamp | None]
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    """How often it could not be processed; it is tried again at `retry_at`, and is a dead letter in
    the end: `processed_at` is set, and the payload stays.
    """
    retry_at: Mapped[Timestamp | None]


class StatusEvent(Base):
    """One status of a message of ours, waiting to be applied; gone once it was."""

    __tablename__ = "status_event"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    phone_number_id: Mapped[str]
    wamid_hash: Mapped[bytes] = mapped_column(LargeBinary)
    outbox_id: Mapped[UUID | None]
    status: Mapped[str]
    error_code: Mapped[int | None]
    error_details: Mapped[str | None]
    """Written by the former version alone; it goes with the next one."""
    billable: Mapped[bool | None]
    pricing_category: Mapped[str | None]
    at: Mapped[Timestamp]
    received_at: Mapped[Timestamp] = mapped_column(
        server_default=text("clock_timestamp()"), index=True
    )


class WebhookEvent(Base):
    """Anything else that Meta told us, kept whole and sealed under the inbox key."""

    __tablename__ = "webhook_event"
    __table_args__ = (
        Index(
            "ix_webhook_event_preferences",
            "id",
            postgresql_where=text("field = 'user_preferences' AND handled_at IS NULL"),
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    field: Mapped[str]
    phone_number_id: Mapped[str | None]
    payload: Mapped[bytes] = mapped_column(LargeBinary)
    handled_at: Mapped[Timestamp | None]
    """When what it says was carried out, of a field of which anything is."""
    received_at: Mapped[Timestamp] = mapped_column(
        server_default=text("clock_timestamp()"), index=True
    )
