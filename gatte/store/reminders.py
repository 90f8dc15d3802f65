"""The tables `certificate_reminder` and `appointment_reminder`: who is to be reminded of what now,
and that each reminder is queued once.

A reminder is claimed by its row, of which the database lets be only one; whoever claimed it queues
its message in the same transaction. Statements work on whole batches.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import select

from gatte.extensions import db
from gatte.infra.database.statement_batch import Row, StatementBatch, fetch_rows
from gatte.models import (
    AppointmentReminderKind,
    CertificateReminder,
    CertificateStatus,
    DeliveryState,
)
from gatte.models.columns import new_uuid7, sql_list
from gatte.store.notice_audience import CONVERSATION, REACHABLE, Audience

SERIES_DAYS = (30, 15, 7, 3, 1, 0)
"""How many days before its end a certificate's contact is reminded; the days between belong to the
one before them.
"""
AFTER_THE_END = -1
DAYS_AFTER = 7
"""So many days after the end the last reminder can still be queued."""
RUNNING_STATES = (
    CertificateStatus.ACTIVE,
    CertificateStatus.EXPIRING,
    CertificateStatus.EXPIRED,
)
RUNNING = f"c.status IN {sql_list(RUNNING_STATES)}"
DUE_CERTIFICATES = f"""
    SELECT c.*, CASE
            WHEN c.valid_until < %(today)s::date THEN {AFTER_THE_END}
            ELSE (
                SELECT min(d) FROM unnest(%(series)s::int[]) AS d
                WHERE d >= c.valid_until - %(today)s::date)
        END AS days_before
    FROM certificate c
    WHERE {RUNNING}
        AND c.data_key_id IS NOT NULL
        AND c.valid_until >= %(today)s::date - {DAYS_AFTER}
        AND c.valid_until <= %(today)s::date + {max(SERIES_DAYS)}
        AND (c.valid_until < %(today)s::date) = %(is_after)s::boolean
"""  # noqa: S608 - our own words only
# The contacts whose certificates end first, each with all that is due of theirs: one message.
DUE_CERTIFICATES_SQL = f"""
    WITH due AS (
        SELECT c.id, c.contact_id, c.valid_until, c.days_before
        FROM ({DUE_CERTIFICATES}) c
        JOIN contact p ON p.id = c.contact_id
        WHERE {REACHABLE}
            AND NOT EXISTS (
                SELECT FROM certificate_reminder r
                WHERE r.certificate_id = c.id
                    AND r.valid_until = c.valid_until
                    AND r.days_before = c.days_before)
    ), chosen AS (
        SELECT contact_id FROM due
        GROUP BY contact_id
        ORDER BY min(valid_until), contact_id
        LIMIT %(limit)s::int
    )
    SELECT c.id, c.contact_id, c.data_key_id, c.kind, c.holder_sealed, c.valid_until,
        d.days_before, p.name_sealed, k.master_key_id, k.wrapped_key,
        v.id AS conversation_id, v.owner_version, v.closed_at
    FROM due d
    JOIN chosen USING (contact_id)
    JOIN certificate c ON c.id = d.id
    JOIN contact p ON p.id = c.contact_id
    JOIN data_key k ON k.id = c.data_key_id
    {CONVERSATION}
    WHERE {RUNNING} AND c.valid_until = d.valid_until
    ORDER BY c.valid_until, c.id
    FOR NO KEY UPDATE OF c SKIP LOCKED
"""  # noqa: S608 - our own words only
CLAIM_CERTIFICATES_SQL = """
    INSERT INTO certificate_reminder (id, certificate_id, valid_until, days_before)
    SELECT * FROM unnest(
        %(ids)s::uuid[], %(certificates)s::uuid[], %(ends)s::date[], %(days)s::int[])
    ON CONFLICT DO NOTHING
    RETURNING id, certificate_id
"""
NOTE_CERTIFICATES_SQL = """
    WITH noted AS (
        UPDATE certificate_reminder r SET outbox_id = q.outbox_id
        FROM unnest(%s::uuid[], %s::uuid[]) AS q (id, outbox_id)
        WHERE r.id = q.id
        RETURNING r.certificate_id
    )
    UPDATE certificate SET reminded_at = %s
    WHERE id IN (SELECT certificate_id FROM noted)
"""
# Booked times only: a moved appointment is a row of its own, and a cancelled one is not booked.
# `lead` is how long before its start one is to be reminded of, as the caller works it out.
DUE_APPOINTMENTS_SQL = f"""
    SELECT c.id, c.contact_id, c.data_key_id, c.number, c.kind, c.starts_at,
        p.name_sealed, k.master_key_id, k.wrapped_key,
        v.id AS conversation_id, v.owner_version, v.closed_at
    FROM appointment c
    JOIN contact p ON p.id = c.contact_id
    JOIN data_key k ON k.id = c.data_key_id
    {CONVERSATION}
    WHERE c.state = 'booked'
        AND c.starts_at > %(first)s::timestamptz
        AND c.starts_at <= %(last)s::timestamptz
        AND c.created_at < %(booked_before)s::timestamptz
        AND {REACHABLE}
        AND NOT EXISTS (
            SELECT FROM appointment_reminder r
            WHERE r.appointment_id = c.id AND r.kind = %(kind)s::text)
    ORDER BY c.starts_at, c.id
    LIMIT %(limit)s::int
    FOR NO KEY UPDATE OF c SKIP LOCKED
