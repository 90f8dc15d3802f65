"""The table `appointment`: times that were promised to contacts, and which times are full.

A booking takes the lowest slot number that is free at its time; the unique index over number, start
and slot lets the slower of two bookings find the next one, or none.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from gatte.conversation.effects import AppointmentKind
from gatte.extensions import db
from gatte.infra.database.statement_batch import fetch_rows
from gatte.models import Appointment, AppointmentState, Author, Contact
from gatte.models.columns import new_uuid7
from gatte.store import reminders

BOOKED = f"state = '{AppointmentState.BOOKED}'"
# One slot number a row; of two that take the same one at once, the slower waits and then gets none.
BOOK_SQL = f"""
    INSERT INTO appointment (id, data_key_id, number, contact_id, conversation_id, phone_number_id,
        kind, product, starts_at, ends_at, slot_no, state, created_by, moved_from_id, note_sealed)
    SELECT %(id)s::uuid, %(data_key_id)s::uuid,
        coalesce(%(number)s::integer, nextval('ticket_number_seq')),
        %(contact_id)s::uuid, %(conversation_id)s::uuid, %(phone_number_id)s::text,
        %(kind)s::text, %(product)s::text,
        %(starts_at)s::timestamptz, %(ends_at)s::timestamptz,
        slot.number, '{AppointmentState.BOOKED}', %(created_by)s::text,
        %(moved_from_id)s::uuid, %(note_sealed)s::bytea
    FROM generate_series(1, %(at_once)s::integer) AS slot (number)
    WHERE NOT EXISTS (
        SELECT FROM appointment a
        WHERE a.phone_number_id = %(phone_number_id)s
            AND a.slot_no = slot.number
            AND a.{BOOKED}
            AND a.starts_at < %(ends_at)s
            AND a.ends_at > %(starts_at)s
    )
    ORDER BY slot.number
    LIMIT 1
    ON CONFLICT (phone_number_id, starts_at, slot_no) WHERE {BOOKED} DO NOTHING
    RETURNING id
"""  # noqa: S608 - our own words only


class NoSuchAppointment(Exception):
    """There is no appointment with this id."""


class TimeTaken(Exception):
    """All slots of the time are booked by now."""

    def __init__(self, starts_at: datetime) -> None:
        super().__init__(f"{starts_at.isoformat()} is full")
        self.starts_at = starts_at


class AppointmentChanged(Exception):
    """The appointment is not booked any more, or not this contact's."""


@dataclass(frozen=True)
class NewAppointment:
    """A time to be booked: for whom, from when to when, by whom, and what it is for.

    A moved one keeps the `number` of the row that it was `moved_from_id`.
    """

    contact: Contact
    phone_number_id: str
    starts_at: datetime
    ends_at: datetime
    created_by: Author
    conversation_id: UUID | None = None
    kind: AppointmentKind | None = None
    product: str | None = None
    note: str | None = None
    number: int | None = None
    moved_from_id: UUID | None = None
    id: UUID = field(default_factory=new_uuid7)


def book(wanted: NewAppointment, at_once: int) -> UUID:
    """Store an appointment in a free slot of its time, of which there are `at_once`, and give its
    id; TimeTaken when there is none.
    """
    db.session.flush()
    values = _values_of(wanted, at_once)
    for _ in range(at_once):
        rows = fetch_rows(BOOK_SQL, values)
        if rows:
            return UUID(str(rows[0].id))
    raise TimeTaken(wanted.starts_at)


def _values_of(wanted: NewAppointment, at_once: int) -> dict[str, object]:
    data_key_id = wanted.contact.data_key_id
    return {
        "id": wanted.id,
        "data_key_id": data_key_id,
        "number": wanted.number,
        "contact_id": wanted.contact.id,
        "conversation_id": wanted.conversation_id,
        "phone_number_id": wanted.phone_number_id,
        "kind": wanted.kind,
        "product": wanted.product,
        "starts_at": wanted.starts_at,
        "ends_at": wanted.ends_at,
        "created_by": wanted.created_by,
        "moved_from_id": wanted.moved_from_id,
        "note_sealed": Appointment.note.encrypt(wanted.id, data_key_id, wanted.note),
        "at_once": at_once,
    }


def move(
    appointment: Appointment, starts_at: datetime, ends_at: datetime, by: Author, at_once: int
) -> UUID:
    """Put a locked appointment to another time, as a new row of the same number, and give its id;
    TimeTaken when that time is full.
    """
    appointment.state = AppointmentState.MOVED
    touch(appointment)
    reminders.cancel_of_appointment(appointment.id)
    wanted = NewAppointment(
        contact=appointment.contact,
        phone_number_id=appointment.phone_number_id,
        starts_at=starts_at,
        ends_at=ends_at,
        created_by=by,
        conversation_id=appointment.conversation_id,
        kind=appointment.kind,
        product=appointment.product,
        note=appointment.note,
        number=appointment.number,
        moved_from_id=appointment.id,
    )
    return book(wanted, at_once)


