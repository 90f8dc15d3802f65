"""The record of what people did: who, what, to which subject, when."""

from typing import Any

from gatte.extensions import db
from gatte.models import AuditEntry


def record(
    user_id: int | None, action: str, subject: str, details: dict[str, Any] | None = None
) -> AuditEntry:
    """Note an action on a subject such as `ticket:<id>`; details hold ids and states, never
    personal data.
    """
    entry = AuditEntry(user_id=user_id, action=action, subject=subject, details=details or {})
    db.session.add(entry)
    return entry