"""  # noqa: S608 - our own words only
CLAIM_APPOINTMENTS_SQL = """
    INSERT INTO appointment_reminder (id, appointment_id, kind)
    SELECT r.id, r.appointment_id, %(kind)s::text
    FROM unnest(%(ids)s::uuid[], %(appointments)s::uuid[]) AS r (id, appointment_id)
    ON CONFLICT DO NOTHING
    RETURNING id, appointment_id
"""
NOTE_APPOINTMENTS_SQL = """
    UPDATE appointment_reminder r SET outbox_id = q.outbox_id
    FROM unnest(%s::uuid[], %s::uuid[]) AS q (id, outbox_id)
    WHERE r.id = q.id
"""
# A message that several certificates share still tells of the others.
CANCEL_SQL = f"""
    UPDATE outbox o SET
        state = '{DeliveryState.CANCELLED}', failed_at = clock_timestamp(),
        error_details = 'notice_outdated'
    FROM {{table}} r
    WHERE r.outbox_id = o.id
        AND r.{{column}} = %(id)s::uuid
        AND o.state = '{DeliveryState.PENDING}'
        AND NOT EXISTS (
            SELECT FROM {{table}} other
            WHERE other.outbox_id = o.id AND other.{{column}} <> r.{{column}})
    RETURNING o.id
"""  # noqa: S608 - our own words only
CANCEL_OF_CERTIFICATE_SQL = CANCEL_SQL.format(table="certificate_reminder", column="certificate_id")
CANCEL_OF_APPOINTMENT_SQL = CANCEL_SQL.format(table="appointment_reminder", column="appointment_id")


def lock_due_certificates(
    audience: Audience, today: date, limit: int, *, is_after: bool
) -> Sequence[Row]:
    """Certificates of so many contacts of whose end these are to be reminded today, or (`is_after`)
    told that it has passed; locked until the transaction ends.
    """
    db.session.flush()
    values = {
        **audience.values,
        "today": today,
        "series": list(SERIES_DAYS),
        "is_after": is_after,
        "limit": limit,
    }
    return fetch_rows(DUE_CERTIFICATES_SQL, values)


def claim_certificates(due: Sequence[Row]) -> dict[UUID, UUID]:
    """The ids of the reminders of these certificates that nobody had claimed, by certificate."""
    values = {
        "ids": [new_uuid7() for _ in due],
        "certificates": [row.id for row in due],
        "ends": [row.valid_until for row in due],
        "days": [row.days_before for row in due],
    }
    claimed = fetch_rows(CLAIM_CERTIFICATES_SQL, values)
    return {UUID(str(row.certificate_id)): UUID(str(row.id)) for row in claimed}


def note_certificates(
    batch: StatementBatch, outbox_ids: Mapping[UUID, UUID], now: datetime
) -> None:
    """Add to a batch which message each reminder of a certificate became, by reminder."""
    reminders = list(outbox_ids)
    messages = list(outbox_ids.values())
    batch.add(NOTE_CERTIFICATES_SQL, reminders, messages, now)


def lock_due_appointments(
    audience: Audience,
    kind: AppointmentReminderKind,
    first: datetime,
    last: datetime,
    booked_before: datetime,
    limit: int,
) -> Sequence[Row]:
    """So many appointments that begin after `first` and not after `last`, and were booked before a
    time, of which the contacts were not reminded yet; locked until the transaction ends.
    """
    db.session.flush()
    values = {
        **audience.values,
        "kind": kind.value,
        "first": first,
        "last": last,
        "booked_before": booked_before,
        "limit": limit,
    }
    return fetch_rows(DUE_APPOINTMENTS_SQL, values)


def claim_appointments(due: Sequence[Row], kind: AppointmentReminderKind) -> dict[UUID, UUID]:
    """The ids of the reminders of these appointments that nobody had claimed, by appointment."""
    values = {
        "kind": kind.value,
        "ids": [new_uuid7() for _ in due],
        "appointments": [row.id for row in due],
    }
    claimed = fetch_rows(CLAIM_APPOINTMENTS_SQL, values)
    return {UUID(str(row.appointment_id)): UUID(str(row.id)) for row in claimed}


def note_appointments(batch: StatementBatch, outbox_ids: Mapping[UUID, UUID]) -> None:
    """Add to a batch which message each reminder of an appointment became, by reminder."""
    reminders = list(outbox_ids)
    messages = list(outbox_ids.values())
    batch.add(NOTE_APPOINTMENTS_SQL, reminders, messages)


def list_of_certificate(certificate_id: UUID) -> Sequence[CertificateReminder]:
    """The reminders of a certificate, the newest first."""
    mine = select(CertificateReminder).filter_by(certificate_id=certificate_id)
    return db.session.scalars(mine.order_by(CertificateReminder.id.desc())).all()


def cancel_of_certificate(certificate_id: UUID) -> None:
    """Never send what still waits to remind of a certificate: it was renewed, or changed."""
    db.session.flush()
    fetch_rows(CANCEL_OF_CERTIFICATE_SQL, {"id": str(certificate_id)})


def cancel_of_appointment(appointment_id: UUID) -> None:
    """Never send what still waits to remind of an appointment: it was cancelled, or moved."""
    db.session.flush()
    fetch_rows(CANCEL_OF_APPOINTMENT_SQL, {"id": str(appointment_id)})