def cancel(appointment: Appointment) -> None:
    """Give up a locked appointment; its time is free again."""
    appointment.state = AppointmentState.CANCELLED
    touch(appointment)
    reminders.cancel_of_appointment(appointment.id)


def touch(appointment: Appointment) -> None:
    """Note that the appointment was changed now: forms of the version before are out of date."""
    appointment.version += 1
    appointment.updated_at = func.now()


def find_with_contact(appointment_id: UUID) -> Appointment | None:
    """An appointment with its contact."""
    query = select(Appointment).where(Appointment.id == appointment_id)
    return db.session.scalar(query.options(joinedload(Appointment.contact)))


def get_locked(appointment_id: UUID) -> Appointment:
    """An appointment, locked until the transaction ends; NoSuchAppointment when there is none."""
    locked = select(Appointment).where(Appointment.id == appointment_id)
    locked = locked.with_for_update(of=Appointment).execution_options(populate_existing=True)
    found: Appointment | None = db.session.scalar(locked)
    if found is None:
        raise NoSuchAppointment(str(appointment_id))
    return found


def get_booked_of_contact(appointment_id: UUID, contact_id: UUID) -> Appointment:
    """A booked appointment of this contact, locked until the transaction ends; AppointmentChanged
    when it is that no more.
    """
    try:
        found = get_locked(appointment_id)
    except NoSuchAppointment:
        raise AppointmentChanged(str(appointment_id)) from None
    if found.contact_id != contact_id or found.state is not AppointmentState.BOOKED:
        raise AppointmentChanged(str(appointment_id))
    return found


def find_successor(appointment_id: UUID) -> Appointment | None:
    """The row that an appointment was moved to."""
    moved = select(Appointment).where(Appointment.moved_from_id == appointment_id)
    return db.session.scalar(moved.order_by(Appointment.id.desc()).limit(1))


def list_between(first: datetime, last: datetime, limit: int) -> Sequence[Appointment]:
    """The appointments that begin in a time, without those that were moved away, in their order."""
    query = (
        select(Appointment)
        .where(Appointment.starts_at >= first, Appointment.starts_at < last)
        .where(Appointment.state != AppointmentState.MOVED)
        .options(joinedload(Appointment.contact))
    )
    return db.session.scalars(
        query.order_by(Appointment.starts_at, Appointment.id).limit(limit)
    ).all()


def list_booked_starts(phone_number_id: str, first: datetime, last: datetime) -> Sequence[datetime]:
    """When the booked appointments of a number begin in a time, one entry each, in their order."""
    booked = select(Appointment.starts_at).where(
        Appointment.phone_number_id == phone_number_id,
        Appointment.state == AppointmentState.BOOKED,
        Appointment.starts_at >= first,
        Appointment.starts_at < last,
    )
    return db.session.scalars(booked.order_by(Appointment.starts_at, Appointment.id)).all()


def list_page(
    *,
    state: AppointmentState | None,
    contact_id: UUID | None,
    starts_from: datetime | None,
    starts_before: datetime | None,
    updated_since: datetime | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Appointment]:
    """Appointments in a state, of a contact, that begin in a time, changed since a time, where
    asked, those that were made last first (ids made later sort later); those behind `after`.
    """
    query = select(Appointment)
    if state is not None:
        query = query.where(Appointment.state == state)
    if contact_id is not None:
        query = query.where(Appointment.contact_id == contact_id)
    if starts_from is not None:
        query = query.where(Appointment.starts_at >= starts_from)
    if starts_before is not None:
        query = query.where(Appointment.starts_at < starts_before)
    if updated_since is not None:
        query = query.where(Appointment.updated_at >= updated_since)
    if after is not None:
        query = query.where(Appointment.id < after)
    return db.session.scalars(query.order_by(Appointment.id.desc()).limit(limit)).all()


def list_of_contact(contact_id: UUID, limit: int) -> Sequence[Appointment]:
    """The appointments of a contact without those that were moved away, the one that begins last
    on top.
    """
    query = select(Appointment).where(
        Appointment.contact_id == contact_id,
        Appointment.state != AppointmentState.MOVED,
    )
    latest = query.order_by(Appointment.starts_at.desc(), Appointment.id.desc())
    return db.session.scalars(latest.limit(limit)).all()


def list_of_conversation(conversation_id: UUID, limit: int) -> Sequence[Appointment]:
    """The appointments that came of a conversation, the newest first."""
    query = select(Appointment).where(
        Appointment.conversation_id == conversation_id,
        Appointment.state != AppointmentState.MOVED,
    )
    return db.session.scalars(query.order_by(Appointment.id.desc()).limit(limit)).all()
