"""Statuses of our answers: applied in batches, only ever forward, whatever order Meta sends them
in.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import structlog

from gatte.delivery.service_window import WINDOW_CLOSED_CODE
from gatte.models import DeliveryState
from gatte.store import status_events
from gatte.store.status_events import ReportedReply

log = structlog.get_logger(__name__)

BATCH = 2_000
MARKETING_STOPPED_CODE = 131050  # Meta's own word for it


@dataclass(frozen=True)
class StatusBatch:
    """A batch that was looked at: the id of its last status, the answers that failed since the 24 h
    window was closed, and those that failed since the customer stopped marketing messages.
    """

    last_id: int
    window_closed: tuple[UUID, ...]
    marketing_stopped: tuple[UUID, ...] = ()


def apply_status_batch(after: int = 0) -> StatusBatch | None:
    """Apply a batch of stored statuses with ids above `after`; None when none is left, or another
    process is at it.
    """
    applied = status_events.apply_batch(after, BATCH)
    if applied is None:
        return None
    for reply in applied.replies:
        fields = {
            "outbox_id": str(reply.id),
            "state": reply.state,
            "correlation_id": reply.correlation_id,
        }
        if reply.has_failed:
            log.warning("status_applied", **fields, error_code=reply.error_code)
        else:
            log.info("status_applied", **fields)
    return StatusBatch(
        applied.last_id,
        _failed_with(applied.replies, WINDOW_CLOSED_CODE),
        _failed_with(applied.replies, MARKETING_STOPPED_CODE),
    )


def _failed_with(replies: Sequence[ReportedReply], code: int) -> tuple[UUID, ...]:
    """The replies that a status of this batch let fail with this error."""
    return tuple(
        reply.id
        for reply in replies
        if reply.has_failed and reply.state == DeliveryState.FAILED and reply.error_code == code
    )
