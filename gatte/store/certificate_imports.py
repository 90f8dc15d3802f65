"""The table `certificate_import`: uploaded files until they are in the tables."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, or_, select

from gatte.extensions import db
from gatte.infra.database.clock import DB_NOW
from gatte.models import CertificateImport, CertificateImportState, keyring
from gatte.models.columns import new_uuid7

IMPORT_LOCK = 7_012  # one process stores certificates of a file at a time
DRAFT_AGE, DONE_AGE = timedelta(days=1), timedelta(days=90)


class NoSuchImport(Exception):
    """There is no import with this id (any more)."""


def lock() -> None:
    """Let nobody else store certificates of a file until the transaction ends."""
    db.session.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))


def add_draft(user_id: int, content: bytes, **counts: Any) -> CertificateImport:  # noqa: ANN401 - columns by name
    """Keep an uploaded file, sealed, until it is confirmed, with what was found in it."""
    import_id = new_uuid7()
    draft = CertificateImport(
        id=import_id,
        user_id=user_id,
        content_sealed=keyring().seal_inbox(content, _aad(import_id)),
        done_count=0,
        created_count=0,
        changed_count=0,
        **counts,
    )
    db.session.add(draft)
    db.session.flush()
    return draft


def find_import(import_id: UUID) -> CertificateImport | None:
    """The import with this id, as it is now."""
    return db.session.get(CertificateImport, import_id, populate_existing=True)


def get_locked(import_id: UUID) -> CertificateImport:
    """An import, locked until the transaction ends; NoSuchImport when there is none."""
    found = select(CertificateImport).filter_by(id=import_id).with_for_update()
    row = db.session.scalar(found.execution_options(populate_existing=True))
    if row is None:
        raise NoSuchImport(str(import_id))
    return row


def find_next_confirmed() -> CertificateImport | None:
    """The confirmed import that waits longest, as it is now."""
    waiting = select(CertificateImport).filter_by(state=CertificateImportState.CONFIRMED)
    first = waiting.order_by(CertificateImport.id).limit(1)
    return db.session.scalar(first.execution_options(populate_existing=True))


def open_content(row: CertificateImport) -> bytes:
    """The file of an import; empty when it is gone."""
    if row.content_sealed is None:
        return b""
    return keyring().unseal_inbox(bytes(row.content_sealed), _aad(row.id))


def finish(row: CertificateImport) -> None:
    """Note that an import is done; its file goes."""
    row.state = CertificateImportState.DONE
    row.content_sealed = None
    row.finished_at = DB_NOW


def delete_unfinished() -> None:
    """Drop every file that is not stored yet, since it may name a person who is erased now."""
    unfinished = CertificateImport.state != CertificateImportState.DONE
    gone = delete(CertificateImport).where(unfinished)
    db.session.execute(gone.execution_options(synchronize_session=False))


def delete_old() -> int:
    """Forget drafts that nobody confirmed within a day, and imports that were done long ago; how
    many went.
    """
    now = func.clock_timestamp()
    is_draft = CertificateImport.state == CertificateImportState.DRAFT
    is_done = CertificateImport.state == CertificateImportState.DONE
    old = or_(
        is_draft & (CertificateImport.created_at < now - DRAFT_AGE),
        is_done & (CertificateImport.created_at < now - DONE_AGE),
    )
    gone = delete(CertificateImport).where(old).returning(CertificateImport.id)
    return len(db.session.scalars(gone.execution_options(synchronize_session=False)).all())


def _aad(import_id: UUID) -> bytes:
    return f"certificate_import.content:{import_id}".encode()
