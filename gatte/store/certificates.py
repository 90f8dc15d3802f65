"""The table `certificate`: digital certificates that were issued to contacts."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select, text, tuple_
from sqlalchemy.orm import joinedload

from gatte.extensions import db
from gatte.infra.database.statement_batch import Row, fetch_rows
from gatte.models import Certificate, CertificateStatus, Contact, keyring
from gatte.models.columns import sql_list

ENDED_STATUSES = (CertificateStatus.RENEWED, CertificateStatus.REVOKED)
"""Whoever has such a certificate is told nothing more of it."""
RENEWAL_DAYS = 90
"""A new certificate renews an older one of the same kind and document that ends within so many
days, or has ended.
"""
# The three statuses that follow from the last day; the others are said by people.
REFRESH_STATUSES_SQL = f"""
    WITH told AS (
        SELECT id, CASE
                WHEN valid_until < %(today)s::date THEN '{CertificateStatus.EXPIRED}'
                WHEN valid_until <= %(today)s::date + %(days)s::int
                    THEN '{CertificateStatus.EXPIRING}'
                ELSE '{CertificateStatus.ACTIVE}' END AS status
        FROM certificate
        WHERE status NOT IN {sql_list(ENDED_STATUSES)}
    )
    UPDATE certificate c SET status = told.status
    FROM told
    WHERE c.id = told.id AND c.status <> told.status
        AND c.status NOT IN {sql_list(ENDED_STATUSES)}
    RETURNING c.id
