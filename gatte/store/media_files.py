"""The tables `media_file` and `media_orphan`: files that customers sent, from the message that
brought them until they are gone.

A file is `pending` until it was fetched (`stored`), or our rules (`refused`) or its loss (`failed`)
end it. A trigger notes the id of each deleted row in `media_orphan`.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy import Select, delete, func, select

from gatte.extensions import db
from gatte.infra.database.clock import DB_NOW, seconds_from_now
from gatte.infra.database.statement_batch import StatementBatch
from gatte.models import (
    Conversation,
    MediaFile,
    MediaOrphan,
    MediaProblem,
    MediaState,
    Message,
)
from gatte.models.columns import new_uuid7
from gatte.models.media_file import PENDING_MEDIA_SQL

if TYPE_CHECKING:
    from gatte.store.messages import NewMessage

CLAIM_SECONDS = 300
"""Longer than fetching and storing a file may take."""
ORPHAN_SECONDS = 2 * CLAIM_SECONDS
DUE = f"f.{PENDING_MEDIA_SQL} AND f.next_attempt_at <= clock_timestamp()"


@dataclass(frozen=True)
class ClaimedMedia:
    """A file to be fetched by this process alone; `source` is what Meta said of it in the message
    (`media_id`, `sha256`), and `attempt` the number of this attempt.
    """

    id: UUID
    data_key_id: UUID | None
    kind: str
    phone_number_id: str
    attempt: int
    source: dict[str, Any]


@dataclass(frozen=True)
class StoredContent:
    """What is known of a content that was stored: sizes in bytes."""

    mime_type: str | None
    size: int
    preview_size: int | None
    checksum: bytes


def insert(batch: StatementBatch, message: "NewMessage", filename: str | None) -> None:
    """Add to a batch that a message brought a file, which is due to be fetched."""
    row_id = new_uuid7()
    key = message.data_key_id
    row = {
        "id": row_id,
        "data_key_id": key,
        "message_id": message.id,
        "contact_id": message.contact_id,
        "kind": message.kind,
        "filename_sealed": MediaFile.filename.encrypt(row_id, key, filename),
    }
    batch.insert("media_file", row)


def claim_next() -> ClaimedMedia | None:
    """The file that is due longest, for this process alone during CLAIM_SECONDS; None when none is.
    The caller commits.
    """
    found = db.session.execute(_due().limit(1)).first()
    return None if found is None else _claim(*found)


def claim_of_messages(message_ids: Collection[UUID]) -> dict[UUID, ClaimedMedia]:
    """The files of these messages that are due, by message, for this process alone during
    CLAIM_SECONDS. The caller commits.
    """
    found = db.session.execute(_due().where(MediaFile.message_id.in_(message_ids))).all()
    return {row.message_id: _claim(row, message, number) for row, message, number in found}


def _due() -> Select[MediaFile, Message, str]:
    """Files that are due and that nobody else holds, with message and number; longest first."""
    joined = (
        select(MediaFile, Message, Conversation.phone_number_id)
        .join(Message, Message.id == MediaFile.message_id)
        .join(Conversation, Conversation.id == Message.conversation_id)
    )
    due = joined.where(
        MediaFile.state == MediaState.PENDING,
        MediaFile.next_attempt_at <= func.clock_timestamp(),
    )
    ordered = due.order_by(MediaFile.next_attempt_at, MediaFile.id)
    locked = ordered.with_for_update(of=MediaFile, skip_locked=True)
    return locked.execution_options(populate_existing=True)


def _claim(row: MediaFile, message: Message, phone_number_id: str) -> ClaimedMedia:
    row.attempts += 1
    row.next_attempt_at = seconds_from_now(CLAIM_SECONDS)
    return ClaimedMedia(
        row.id,
        row.data_key_id,
        row.kind.value,
        phone_number_id,
        row.attempts,
        message.raw_payload or {},
    )


def lock_claimed(claimed: ClaimedMedia) -> MediaFile | None:
    """A file as it is now, locked, while it is pending and this is its newest attempt; None when
    it is not, or its row is gone.
    """
    mine = select(MediaFile).where(
        MediaFile.id == claimed.id,
        MediaFile.attempts == claimed.attempt,
        MediaFile.state == MediaState.PENDING,
    )
    return db.session.scalar(mine.with_for_update().execution_options(populate_existing=True))


def record_stored(row: MediaFile, content: StoredContent) -> None:
    """The content lies in the storage, whole."""
    row.mime_type = content.mime_type
    row.size = content.size
    row.preview_size = content.preview_size
    row.checksum = content.checksum
    row.problem = None
    row.state = MediaState.STORED
    row.stored_at = DB_NOW


def release(row: MediaFile) -> None:
    """Nobody tried to fetch the file after all: it is due at once, and no attempt counts."""
    row.attempts -= 1
    row.next_attempt_at = DB_NOW


def record_problem(row: MediaFile, problem: MediaProblem, state: MediaState) -> None:
    """The file is refused, or given up."""
    row.problem = problem
    row.state = state


def record_retry(row: MediaFile, problem: MediaProblem, seconds: float) -> None:
    """An attempt failed; the next is in so many seconds."""
    row.problem = problem
    row.next_attempt_at = seconds_from_now(seconds)


def find_of_message(message_id: UUID) -> MediaFile | None:
    """The file that a message brought."""
    return db.session.scalar(select(MediaFile).filter_by(message_id=message_id))


def find_of_messages(message_ids: Collection[UUID]) -> dict[UUID, MediaFile]:
    """The files of these messages, by message."""
    if not message_ids:
        return {}
    found = select(MediaFile).where(MediaFile.message_id.in_(message_ids)).order_by(MediaFile.id)
    return {row.message_id: row for row in db.session.scalars(found)}


def list_stored_of_contact(contact_id: UUID) -> list[MediaFile]:
    """The files of a contact that are here, the oldest first."""
    mine = select(MediaFile).filter_by(contact_id=contact_id, state=MediaState.STORED)
    return list(db.session.scalars(mine.order_by(MediaFile.id)))


def delete_of_message(message_id: UUID) -> None:
    """Let the file of a message be gone."""
    db.session.execute(delete(MediaFile).filter_by(message_id=message_id))


def list_orphans(after: UUID | None, limit: int) -> Sequence[UUID]:
    """So many ids of files whose row is gone, with ids above `after`, in their order."""
    found = select(MediaOrphan.file_id).order_by(MediaOrphan.file_id).limit(limit)
    if after is not None:
        found = found.where(MediaOrphan.file_id > after)
    return db.session.scalars(found).all()


def forget_orphans(file_ids: Collection[UUID]) -> None:
    """Forget files that were removed. One whose row went within ORPHAN_SECONDS stays known: a
    process that was fetching it may write it once more.
    """
    over = seconds_from_now(-ORPHAN_SECONDS)
    gone = delete(MediaOrphan).where(
        MediaOrphan.file_id.in_(file_ids), MediaOrphan.deleted_at < over
    )
    db.session.execute(gone.execution_options(synchronize_session=False))
