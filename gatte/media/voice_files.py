"""Voice messages that a turn listens to, fetched once: what is stored is not asked of Meta again,
and what the turn fetches is stored as the file of its message.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from gatte.extensions import db
from gatte.media import fetch, sealed_files
from gatte.media.sealed_files import ContentPart, MediaUnreadable
from gatte.models import MediaFile, MediaState
from gatte.privacy.crypto import DecryptionFailed
from gatte.store import media_files
from gatte.store.media_files import ClaimedMedia
from gatte.whatsapp.media import DownloadFailureReason


@dataclass(frozen=True)
class VoiceFiles:
    """Of some messages, by message: the contents that are stored, and the files that are this
    process's to fetch. A message that is in neither is being fetched by another process, or its
    file is not kept.
    """

    contents: Mapping[UUID, bytes]
    claims: Mapping[UUID, ClaimedMedia]


def open_files(message_ids: Collection[UUID]) -> VoiceFiles:
    """What there is of these messages' files; commits, so that no transaction stays open."""
    claims = media_files.claim_of_messages(message_ids)
    others = [message_id for message_id in message_ids if message_id not in claims]
    stored = media_files.find_of_messages(others)
    contents = {message_id: _read(row) for message_id, row in stored.items()}
    db.session.commit()
    return VoiceFiles({one: held for one, held in contents.items() if held}, claims)


def _read(row: MediaFile) -> bytes:
    """A stored content; empty when it cannot be had now."""
    if row.state is not MediaState.STORED:
        return b""
    try:
        return b"".join(sealed_files.read(row, ContentPart.CONTENT))
    except (MediaUnreadable, DecryptionFailed):
        return b""


def finish(claimed: ClaimedMedia, content: bytes | None, why: DownloadFailureReason | None) -> None:
    """Store what came of a claimed file, or note why nothing came; commits.

    What was too large to listen to may still be kept, and what nobody tried to fetch is due again.
    """
    if content is not None:
        fetch.keep(claimed, content)
    elif why is None or why is DownloadFailureReason.TOO_LARGE:
        _release(claimed)
    else:
        fetch.note_failure(claimed, why)


def _release(claimed: ClaimedMedia) -> None:
    row = media_files.lock_claimed(claimed)
    if row is not None:
        media_files.release(row)
    db.session.commit()
