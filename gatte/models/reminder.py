"""Reminders that were queued: a row each, which the database lets be only once."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, string_enum


class CertificateReminder(Base):
    """That the contact was reminded of a certificate's end: `days_before` is which of the series it
    was (-1: after the end). A certificate whose last day is changed begins a new series.
    """

    __tablename__ = "certificate_reminder"
    __table_args__ = (
        UniqueConstraint(
            "certificate_id", "valid_until", "days_before", name="uq_certificate_reminder_once"
        ),
    )

    id: Mapped[RowId]
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificate.id", ondelete="CASCADE"))
    valid_until: Mapped[date]
    days_before: Mapped[int]
    outbox_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("outbox.id", ondelete="SET NULL"), index=True
    )
    """The message; several certificates of a contact may share one."""
    created_at: Mapped[CreatedAt]


class AppointmentReminderKind(StrEnum):
    """How long before an appointment its contact is reminded."""

    DAY_BEFORE = "day_before"
    HOURS_BEFORE = "hours_before"


class AppointmentReminder(Base):
    """That the contact was reminded of an appointment."""

    __tablename__ = "appointment_reminder"
    __table_args__ = (
        UniqueConstraint("appointment_id", "kind", name="uq_appointment_reminder_once"),
    )

    id: Mapped[RowId]
    appointment_id: Mapped[UUID] = mapped_column(ForeignKey("appointment.id", ondelete="CASCADE"))
    kind: Mapped[AppointmentReminderKind] = mapped_column(
        string_enum(AppointmentReminderKind, "kind")
    )
    outbox_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("outbox.id", ondelete="SET NULL"), index=True
    )
    created_at: Mapped[CreatedAt]
