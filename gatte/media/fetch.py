"""A customer's file on its way from Meta into the media storage; start here.

Claim, commit, download, look at the content, store it under the row's id, record, commit. Whoever
dies in between leaves a row that is due again when its claim has run out; what was written by then
is written over, so a message never has two files.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from threading import BoundedSemaphore

import structlog

from gatte import services
from gatte.conversation.nlu import MessageKind
from gatte.delivery import media_for
from gatte.extensions import db
from gatte.infra.gevent_mode import run_off_the_loop
from gatte.infra.object_storage import ObjectStorageUnavailable
from gatte.media import file_types, previews, sealed_files
from gatte.media.sealed_files import ContentPart, MediaStorage
from gatte.models import MediaFile, MediaProblem, MediaState, keyring
from gatte.store import media_files
from gatte.store.media_files import ClaimedMedia, StoredContent
from gatte.whatsapp.media import LARGEST, MEBIBYTE, DownloadFailed, DownloadFailureReason

log = structlog.get_logger(__name__)

# a file is in memory while it is looked at: so many at a time in a process
MOST_AT_ONCE = 2
MOST_IN_A_JOB = 200
DOWNLOAD_SECONDS = 60.0
RETRY_SECONDS = (30, 120, 600, 3600, 21_600, 86_400, 172_800, 172_800)
"""After the first attempt, the second and so on: Meta knows an id for 7 days (WHATSAPP.md, 5)."""
PROBLEMS: Mapping[DownloadFailureReason, MediaProblem] = {
    DownloadFailureReason.GONE: MediaProblem.GONE,
    DownloadFailureReason.TOO_LARGE: MediaProblem.TOO_LARGE,
    DownloadFailureReason.ALTERED: MediaProblem.ALTERED,
}
REFUSALS = frozenset(
    {
        MediaProblem.TOO_LARGE,
        MediaProblem.KIND_NOT_KEPT,
        MediaProblem.WRONG_CONTENT,
        MediaProblem.PROGRAM,
    }
)
"""Problems by our own rules; the others are losses."""
_places = BoundedSemaphore(MOST_AT_ONCE)


@dataclass(frozen=True)
class FetchOutcome:
    """What became of an attempt: a content that is stored, or a problem. One that is not `final` is
    tried again.
    """

    content: StoredContent | None = None
    problem: MediaProblem | None = None
    is_final: bool = False


def fetch_due() -> int:
    """Fetch the files that are due, one after the other; how many were tried. Nothing when this
    process fetches enough already: those go on until nothing is due.
    """
    if not _places.acquire(blocking=False):
        return 0
    try:
        return _fetch_all()
    finally:
        _places.release()


def _fetch_all() -> int:
    tried = 0
    while tried < MOST_IN_A_JOB:
        claimed = media_files.claim_next()
        db.session.commit()
        if claimed is None:
            break
        outcome = _attempt(claimed)
        _record(claimed, outcome)
        tried += 1
    return tried


def _attempt(claimed: ClaimedMedia) -> FetchOutcome:
    """Fetch one file and store it; no transaction is open."""
    settings = services.settings()
    kind = MessageKind(claimed.kind)
    if claimed.kind not in settings.media_kinds:
        return FetchOutcome(problem=MediaProblem.KIND_NOT_KEPT, is_final=True)
    most_bytes = min(LARGEST[kind], settings.gatte_media_max_mb * MEBIBYTE)
    client = media_for(claimed.phone_number_id)
    if client is None:
        return FetchOutcome(problem=MediaProblem.NOT_GIVEN)
    try:
        downloaded = client.download(
            claimed.phone_number_id,
            str(claimed.source.get("media_id") or ""),
            most_bytes,
            claimed.source.get("sha256"),
            DOWNLOAD_SECONDS,
        )
    except DownloadFailed as failure:
        return _outcome_of(failure.why)
    return _store(claimed, kind, downloaded.content)


def keep(claimed: ClaimedMedia, content: bytes) -> None:
    """Store what somebody fetched who had claimed the file, record it, and commit."""
    kind = MessageKind(claimed.kind)
    if kind not in services.settings().media_kinds:
        _record(claimed, FetchOutcome(problem=MediaProblem.KIND_NOT_KEPT, is_final=True))
    else:
        _record(claimed, _store(claimed, kind, content))


def note_failure(claimed: ClaimedMedia, why: DownloadFailureReason) -> None:
    """Record that whoever had claimed a file could not fetch it, and commit."""
    _record(claimed, _outcome_of(why))


def _outcome_of(why: DownloadFailureReason) -> FetchOutcome:
    is_final = why in {DownloadFailureReason.GONE, DownloadFailureReason.TOO_LARGE}
    return FetchOutcome(problem=PROBLEMS.get(why, MediaProblem.NOT_GIVEN), is_final=is_final)


def _store(claimed: ClaimedMedia, kind: MessageKind, content: bytes) -> FetchOutcome:
    """Look at a content and store it, unless it is nothing that a message of its kind may bring."""
    if file_types.is_program(content):
        return FetchOutcome(problem=MediaProblem.PROGRAM, is_final=True)
    found = file_types.type_of(content)
    allowed = file_types.TYPES_OF_KIND.get(kind)
    if not content or (allowed is not None and found not in allowed):
        return FetchOutcome(problem=MediaProblem.WRONG_CONTENT, is_final=True)
    key = None if claimed.data_key_id is None else keyring().open(claimed.data_key_id)
    db.session.rollback()  # asking for a key may have begun a transaction
    if key is None:
        return FetchOutcome(problem=MediaProblem.GONE, is_final=True)
    is_picture = found in file_types.IMAGES
    try:
        storage = sealed_files.open_storage(services.settings())
        preview_size = run_off_the_loop(_write, storage, claimed, key, content, is_picture)
    except ObjectStorageUnavailable as error:
        log.warning("media_storage_unavailable", error=str(error))
        return FetchOutcome(problem=MediaProblem.NOT_STORED)
    mime_type = found.mime_type if found else None
    checksum = sealed_files.checksum_of(content)
    return FetchOutcome(StoredContent(mime_type, len(content), preview_size, checksum))


def _write(
    storage: MediaStorage,
    claimed: ClaimedMedia,
    key: bytes,
    content: bytes,
    is_picture: bool,
) -> int | None:
    """Store a content, and the preview of a picture; the size of that."""
    preview = previews.make_preview(content) if is_picture else None
    if preview is not None:
        sealed_files.write(storage, claimed.id, key, ContentPart.PREVIEW, preview)
    sealed_files.write(storage, claimed.id, key, ContentPart.CONTENT, content)
    return None if preview is None else len(preview)


def _record(claimed: ClaimedMedia, outcome: FetchOutcome) -> None:
    """Note what became of an attempt, and commit; nothing when the row is gone or another attempt
    has begun. What was stored of a row that is gone, `orphans` removes.
    """
    row = media_files.lock_claimed(claimed)
    if row is not None:
        _record_in(row, claimed.attempt, outcome)
    db.session.commit()
    log.info(
        "media_fetched",
        file_id=str(claimed.id),
        kind=claimed.kind,
        problem=outcome.problem,
        attempt=claimed.attempt,
        recorded=row is not None,
    )


def _record_in(row: MediaFile, attempt: int, outcome: FetchOutcome) -> None:
    if outcome.content is not None:
        media_files.record_stored(row, outcome.content)
        return
    problem = outcome.problem or MediaProblem.NOT_GIVEN
    if outcome.is_final or attempt > len(RETRY_SECONDS):
        state = MediaState.REFUSED if problem in REFUSALS else MediaState.FAILED
        media_files.record_problem(row, problem, state)
    else:
        media_files.record_retry(row, problem, RETRY_SECONDS[attempt - 1])
