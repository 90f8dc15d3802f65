"""Files of certificates on their way into the tables: kept until somebody confirms them, then
stored some lines at a time. The same file again changes nothing.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from gatte import services
from gatte.desk.certificate_files import CertificateRow, read_certificates
from gatte.intake import contact_identity
from gatte.models import (
    Certificate,
    CertificateImport,
    CertificateImportState,
    IdentityKind,
    keyring,
)
from gatte.models.columns import new_uuid7
from gatte.store import (
    StatementBatch,
    audit,
    certificate_imports,
    certificates,
    contacts,
    reminders,
)
from gatte.whatsapp.events import Sender
from gatte.whatsapp.simulator import SIMULATOR_NUMBER

LINES_AT_ONCE = 500
MOST_ERRORS_KEPT = 200
TOLD_COLUMNS = ("holder", "issued_on", "issuer", "serial_number", "valid_until", "status")
"""What a line changes in a certificate that is there already, where it says something."""


class ImportNotWaiting(Exception):
    """The import was confirmed already."""


@dataclass(frozen=True)
class ImportCounts:
    """What storing some lines came to."""

    lines: int = 0
    created: int = 0
    changed: int = 0


def add_draft(content: bytes, user_id: int) -> CertificateImport:
    """Keep an uploaded file until it is confirmed, with what is wrong in it; BadCertificateFile
    when it is none of certificates.
    """
    file = read_certificates(content)
    errors = [asdict(problem) for problem in file.problems[:MOST_ERRORS_KEPT]]
    return certificate_imports.add_draft(
        user_id,
        content,
        line_count=file.line_count,
        errors=errors,
        error_count=len(file.problems),
        error_lines=file.line_count - len(file.rows),
    )


def confirm(import_id: UUID, user_id: int) -> CertificateImport:
    """Let a file be stored by the next run; NoSuchImport or ImportNotWaiting when it cannot be."""
    row = certificate_imports.get_locked(import_id)
    if row.state is not CertificateImportState.DRAFT:
        raise ImportNotWaiting(str(import_id))
    row.state = CertificateImportState.CONFIRMED
    details = {"lines": row.line_count, "errors": row.error_count}
    audit.record(user_id, "certificate.import", f"certificate_import:{row.id}", details)
    return row


def store_confirmed() -> Iterator[ImportCounts]:
    """Store the confirmed files, some lines at each step, for the caller to commit; a run that was
    stopped is taken up where it was.
    """
    while (waiting := certificate_imports.find_next_confirmed()) is not None:
        rows = read_certificates(certificate_imports.open_content(waiting)).rows
        yield from _store_import(waiting.id, rows)


def _store_import(import_id: UUID, rows: Sequence[CertificateRow]) -> Iterator[ImportCounts]:
    is_done = False
    while not is_done:
        try:
            row = certificate_imports.get_locked(import_id)
        except certificate_imports.NoSuchImport:
            return
        if row.state is not CertificateImportState.CONFIRMED:
            return
        counts = store_rows(rows[row.done_count : row.done_count + LINES_AT_ONCE], row.user_id)
        row.done_count += counts.lines
        row.created_count += counts.created
        row.changed_count += counts.changed
        is_done = row.done_count >= len(rows)
        if is_done:
            certificate_imports.finish(row)
        yield counts


def store_rows(rows: Sequence[CertificateRow], user_id: int | None) -> ImportCounts:
    """Add or change the certificates of some lines, with the contacts that are new; the caller
    commits.
    """
    certificate_imports.lock()
    owners = _find_or_add_contacts(rows)
    known = _known_certificates(rows)
    created: list[Certificate] = []
    changed: list[UUID] = []
    for row in rows:
        owner = owners[row.phone]
        present = _match(row, known.get(_document_hash(row.document), []), owner.contact_id)
        if present is None:
            created.append(_certificate_of(row, owner))
        elif _change(present, row):
            changed.append(present.id)
    certificates.add_all(created)
    today = datetime.now(services.settings().time_zone).date()
    renewed = certificates.mark_renewed_by([one.id for one in created], today)
    for certificate_id in [*changed, *renewed]:
        reminders.cancel_of_certificate(certificate_id)
    if changed or created:
        details = {"created": len(created), "changed": len(changed), "renewed": len(renewed)}
        audit.record(user_id, "certificate.imported", "certificates", details)
    return ImportCounts(len(rows), len(created), len(changed))


@dataclass(frozen=True)
class CertificateOwner:
    """A contact as far as its certificates need it."""

    contact_id: UUID
    data_key_id: UUID


def _find_or_add_contacts(rows: Sequence[CertificateRow]) -> dict[str, CertificateOwner]:
    """The contact of each phone; made where there is none."""
    names = {row.phone: row.contact_name or row.holder for row in rows}
    hashes = {phone: _phone_hash(phone) for phone in names}
    batch = StatementBatch()
    for hashed in sorted(set(hashes.values())):
        contacts.lock_sender(hashed, batch)
    batch.execute()
    found = contacts.map_identities(IdentityKind.PHONE, list(hashes.values()))
    owners = {hashed: CertificateOwner(*ids) for hashed, ids in found.items()}
    for phone, name in names.items():
        if hashes[phone] not in owners:
            owners[hashes[phone]] = _add_contact(batch, phone, name, hashes[phone])
    batch.execute()
    return {phone: owners[hashes[phone]] for phone in names}


def _phone_hash(phone: str) -> bytes:
    """The hash by which the person of a phone is found who writes to the number that reminds."""
    number = SIMULATOR_NUMBER if services.settings().notices_are_simulated else ""
    return contact_identity.identity_hashes(Sender(phone), number)[0][1]


def _add_contact(batch: StatementBatch, phone: str, name: str, hashed: bytes) -> CertificateOwner:
    key = keyring().new_contact_key()
    contact_id = new_uuid7()
    identities = [(IdentityKind.PHONE, hashed)]
    contacts.insert_contact(
        batch,
        contact_id,
        key,
        identities,
        phone=phone,
        bsuid=None,
        name=name,
    )
    return CertificateOwner(contact_id, key.id)


def _document_hash(document: str) -> bytes:
    return keyring().lookup_hash("document", document)


def _known_certificates(rows: Sequence[CertificateRow]) -> dict[bytes, list[Certificate]]:
    """The certificates of these documents that are there already, by the hash of the document."""
    hashes = {_document_hash(row.document) for row in rows}
    known: dict[bytes, list[Certificate]] = {}
    for certificate in certificates.list_by_documents(sorted(hashes)):
        known.setdefault(bytes(certificate.document_hash or b""), []).append(certificate)
    return known


def _match(
    row: CertificateRow, known: Sequence[Certificate], contact_id: UUID
) -> Certificate | None:
    """The certificate that a line is about: that of its serial number, else one of the same kind
    and last day, of which another serial number is not known.
    """
    mine = [one for one in known if one.contact_id == contact_id]
    if row.serial_number is not None:
        same = [one for one in mine if one.serial_number == row.serial_number]
        if same:
            return same[0]
    alike = [one for one in mine if one.kind == row.kind and one.valid_until == row.valid_until]
    serials = (None, row.serial_number)
    open_ones = [one for one in alike if row.serial_number is None or one.serial_number in serials]
    return open_ones[0] if open_ones else None


def _certificate_of(row: CertificateRow, owner: CertificateOwner) -> Certificate:
    columns = {name: getattr(row, name) for name in TOLD_COLUMNS if getattr(row, name)}
    return Certificate(
        contact_id=owner.contact_id,
        data_key_id=owner.data_key_id,
        kind=row.kind,
        document=row.document,
        document_hash=_document_hash(row.document),
        **columns,
    )


def _change(certificate: Certificate, row: CertificateRow) -> bool:
    """Set what a line says otherwise; whether anything was."""
    is_changed = False
    for name in TOLD_COLUMNS:
        told = getattr(row, name)
        if told and getattr(certificate, name) != told:
            setattr(certificate, name, told)
            is_changed = True
    return is_changed
