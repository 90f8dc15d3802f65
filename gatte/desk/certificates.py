"""Certificates of customers in the hands of the desk: noted, and kept up to date."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from gatte import services
from gatte.models import Certificate, Contact, keyring
from gatte.store import audit, reminders
from gatte.store import certificates as stored


def create(contact: Contact, values: Mapping[str, Any], user_id: int) -> Certificate:
    """Note a certificate that was issued to a contact; `values` by column."""
    certificate = stored.add_certificate(contact, **_with_hash(values))
    audit.record(user_id, "certificate.create", _subject(certificate))
    end_renewed_series(certificate)
    return certificate


def end_renewed_series(certificate: Certificate) -> None:
    """Mark what a new certificate renews, and remind nobody of it any more."""
    today = datetime.now(services.settings().time_zone).date()
    for renewed_id in stored.mark_renewed_by([certificate.id], today):
        reminders.cancel_of_certificate(renewed_id)


def change(certificate_id: UUID, values: Mapping[str, Any], user_id: int) -> Certificate:
    """Set columns of a certificate; NoSuchCertificate when there is none."""
    certificate = stored.get_locked(certificate_id)
    changed = [name for name, value in values.items() if getattr(certificate, name) != value]
    for name, value in _with_hash(values).items():
        setattr(certificate, name, value)
    if {"status", "valid_until"} & set(changed):
        reminders.cancel_of_certificate(certificate_id)
    if changed:
        audit.record(
            user_id, "certificate.change", _subject(certificate), {"columns": sorted(changed)}
        )
    return certificate


def _with_hash(values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns, and the hash by which the document is found when it is among them."""
    columns = dict(values)
    if "document" in columns:
        document = columns["document"]
        columns["document_hash"] = keyring().lookup_hash("document", document) if document else None
    return columns


def _subject(certificate: Certificate) -> str:
    return f"certificate:{certificate.id}"
