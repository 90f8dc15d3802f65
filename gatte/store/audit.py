"""The table `audit_entry`: what people did to which subject, and when; and what that tells of the
pace of the desk.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from gatte.extensions import db
from gatte.infra.database.statement_batch import Row, fetch_rows
from gatte.models import AuditEntry
from gatte.store.conversations import WITH_HUMAN

# A conversation is handled from its take to its hand-back. At work is who took, handed back or
# logged in within half an hour, or has a conversation in which something was said since.
HANDLING_TIME_SQL = f"""
    WITH ended AS (
        SELECT id, subject, created_at
        FROM audit_entry
        WHERE action = 'handed_back' AND created_at > clock_timestamp() - interval '4 hours'
        ORDER BY id DESC
        LIMIT 50
    ), handled AS (
        SELECT extract(epoch FROM ended.created_at - taken.created_at) / 60 AS minutes
        FROM ended
        JOIN LATERAL (
            SELECT created_at
            FROM audit_entry a
            WHERE a.subject = ended.subject AND a.action = 'agent_took' AND a.id < ended.id
            ORDER BY a.id DESC
            LIMIT 1
        ) taken ON true
    ), at_work AS (
        SELECT user_id AS id
        FROM audit_entry
        WHERE action IN ('agent_took', 'handed_back')
            AND created_at > clock_timestamp() - interval '30 minutes'
        UNION
        SELECT id
        FROM "user"
        WHERE active AND last_login_at > clock_timestamp() - interval '30 minutes'
        UNION
        SELECT assignee_id
        FROM conversation
        WHERE {WITH_HUMAN} AND last_activity_at > clock_timestamp() - interval '30 minutes'
    )
    SELECT (SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY minutes) FROM handled) AS minutes,
        (SELECT count(*) FROM handled) AS handled,
        (SELECT count(id) FROM at_work) AS agents
"""  # noqa: S608 - our own words only


API_READ = "api.read"
"""The action of a program that reads a subject's personal data."""


def record(
    user_id: int | None, action: str, subject: str, details: dict[str, Any] | None = None
) -> AuditEntry:
    """Note an action on a subject such as `ticket:<id>`; details hold ids and states, never
    personal data. Without `user_id` it was the system.
    """
    entry = AuditEntry(user_id=user_id, action=action, subject=subject, details=details or {})
    db.session.add(entry)
    return entry


def list_of_subjects(subjects: Sequence[str], limit: int) -> list[AuditEntry]:
    """What people did to these subjects, the latest first; what programs only read is left out."""
    query = (
        select(AuditEntry)
        .where(AuditEntry.subject.in_(subjects), AuditEntry.action != API_READ)
        .options(joinedload(AuditEntry.user))
    )
    return list(db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)))


def measure_handling_times() -> Row:
    """`minutes`: the median of the recent handling times, None without any; `handled`: how many
    they are; `agents`: how many people of the desk are at work.
    """
    return fetch_rows(HANDLING_TIME_SQL)[0]
