"""Statuses of our answers: applied in batches, only ever forward, whatever order Meta sends them
in.
"""

from dataclasses import dataclass
from uuid import UUID

import structlog
from sqlalchemy import text

from gatte.extensions import db

log = structlog.get_logger(__name__)

BATCH = 2_000
STATUS_LOCK = 7_001  # one process applies statuses at a time
UNMATCHED_STATUS_TTL = "10 minutes"
WINDOW_CLOSED = 131047

RANK = """(CASE o.state
    WHEN 'read' THEN 7
    WHEN 'delivered' THEN 6
    WHEN 'sent' THEN 5
    WHEN 'failed' THEN 5
    ELSE 4 END)"""
FAILED = f"(s.failed_at IS NOT NULL AND {RANK} < 6 AND s.rank < 6)"

# A status is matched by the outbox id that we gave Meta, or by the wamid; one with a wamid alone
# that matches nothing yet may be early (our own send has not been recorded) and is tried again
# until it is too old. `rank` is how far an answer has come; it never falls. An answer may have been
# sent more than once: that an earlier sending failed says nothing of the one that is noted, or,
# while the next is under way, of that one.
APPLY = text(
    f"""
    WITH picked AS (
        SELECT s.id, s.status, s.at, s.received_at, s.outbox_id,
            s.error_code, s.error_details, s.billable, s.category,
            o.id AS answer_id,
            o.wamid_hash IS NULL
                OR (o.wamid_hash = s.wamid_hash)
                    <> (o.state IN ('pending', 'sending', 'uncertain')) AS of_this_sending
        FROM status_event s
        LEFT JOIN LATERAL (
            SELECT id, wamid_hash, state FROM outbox WHERE id = s.outbox_id
            UNION ALL
            SELECT id, wamid_hash, state FROM outbox
            WHERE s.outbox_id IS NULL AND wamid_hash = s.wamid_hash
            LIMIT 1
        ) o ON true
        WHERE s.id > :after
        ORDER BY s.id LIMIT :batch
    ), summed AS (
        SELECT answer_id,
            min(at) FILTER (WHERE status = 'sent') AS sent_at,
            min(at) FILTER (WHERE status = 'delivered') AS delivered_at,
            min(at) FILTER (WHERE status IN ('read', 'played')) AS read_at,
            min(at) FILTER (WHERE status = 'failed' AND of_this_sending) AS failed_at,
            max(error_code)
                FILTER (WHERE status = 'failed' AND of_this_sending) AS error_code,
            max(error_details)
                FILTER (WHERE status = 'failed' AND of_this_sending) AS error_details,
            bool_or(billable) AS billable,
            max(category) AS category,
            max(CASE status
                WHEN 'sent' THEN 5
                WHEN 'delivered' THEN 6
                WHEN 'read' THEN 7
                WHEN 'played' THEN 7
                ELSE 0 END) AS rank
        FROM picked
        WHERE answer_id IS NOT NULL
        GROUP BY answer_id
    ), moved AS (
        UPDATE outbox o SET
            state = CASE
                WHEN s.rank > {RANK} THEN CASE s.rank
                    WHEN 5 THEN 'sent'
                    WHEN 6 THEN 'delivered'
                    ELSE 'read' END
                WHEN {FAILED} THEN 'failed'
                ELSE o.state END,
            sent_at = coalesce(o.sent_at, s.sent_at),
            delivered_at = coalesce(o.delivered_at, s.delivered_at),
            read_at = coalesce(o.read_at, s.read_at),
            failed_at = CASE
                WHEN s.rank > {RANK} THEN NULL
                WHEN {FAILED} THEN coalesce(o.failed_at, s.failed_at)
                ELSE o.failed_at END,
            error_code = CASE
                WHEN s.rank > {RANK} THEN NULL
                WHEN {FAILED} THEN s.error_code
                ELSE o.error_code END,
            error_details = CASE
                WHEN s.rank > {RANK} THEN NULL
                WHEN {FAILED} THEN s.error_details
                ELSE o.error_details END,
            billable = coalesce(s.billable, o.billable),
            category = coalesce(s.category, o.category)
        FROM summed s
        WHERE o.id = s.answer_id
        RETURNING o.id, o.conversation_id, o.state, o.error_code, s.failed_at
    ), gone AS (
        DELETE FROM status_event WHERE id IN (
            SELECT id FROM picked
            WHERE answer_id IS NOT NULL
                OR outbox_id IS NOT NULL
                OR received_at < clock_timestamp() - interval '{UNMATCHED_STATUS_TTL}'
        )
    )
    SELECT m.id, m.state, m.error_code, m.failed_at IS NOT NULL AS failed,
        c.correlation_id, NULL AS last
    FROM moved m
    JOIN conversation c ON c.id = m.conversation_id
    UNION ALL
    SELECT NULL, NULL, NULL, NULL, NULL, max(id) FROM picked
    """  # noqa: S608 - constants of this module are the only things set in
)


@dataclass(frozen=True)
class StatusBatch:
    """A batch that was looked at: the id of its last status, and the answers that failed since the
    24 h window was closed.
    """

    last_id: int
    window_closed: tuple[UUID, ...]


def apply_status_batch(after: int = 0) -> StatusBatch | None:
    """Apply a batch of stored statuses with ids above `after`; None when none is left, or another
    process is at it.
    """
    if not db.session.scalar(
        text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": STATUS_LOCK}
    ):
        return None
    *moved, total = db.session.execute(APPLY, {"batch": BATCH, "after": after}).all()
    for answer in moved:
        tell = log.warning if answer.failed else log.info
        fields = {
            "outbox_id": str(answer.id),
            "state": answer.state,
            "correlation_id": answer.correlation_id,
        }
        if answer.failed:
            fields["error_code"] = answer.error_code
        tell("status_applied", **fields)
    if total.last is None:
        return None
    too_late = tuple(
        answer.id
        for answer in moved
        if answer.failed and answer.state == "failed" and answer.error_code == WINDOW_CLOSED
    )
    return StatusBatch(total.last, too_late)
