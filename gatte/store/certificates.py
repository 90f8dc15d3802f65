"""The table `certificate`: digital certificates that were issued to contacts."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select, tuple_

from gatte.extensions import db
from gatte.models import Certificate, CertificateStatus, Contact


class NoSuchCertificate(Exception):
    """There is no certificate with this id."""


def list_of_contact(contact_id: UUID) -> list[Certificate]:
    """The certificates of a contact, the one that ends first before the others."""
    mine = select(Certificate).filter_by(contact_id=contact_id)
    return list(db.session.scalars(mine.order_by(Certificate.valid_until, Certificate.id)))


def list_page(
    *,
    contact_id: UUID | None,
    status: CertificateStatus | None,
    ends_before: date | None,
    after: tuple[date, UUID] | None,
    limit: int,
) -> Sequence[Certificate]:
    """Certificates of a contact, in a status, that end before a day, where asked, the one that ends
    first before the others; those behind the day and id of `after`.
    """
    key = (Certificate.valid_until, Certificate.id)
    query = select(Certificate)
    if contact_id is not None:
        query = query.where(Certificate.contact_id == contact_id)
    if status is not None:
        query = query.where(Certificate.status == status)
    if ends_before is not None:
        query = query.where(Certificate.valid_until < ends_before)
    if after is not None:
        query = query.where(tuple_(*key) > tuple_(*after))
    return db.session.scalars(query.order_by(*key).limit(limit)).all()


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
