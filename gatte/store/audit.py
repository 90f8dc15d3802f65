"""The table `audit_entry`: what people did to which subject, and when; and what that tells of the
pace of the desk.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload

from gatte.extensions import db
from gatte.infra.database.statement_batch import Row, fetch_rows
from gatte.models import AuditEntry
from gatte.store import audit_chain
from gatte.store.conversations import WITH_HUMAN

READING = "viewed"
READING_SPAN = timedelta(hours=1)
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
_token_id: ContextVar[UUID | None] = ContextVar("token_id", default=None)


@contextmanager
def by_token(token_id: UUID) -> Iterator[None]:
    """Whatever is recorded meanwhile was done by a program with this token of the API: each entry
    names it in its details, beside the user in whose name the program acts.
    """
    before = _token_id.set(token_id)
    try:
        yield
    finally:
        _token_id.reset(before)


def record(
    user_id: int | None, action: str, subject: str, details: dict[str, Any] | None = None
) -> AuditEntry:
    """Note an action on a subject such as `ticket:<id>`; details hold ids and states, never
    personal data. Without `user_id` it was an operator or a scheduled job. The entry is stored as
    the next of the chain when the session commits.
    """
    told = details or {}
    token_id = _token_id.get()
    if token_id is not None:
        told = {**told, "token": str(token_id)}
    entry = AuditEntry(user_id=user_id, action=action, subject=subject, details=told)
    audit_chain.chain_at_commit(entry)
    return entry


def record_of_bot(action: str, subject: str, details: dict[str, Any]) -> None:
    """Note what the bot did to a subject in a turn, outside the chain; the action is one of
    `audit_chain.BOT_ACTIONS`.
    """
    db.session.add(AuditEntry(user_id=None, action=action, subject=subject, details=details))


def record_reading(user_id: int, subject: str) -> bool:
    """Note that a user looked at a person's data, once an hour for a user and subject; whether
    there is something to commit.
    """
    hour = func.clock_timestamp() - READING_SPAN
    seen = select(AuditEntry.id).where(
        AuditEntry.subject == subject,
        AuditEntry.user_id == user_id,
        AuditEntry.action == READING,
        AuditEntry.created_at > hour,
    )
    if db.session.scalar(select(seen.exists())):
        return False
    record(user_id, READING, subject)
    return True


def list_of_subjects(subjects: Sequence[str], limit: int) -> list[AuditEntry]:
    """What people did to these subjects but look at them, the latest first; what programs only read
    is left out.
    """
    query = (
        select(AuditEntry)
        .where(AuditEntry.subject.in_(subjects), AuditEntry.action.not_in((API_READ, READING)))
        .options(joinedload(AuditEntry.user))
    )
    return list(db.session.scalars(query.order_by(AuditEntry.id.desc()).limit(limit)))


def measure_handling_times() -> Row:
    """`minutes`: the median of the recent handling times, None without any; `handled`: how many
    they are; `agents`: how many people of the desk are at work.
    """
    return fetch_rows(HANDLING_TIME_SQL)[0]
