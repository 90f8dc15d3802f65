"""Statuses of our answers: applied in batches, only ever forward, whatever order Meta sends them in."""

import structlog
from sqlalchemy import text

from gatte.extensions import db

log = structlog.get_logger(__name__)

BATCH = 2_000
SETTLING_LOCK = 7_001  # one process applies statuses at a time
STRANGERS_KEPT = "10 minutes"

# A status is matched by the outbox id that we gave Meta, or by the wamid; one that matches nothing yet may be early (our own
# send has not returned) and is tried again until it is too old. `rank` is how far an answer has come; it never falls.
APPLY = text(
    f"""
    WITH picked AS (
        SELECT s.id, s.status, s.at, s.received_at, s.error_code, s.error_details, s.billable, s.category, o.id AS answer_id
        FROM status_event s
        LEFT JOIN LATERAL (
            SELECT id FROM outbox WHERE id = s.outbox_id
            UNION ALL
            SELECT id FROM outbox WHERE s.outbox_id IS NULL AND wamid_hash = s.wamid_hash
            LIMIT 1
        ) o ON true
        ORDER BY s.id LIMIT :batch
    ), summed AS (
        SELECT answer_id,
            min(at) FILTER (WHERE status = 'sent') AS sent_at,
            min(at) FILTER (WHERE status = 'delivered') AS delivered_at,
            min(at) FILTER (WHERE status IN ('read', 'played')) AS read_at,
            min(at) FILTER (WHERE status = 'failed') AS failed_at,
            max(error_code) FILTER (WHERE status = 'failed') AS error_code,
            max(error_details) FILTER (WHERE status = 'failed') AS error_details,
            bool_or(billable) AS billable,
            max(category) AS category,
            max(CASE status WHEN 'sent' THEN 5 WHEN 'delivered' THEN 6 WHEN 'read' THEN 7 WHEN 'played' THEN 7 ELSE 0 END) AS rank
        FROM picked WHERE answer_id IS NOT NULL GROUP BY answer_id
    ), moved AS (
        UPDATE outbox o SET
            state = CASE
                WHEN s.rank > r.rank THEN CASE s.rank WHEN 5 THEN 'sent' WHEN 6 THEN 'delivered' ELSE 'read' END
                WHEN s.failed_at IS NOT NULL AND r.rank < 6 AND s.rank < 6 THEN 'failed'
                ELSE o.state END,
            sent_at = coalesce(o.sent_at, s.sent_at),
            delivered_at = coalesce(o.delivered_at, s.delivered_at),
            read_at = coalesce(o.read_at, s.read_at),
            failed_at = coalesce(o.failed_at, s.failed_at),
            error_code = CASE WHEN s.failed_at IS NULL THEN o.error_code ELSE s.error_code END,
            error_details = CASE WHEN s.failed_at IS NULL THEN o.error_details ELSE s.error_details END,
            billable = coalesce(s.billable, o.billable),
            category = coalesce(s.category, o.category)
        FROM summed s
        JOIN LATERAL (SELECT CASE state WHEN 'read' THEN 7 WHEN 'delivered' THEN 6 WHEN 'sent' THEN 5 WHEN 'failed' THEN 5
                      ELSE 4 END AS rank FROM outbox WHERE id = s.answer_id) r ON true
        WHERE o.id = s.answer_id
        RETURNING o.id, o.conversation_id, o.state, o.error_code, s.failed_at
    ), gone AS (
        DELETE FROM status_event WHERE id IN (
            SELECT id FROM picked
            WHERE answer_id IS NOT NULL OR received_at < clock_timestamp() - interval '{STRANGERS_KEPT}'
        ) RETURNING id
    )
    SELECT m.id, m.state, m.error_code, m.failed_at IS NOT NULL AS failed, c.correlation_id, (SELECT count(*) FROM gone) AS gone
    FROM moved m JOIN conversation c ON c.id = m.conversation_id
    UNION ALL SELECT NULL, NULL, NULL, NULL, NULL, count(*) FROM gone
    """  # noqa: S608 - a constant of this module is the only thing set in
)


def apply_some() -> int:
    """Apply up to a batch of stored statuses; how many were taken away (0 when none is left, or another process is at it)."""
    if not db.session.scalar(text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": SETTLING_LOCK}):
        return 0
    *moved, total = db.session.execute(APPLY, {"batch": BATCH}).all()
    for answer in moved:
        tell = log.warning if answer.failed else log.info
        told = {"outbox_id": str(answer.id), "state": answer.state, "correlation_id": answer.correlation_id}
        tell("status_applied", **told, **({"error_code": answer.error_code} if answer.failed else {}))
    return int(total.gone)
