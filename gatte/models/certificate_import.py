"""Files of certificates on their way into the tables."""

from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, Timestamp, string_enum


class CertificateImportState(StrEnum):
    """Where an import stands: read but not confirmed, confirmed and under way, done."""

    DRAFT = "draft"
    CONFIRMED = "confirmed"
    DONE = "done"


class CertificateImport(Base):
    """A file that somebody uploaded. `content_sealed` is the file, under the inbox key of its day;
    it is gone when the import is done. `errors` names lines and columns, and no values.
    """

    __tablename__ = "certificate_import"

    id: Mapped[RowId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    state: Mapped[CertificateImportState] = mapped_column(
        string_enum(CertificateImportState), default=CertificateImportState.DRAFT
    )
    content_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    line_count: Mapped[int]
    error_count: Mapped[int]
    error_lines: Mapped[int]
    """How many lines have errors; one may have several."""
    errors: Mapped[list[dict[str, Any]]] = mapped_column(JSONB)
    done_count: Mapped[int] = mapped_column(default=0)
    created_count: Mapped[int] = mapped_column(default=0)
    changed_count: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[CreatedAt]
    finished_at: Mapped[Timestamp | None]
