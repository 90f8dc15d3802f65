"""Files that customers sent: a row for each, and the list of those whose row is gone."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from gatte.conversation.nlu import MessageKind
from gatte.extensions import Base
from gatte.models.columns import CreatedAt, Timestamp, string_enum
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class MediaState(StrEnum):
    """Where a file stands: still to be fetched, here, not taken by our own rules, or given up."""

    PENDING = "pending"
    STORED = "stored"
    REFUSED = "refused"
    FAILED = "failed"


class MediaProblem(StrEnum):
    """Why a file is not here: the first four by our own rules, the others since it could not be
    had.
    """

    TOO_LARGE = "too_large"
    KIND_NOT_KEPT = "kind_not_kept"
    WRONG_CONTENT = "wrong_content"
    PROGRAM = "program"
    GONE = "gone"
    NOT_GIVEN = "not_given"
    ALTERED = "altered"
    NOT_STORED = "not_stored"


PENDING_MEDIA_SQL = f"state = '{MediaState.PENDING}'"


class MediaFile(HasEncryptedColumns, Base):
    """The file of a message, at most one. Its content lies under the row's id in the media storage,
    sealed under the contact's data key.

    `filename` is what its sender calls it, where a document has a name. `mime_type` is what the
    content is, whatever was claimed of it; None where we do not know such files. `checksum` is a
    keyed hash of the content, `size` and `preview_size` are bytes; `preview_size` is None where
    there is no picture to show.
    """

    __tablename__ = "media_file"
    __table_args__ = (
        CheckConstraint(
            "(state = 'stored') = (checksum IS NOT NULL AND size IS NOT NULL)",
            name="stored_with_content",
        ),
        CheckConstraint(
            "problem IS NOT NULL OR state NOT IN ('refused', 'failed')", name="told_problem"
        ),
        Index("ix_media_file_due", "next_attempt_at", postgresql_where=text(PENDING_MEDIA_SQL)),
        Index("ix_media_file_created_at", "created_at"),
    )

    message_id: Mapped[UUID] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), unique=True
    )
    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[MessageKind] = mapped_column(string_enum(MessageKind))
    filename = EncryptedColumn[str]()
    state: Mapped[MediaState] = mapped_column(
        string_enum(MediaState), server_default=MediaState.PENDING.value
    )
    problem: Mapped[MediaProblem | None] = mapped_column(string_enum(MediaProblem))
    mime_type: Mapped[str | None]
    size: Mapped[int | None]
    preview_size: Mapped[int | None]
    checksum: Mapped[bytes | None] = mapped_column(LargeBinary)
    attempts: Mapped[int] = mapped_column(server_default=text("0"))
    next_attempt_at: Mapped[Timestamp] = mapped_column(server_default=text("clock_timestamp()"))
    """When it is to be fetched; while an attempt is under way, when that is taken for dead."""
    created_at: Mapped[CreatedAt]
    stored_at: Mapped[Timestamp | None]


class MediaOrphan(Base):
    """A file whose row was deleted, written by a trigger in that transaction: what lies under this
    id must go, and with it the row.
    """

    __tablename__ = "media_orphan"

    file_id: Mapped[UUID] = mapped_column(primary_key=True)
    deleted_at: Mapped[Timestamp] = mapped_column(server_default=text("clock_timestamp()"))
