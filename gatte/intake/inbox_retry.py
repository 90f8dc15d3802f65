"""A message that cannot be processed: tried again later and later, alone, and a dead letter in the
end, so that the sender's next ones go on.

A dead letter keeps its payload, sealed; `flask reprocess` has it tried again.
"""

from collections.abc import Sequence

import structlog

from gatte.extensions import db
from gatte.observability import metrics
from gatte.store import inbox
from gatte.store.inbox import UnprocessedRow

log = structlog.get_logger(__name__)

ATTEMPTS = 10  # about five minutes, as for turns


def retryable_rows(rows: Sequence[UnprocessedRow]) -> Sequence[UnprocessedRow]:
    """Those of a sender's messages (oldest first) that may be processed now: all, or after a
    failure the first alone when its time has come.
    """
    if not rows or not rows[0].attempts:
        return rows
    return rows[:1] if rows[0].may_be_retried else []


def record_failure(
    phone_number_id: str, sender_hash: bytes, error: Exception, *, transient: bool
) -> None:
    """Undo what was begun, and let the sender wait; with a fault that does not pass the message is
    a dead letter in the end.
    """
    db.session.rollback()
    row = inbox.record_failure(phone_number_id, sender_hash, ATTEMPTS, transient=transient)
    log.error(
        "inbox_processing_failed",
        error=type(error).__name__,
        inbox_id=row.id if row else None,
        exc_info=error,
    )
    if row is not None and row.is_dead_letter:
        metrics.INBOX_DEAD_LETTERS.inc()
        log.error("inbox_dead_lettered", inbox_id=row.id, attempts=row.attempts)
