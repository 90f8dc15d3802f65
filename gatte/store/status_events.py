"""The table `status_event`: statuses of our replies that wait to be applied; then they are gone."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import select, text

from gatte.extensions import db
from gatte.models import StatusEvent
from gatte.store.outbox import PROGRESS, UNFINISHED

STATUS_LOCK = 7_001  # one process applies statuses at a time
UNMATCHED_STATUS_TTL = "10 minutes"
FAILED = f"(s.failed_at IS NOT NULL AND {PROGRESS} < 6 AND s.rank < 6)"
INSERT_SQL = """
    INSERT INTO status_event
        (phone_number_id, wamid_hash, outbox_id, status, error_code,
        billable, pricing_category, at)
    SELECT * FROM unnest(
        %s::text[], %s::bytea[], %s::uuid[], %s::text[], %s::integer[],
        %s::boolean[], %s::text[], %s::timestamptz[]);
"""
# A status is matched by the outbox id that we gave Meta, or by the wamid; one with a wamid alone
# that matches nothing yet may be early (our own send has not been recorded) and is tried again
# until it is too old. `rank` is how far a reply has come; it never falls. A reply may have been
# sent more than once: that an earlier sending failed says nothing of the one that is noted, or,
# while the next is under way, of that one.
APPLY_SQL = text(
    f"""
    WITH picked AS (
        SELECT s.id, s.status, s.at, s.received_at, s.outbox_id,
            s.error_code, s.billable, s.pricing_category,
            o.id AS answer_id,
            o.wamid_hash IS NULL
                OR (o.wamid_hash = s.wamid_hash) <> (o.{UNFINISHED}) AS of_this_sending
        FROM status_event s
        LEFT JOIN LATERAL (
            SELECT id, wamid_hash, next_attempt_at FROM outbox WHERE id = s.outbox_id
            UNION ALL
            SELECT id, wamid_hash, next_attempt_at FROM outbox
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
            bool_or(billable) AS billable,
            max(pricing_category) AS pricing_category,
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
                WHEN s.rank > {PROGRESS} THEN CASE s.rank
                    WHEN 5 THEN 'sent'
                    WHEN 6 THEN 'delivered'
                    ELSE 'read' END
                WHEN {FAILED} THEN 'failed'
                ELSE o.state END,
            sent_at = coalesce(o.sent_at, s.sent_at),
            delivered_at = coalesce(o.delivered_at, s.delivered_at),
            read_at = coalesce(o.read_at, s.read_at),
            failed_at = CASE
                WHEN s.rank > {PROGRESS} THEN NULL
                WHEN {FAILED} THEN coalesce(o.failed_at, s.failed_at)
                ELSE o.failed_at END,
            error_code = CASE
                WHEN s.rank > {PROGRESS} THEN NULL
                WHEN {FAILED} THEN s.error_code
                ELSE o.error_code END,
            error_details = CASE
                WHEN s.rank > {PROGRESS} OR {FAILED} THEN NULL
                ELSE o.error_details END,
            billable = coalesce(s.billable, o.billable),
            pricing_category = coalesce(s.pricing_category, o.pricing_category)
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
    """  # noqa: S608 - constants of the store are the only things set in
)


class StatusRow(NamedTuple):
    """A status of a message of ours."""

    phone_number_id: str
    wamid_hash: bytes
    outbox_id: UUID | None
    status: str
    error_code: int | None
    billable: bool | None
    category: str | None
    at: datetime


class ReportedReply(NamedTuple):
    """A reply to which statuses were applied: its state since, and whether one of them said that it
    failed.
    """

    id: UUID
    state: str
    error_code: int | None
    has_failed: bool
    correlation_id: str


@dataclass(frozen=True)
class AppliedStatuses:
    """A batch of statuses that were looked at: the id of the last, and the replies they are of."""

    last_id: int
    replies: Sequence[ReportedReply]


def apply_batch(after_id: int, limit: int) -> AppliedStatuses | None:
    """Apply so many statuses with ids above `after_id` to their replies, which only go forward;
    None when there are none, or another process is at it.
    """
    locked = db.session.scalar(
        text("SELECT pg_try_advisory_xact_lock(:lock)"), {"lock": STATUS_LOCK}
    )
    if not locked:
        return None
    *moved, total = db.session.execute(APPLY_SQL, {"batch": limit, "after": after_id}).all()
    if total.last is None:
        return None
    replies = [
        ReportedReply(row.id, row.state, row.error_code, row.failed, row.correlation_id)
        for row in moved
    ]
    return AppliedStatuses(total.last, replies)


def has_unapplied(outbox_id: UUID) -> bool:
    """Whether a status of this reply was stored that nobody has applied yet."""
    stored = select(StatusEvent).filter_by(outbox_id=outbox_id)
    return bool(db.session.scalar(select(stored.exists())))
