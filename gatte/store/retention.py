"""What is older than its time: which rows of which table, and how they go, some at a time.

Rows of a contact under a legal hold stay. A row that somebody works on is skipped, and met again by
the next run.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import text

from gatte.extensions import db
from gatte.models import Contact, FailureCause
from gatte.models.columns import sql_list
from gatte.store import erasures
from gatte.store.tickets import SETTLED_STATES

NOT_HELD = "NOT EXISTS (SELECT FROM contact h WHERE h.id = {owner} AND h.held_at IS NOT NULL)"

OWNER_OF_TURN = "(SELECT contact_id FROM conversation c WHERE c.id = t.conversation_id)"


@dataclass(frozen=True)
class ExpiredRows:
    """The rows of a table that are older than `:before`; `emptied` names the columns that are
    emptied where the row itself stays.
    """

    table: str
    condition: str
    emptied: tuple[str, ...] = ()

    @property
    def chosen_sql(self) -> str:
        """The ids of some of the rows, locked."""
        return f"""
            SELECT t.id FROM {self.table} t
            WHERE {self.condition}
            ORDER BY t.id
            LIMIT :limit
            FOR UPDATE OF t SKIP LOCKED
        """  # noqa: S608 - our own words only

    @property
    def removal_sql(self) -> str:
        """The statement that lets some of the rows, or what they hold, be gone."""
        if not self.emptied:
            return f"DELETE FROM {self.table} WHERE id IN ({self.chosen_sql})"  # noqa: S608
        emptied = ", ".join(f"{column} = NULL" for column in self.emptied)
        return f"UPDATE {self.table} SET {emptied} WHERE id IN ({self.chosen_sql})"  # noqa: S608


EXPIRED: dict[str, ExpiredRows] = {
    "conversation": ExpiredRows(
        "conversation",
        "coalesce(t.closed_at, t.last_activity_at) < :before AND "
        + NOT_HELD.format(owner="t.contact_id"),
    ),
    "turn_trace": ExpiredRows(
        "turn",
        "t.trace_sealed IS NOT NULL AND t.created_at < :before AND "
        + NOT_HELD.format(owner=OWNER_OF_TURN),
        emptied=("trace_sealed",),
    ),
    "contact_memory": ExpiredRows(
        "contact_memory",
        "t.expires_at < :before AND " + NOT_HELD.format(owner="t.contact_id"),
    ),
    "ticket": ExpiredRows(
        "ticket",
        f"t.state IN {sql_list(SETTLED_STATES)} AND t.updated_at < :before AND "
        + NOT_HELD.format(owner="t.contact_id"),
    ),
    "lead": ExpiredRows(
        "lead", "t.updated_at < :before AND " + NOT_HELD.format(owner="t.contact_id")
    ),
    "appointment": ExpiredRows(
        "appointment", "t.ends_at < :before AND " + NOT_HELD.format(owner="t.contact_id")
    ),
    "certificate": ExpiredRows(
        "certificate",
        "t.valid_until < (:before)::date AND " + NOT_HELD.format(owner="t.contact_id"),
    ),
    "media_file": ExpiredRows(
        "media_file", "t.created_at < :before AND " + NOT_HELD.format(owner="t.contact_id")
    ),
    "identity_check": ExpiredRows("identity_check", "t.created_at < :before"),
    "reply_words": ExpiredRows(
        "outbox",
        f"t.error_details NOT IN {sql_list(FailureCause)}",
        emptied=("error_details",),
    ),
    "llm_call": ExpiredRows("llm_call", "t.created_at < :before"),
    "audit_entry": ExpiredRows("audit_entry", "t.created_at < :before"),
    "inbox_message": ExpiredRows("inbox_message", "t.payload IS NULL AND t.processed_at < :before"),
    "dead_letter": ExpiredRows(
        "inbox_message", "t.payload IS NOT NULL AND t.processed_at < :before"
    ),
    "webhook_event": ExpiredRows("webhook_event", "t.received_at < :before"),
    "webhook_delivery": ExpiredRows("webhook_delivery", "t.created_at < :before"),
    "idempotent_request": ExpiredRows("idempotent_request", "t.created_at < :before"),
}
CONTACT = "contact"
WITHOUT_HOLD = ("contact_identity", "consent")
"""Tables whose rows alone keep no contact."""


def _idle_contact_condition() -> str:
    """Contacts on which nothing hangs any more but their own hashes."""
    hanging = [
        f"NOT EXISTS (SELECT FROM {key.parent.table.name} o"  # nosec B608 - our own words only
        f" WHERE o.{key.parent.name} = t.id)"
        for table in erasures.tables_of_contact()
        for key in sorted(table.foreign_keys, key=lambda one: one.parent.name)
        if key.column.table is Contact.__table__ and table.name not in WITHOUT_HOLD
    ]
    return " AND ".join(["t.created_at < :before", "t.held_at IS NULL", *hanging])


def _expired(name: str) -> ExpiredRows:
    if name == CONTACT:
        return ExpiredRows("contact", _idle_contact_condition())
    return EXPIRED[name]


def remove(name: str, before: datetime, limit: int) -> int:
    """Let so many of the expired rows be gone; how many were."""
    erasures.allow_long_statements()
    values: Mapping[str, Any] = {"before": before, "limit": limit}
    if name == CONTACT:
        return _remove_contacts(values)
    return _changed(_expired(name).removal_sql, values)


def _remove_contacts(values: Mapping[str, Any]) -> int:
    """Delete contacts and destroy their data keys."""
    chosen = _expired(CONTACT).chosen_sql
    removal = f"""
        WITH gone AS (
            DELETE FROM contact WHERE id IN ({chosen}) RETURNING data_key_id
        )
        DELETE FROM data_key WHERE id IN (SELECT data_key_id FROM gone)
    """  # noqa: S608 - our own words only
    return _changed(removal, values)


def _changed(statement: str, values: Mapping[str, Any]) -> int:
    return int(db.session.execute(text(statement), values).rowcount)  # type: ignore[attr-defined]


def count_expired(name: str, before: datetime) -> int:
    """How many rows are there that should be gone."""
    erasures.allow_long_statements()
    rows = _expired(name)
    counting = f"SELECT count(*) FROM {rows.table} t WHERE {rows.condition}"  # noqa: S608
    return db.session.scalar(text(counting), {"before": before}) or 0