"""  # noqa: S608 - our own words only
CLAIM_RENEWAL_LEADS_SQL = f"""
    WITH picked AS (
        SELECT id FROM certificate
        WHERE valid_until >= %(first)s::date
            AND valid_until <= %(last)s::date
            AND status NOT IN {sql_list(ENDED_STATUSES)}
            AND renewal_lead_for IS DISTINCT FROM valid_until
            AND data_key_id IS NOT NULL
        ORDER BY valid_until, id
        LIMIT %(limit)s::int
        FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE certificate c SET renewal_lead_for = c.valid_until
    FROM picked, data_key k
    WHERE c.id = picked.id AND k.id = c.data_key_id
    RETURNING c.id, c.contact_id, c.data_key_id, c.kind, c.holder_sealed, c.document_sealed,
        k.master_key_id, k.wrapped_key
"""  # noqa: S608 - our own words only
MARK_RENEWED = text(f"""
    UPDATE certificate c SET status = '{CertificateStatus.RENEWED}'
    FROM certificate fresh
    WHERE fresh.id = ANY(:ids)
        AND fresh.status NOT IN {sql_list(ENDED_STATUSES)}
        AND c.contact_id = fresh.contact_id
        AND c.kind = fresh.kind
        AND c.document_hash = fresh.document_hash
        AND c.id <> fresh.id
        AND c.valid_until < fresh.valid_until
        AND c.valid_until <= CAST(:today AS date) + {RENEWAL_DAYS}
        AND c.status NOT IN {sql_list(ENDED_STATUSES)}
    RETURNING c.id
""")  # noqa: S608 - our own words only


class NoSuchCertificate(Exception):
    """There is no certificate with this id."""


def list_of_contact(contact_id: UUID) -> list[Certificate]:
    """The certificates of a contact, the one that ends first before the others."""
    mine = select(Certificate).filter_by(contact_id=contact_id)
    return list(db.session.scalars(mine.order_by(Certificate.valid_until, Certificate.id)))


def list_current_of_contact(contact_id: UUID) -> list[Certificate]:
    """The certificates of a contact without those that were renewed or revoked, the one that ends
    first before the others.
    """
    mine = list_of_contact(contact_id)
    return [one for one in mine if one.status not in ENDED_STATUSES]


def refresh_statuses(today: date, expiring_days: int) -> int:
    """Let every certificate be active, expiring (within so many days) or expired, as its last day
    says, unless it was renewed or revoked; how many changed.
    """
    db.session.flush()
    values = {"today": today, "days": expiring_days}
    return len(fetch_rows(REFRESH_STATUSES_SQL, values))


def claim_renewal_leads(first: date, last: date, limit: int) -> Sequence[Row]:
    """So many certificates that end between these days, of which the caller is to make a lead in
    this transaction; each is given out once for its last day.
    """
    db.session.flush()
    return fetch_rows(CLAIM_RENEWAL_LEADS_SQL, {"first": first, "last": last, "limit": limit})


def mark_renewed_by(ids: Sequence[UUID], today: date) -> list[UUID]:
    """Mark what new certificates renew: those of the same contact, kind and document that end
    before one of them, and soon; the ids of these.
    """
    db.session.flush()
    if not ids:
        return []
    return list(db.session.scalars(MARK_RENEWED, {"ids": list(ids), "today": today}))


def list_by_documents(hashes: Sequence[bytes]) -> Sequence[Certificate]:
    """The certificates whose documents have these hashes, with their keys ready."""
    found = select(Certificate).where(Certificate.document_hash.in_(hashes))
    rows = db.session.scalars(found.order_by(Certificate.id)).all()
    keyring().preload({one.data_key_id for one in rows if one.data_key_id is not None})
    return rows


def add_all(rows: Sequence[Certificate]) -> None:
    """Store new certificates."""
    db.session.add_all(rows)
    db.session.flush()


def list_page(
    *,
    contact_id: UUID | None,
    status: CertificateStatus | None,
    ends_before: date | None,
    updated_since: datetime | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[Certificate]:
    """Certificates of a contact, in a status, that end before a day, changed since a time, where
    asked, the one that ends first before the others; those behind the day and id of `after`.
    """
    key = (Certificate.valid_until, Certificate.id)
    query = select(Certificate)
    if contact_id is not None:
        query = query.where(Certificate.contact_id == contact_id)
    if status is not None:
        query = query.where(Certificate.status == status)
    if ends_before is not None:
        query = query.where(Certificate.valid_until < ends_before)
    if updated_since is not None:
        query = query.where(Certificate.updated_at >= updated_since)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return db.session.scalars(query.order_by(*key).limit(limit)).all()


def list_filtered(
    *,
    first: date | None,
    last: date | None,
    statuses: Sequence[CertificateStatus],
    after: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[Certificate]:
    """Certificates in these statuses that end between two days, with their contacts, the one that
    ends first before the others; those behind the day and id of `after`.
    """
    key = (Certificate.valid_until, Certificate.id)
    query = select(Certificate).where(Certificate.status.in_(statuses))
    if first is not None:
        query = query.where(Certificate.valid_until >= first)
    if last is not None:
        query = query.where(Certificate.valid_until <= last)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    query = query.options(joinedload(Certificate.contact))
    return db.session.scalars(query.order_by(*key).limit(limit)).all()


def find_with_contact(certificate_id: UUID) -> Certificate | None:
    """A certificate with its contact."""
    query = select(Certificate).where(Certificate.id == certificate_id)
    return db.session.scalar(query.options(joinedload(Certificate.contact)))


def find_certificate(certificate_id: UUID) -> Certificate | None:
    """The certificate with this id, as it is now."""
    return db.session.get(Certificate, certificate_id, populate_existing=True)


def get_locked(certificate_id: UUID) -> Certificate:
    """A certificate, locked until the transaction ends; NoSuchCertificate when there is none."""
    found = select(Certificate).where(Certificate.id == certificate_id)
    locked = found.with_for_update(of=Certificate).execution_options(populate_existing=True)
    certificate: Certificate | None = db.session.scalar(locked)
    if certificate is None:
        raise NoSuchCertificate(str(certificate_id))
    return certificate


def add_certificate(contact: Contact, **values: Any) -> Certificate:  # noqa: ANN401 - columns by name
    """Store a certificate of a contact."""
    certificate = Certificate(data_key_id=contact.data_key_id, contact_id=contact.id, **values)
    db.session.add(certificate)
    db.session.flush()
    return certificate
