"""A message that cannot be processed: tried again later and later, alone, and parked in the end, so
that the sender's next ones go on.

A parked message keeps its payload, sealed; `flask reprocess` has it tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from sqlalchemy import and_, select, text, update

from gatte.extensions import db
from gatte.infra.database.statement_batch import Row
from gatte.models import InboxMessage
from gatte.observability import metrics

log = structlog.get_logger(__name__)

ATTEMPTS = 10  # about five minutes, as for turns

# Nothing but the oldest is tried, so the one at fault is known, and order is kept. While this waits
# for the row another process may process it: the last condition is looked at again then, the query
# within is not.
NOTE = text("""
    UPDATE inbox_message SET
        attempts = attempts + 1,
        retry_at = clock_timestamp() + make_interval(secs => least(60.0, 2.0 ^ attempts)),
        filed_at = CASE WHEN attempts + 1 >= :most AND NOT :passing THEN clock_timestamp() END
    WHERE id = (
            SELECT id FROM inbox_message
            WHERE phone_number_id = :number AND sender_hash = :sender AND filed_at IS NULL
            ORDER BY sent_at, id
            LIMIT 1)
        AND filed_at IS NULL
    RETURNING id, attempts, filed_at IS NOT NULL AS parked
""")


def retryable_rows(rows: Sequence[Row]) -> Sequence[Row]:
    """Those of a sender's messages (oldest first) that may be processed now: all, or after a
    failure the first alone when its time has come.
    """
    if not rows or not rows[0].attempts:
        return rows
    return rows[:1] if rows[0].may_try_again else []


def record_failure(
    phone_number_id: str, sender_hash: bytes, error: Exception, *, passing: bool
) -> None:
    """Undo what was begun, and let the sender wait; with a fault that does not pass the message is
    parked in the end.
    """
    db.session.rollback()
    limits = {
        "number": phone_number_id,
        "sender": sender_hash,
        "most": ATTEMPTS,
        "passing": passing,
    }
    with db.engine.begin() as connection:
        row = connection.execute(NOTE, limits).first()
    log.error(
        "filing_failed",
        error=type(error).__name__,
        inbox_id=row.id if row else None,
        exc_info=error,
    )
    if row is not None and row.parked:
        metrics.MESSAGES_PARKED.inc()
        log.error("message_parked", inbox_id=row.id, attempts=row.attempts)


@dataclass(frozen=True)
class Parked:
    """A message that could not be processed and waits for people."""

    id: int
    phone_number_id: str
    since: datetime
    attempts: int

    def __str__(self) -> str:
        since = f"{self.since:%Y-%m-%d %H:%M} UTC"
        return (
            f"message {self.id} to number {self.phone_number_id}"
            f" (parked since {since}, {self.attempts} tries)"
        )


PARKED = and_(InboxMessage.filed_at.is_not(None), InboxMessage.payload.is_not(None))


def list_parked(since: datetime | None = None) -> list[Parked]:
    """The messages that were parked (since then), in the order of their arrival."""
    parked = select(
        InboxMessage.id, InboxMessage.phone_number_id, InboxMessage.filed_at, InboxMessage.attempts
    ).where(PARKED)
    parked = parked if since is None else parked.where(InboxMessage.filed_at >= since)
    rows = db.session.execute(parked.order_by(InboxMessage.id)).tuples()
    return [
        Parked(row_id, number, filed_at, attempts)
        for row_id, number, filed_at, attempts in rows
        if filed_at
    ]


def requeue_dead_letters(since: datetime | None = None) -> int:
    """Let parked messages (since then) be processed anew; how many they are. The caller commits."""
    parked = update(InboxMessage).where(PARKED)
    if since is not None:
        parked = parked.where(InboxMessage.filed_at >= since)
    again = parked.values(filed_at=None, attempts=0, retry_at=None).returning(InboxMessage.id)
    return len(db.session.execute(again.execution_options(synchronize_session=False)).all())
