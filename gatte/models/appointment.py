"""Appointments of contacts: one row a time that was promised, each within a slot that nobody else
has.
"""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.conversation.effects import AppointmentKind
from gatte.extensions import Base
from gatte.models.columns import CreatedAt, Timestamp, Version, string_enum
from gatte.models.contact import Contact
from gatte.models.desk import TICKET_NUMBERS
from gatte.models.message import Author
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class AppointmentState(StrEnum):
    """Where an appointment stands; `moved` is the former time of one that was put to another."""

    BOOKED = "booked"
    MOVED = "moved"
    CANCELLED = "cancelled"
    DONE = "done"
    NO_SHOW = "no_show"


class Appointment(HasEncryptedColumns, Base):
    """A time at which the company serves a contact.

    `number` is how the customer knows it; a moved one keeps it, in a new row that names the former
    one. `slot_no` counts from 1 those who are served at the same time: the database lets no two
    booked rows have the same number, start and slot.
    """

    __tablename__ = "appointment"
    __table_args__ = (
        Index(
            "uq_appointment_slot",
            "phone_number_id",
            "starts_at",
            "slot_no",
            unique=True,
            postgresql_where=text("state = 'booked'"),
        ),
        Index(
            "uq_appointment_number",
            "number",
            unique=True,
            postgresql_where=text("state <> 'moved'"),
        ),
        Index("ix_appointment_starts_at", "starts_at", "id"),
        Index("ix_appointment_updated_at", "updated_at"),
        CheckConstraint("ends_at > starts_at", name="ends_after_start"),
        CheckConstraint("slot_no >= 1", name="slot_no"),
    )

    number: Mapped[int] = mapped_column(TICKET_NUMBERS, server_default=TICKET_NUMBERS.next_value())
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("conversation.id", ondelete="SET NULL"), index=True
    )
    phone_number_id: Mapped[str]
    kind: Mapped[AppointmentKind | None] = mapped_column(string_enum(AppointmentKind))
    product: Mapped[str | None]
    starts_at: Mapped[Timestamp]
    ends_at: Mapped[Timestamp]
    slot_no: Mapped[int]
    state: Mapped[AppointmentState] = mapped_column(
        string_enum(AppointmentState), default=AppointmentState.BOOKED
    )
    created_by: Mapped[Author] = mapped_column(string_enum(Author, "created_by"))
    moved_from_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("appointment.id", ondelete="SET NULL"), index=True
    )
    note = EncryptedColumn[str]()
    version: Mapped[Version]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    contact: Mapped[Contact] = relationship()
