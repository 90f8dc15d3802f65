"""Erasing a contact: which rows hang on it, what else may be tied to it, and the table
`applied_erasure`, which says which entries of the erasure ledger this database carried out.

What belongs to a contact is found by the foreign keys that delete with it, so a new table is
covered when it has one.
"""

from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, NamedTuple, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, TextClause, delete, func, or_, select, text, update

from gatte.extensions import Base, db
from gatte.models import (
    AppliedErasure,
    Contact,
    Conversation,
    DataKey,
    IdempotentRequest,
    WebhookEvent,
)
from gatte.store import status_events

ERASED_KIND = "erased"
"""The kind of an inbox row that is kept for its wamid alone."""
STATEMENT_TIMEOUT = "5min"  # looking through an inbox of a week has no index
# Statuses that wait for replies of the contact; their error texts are Meta's words on it.
DELETE_STATUSES_SQL = text("""
    DELETE FROM status_event s
    USING outbox o, conversation c
    WHERE c.contact_id = :contact
        AND o.conversation_id = c.id
        AND (s.outbox_id = o.id OR s.wamid_hash = o.wamid_hash)
""")
# Events for other systems name ids and numbers; those of statuses the conversation alone.
DELETE_DELIVERIES_SQL = text("""
    DELETE FROM webhook_delivery
    WHERE payload ->> 'contact_id' = :contact
        OR payload ->> 'conversation_id' IN (
            SELECT id::text FROM conversation WHERE contact_id = CAST(:contact AS uuid))
""")
BLANK_INBOX_SQL = text(f"""
    UPDATE inbox_message SET
        payload = NULL,
        sender_hash = '',
        kind = '{ERASED_KIND}',
        request_id = NULL,
        retry_at = NULL,
        processed_at = coalesce(processed_at, clock_timestamp())
    WHERE sender_hash = ANY(:hashes) AND received_at <= :until
""")  # noqa: S608 - our own words only
COUNT_INBOX_SQL = text("SELECT count(*) FROM inbox_message WHERE sender_hash = ANY(:hashes)")
SENDERS_SQL = text("""
    SELECT DISTINCT sender_hash FROM inbox_message
    WHERE received_at <= :until AND sender_hash <> ''
""")
SEALED_INBOX_SQL = text("""
    SELECT id, sender_hash, wamid_hash, payload FROM inbox_message
    WHERE payload IS NOT NULL AND id > :after
    ORDER BY id
    LIMIT :limit
""")
EVENTS_SQL = text("""
    SELECT id, payload FROM webhook_event
    WHERE id > :after AND received_at <= :until
    ORDER BY id
    LIMIT :limit
""")


class NoSuchContact(Exception):
    """There is no contact with this id (any more)."""


class SealedRow(NamedTuple):
    """A message of the inbox that still has its payload, sealed."""

    id: int
    sender_hash: bytes
    wamid_hash: bytes
    payload: bytes


def allow_long_statements() -> None:
    """Let the statements of this transaction take minutes."""
    db.session.execute(text(f"SET LOCAL statement_timeout = '{STATEMENT_TIMEOUT}'"))


def get_locked(contact_id: UUID) -> Contact:
    """The contact as it is now, locked until the transaction ends, behind its conversations;
    NoSuchContact when there is none.
    """
    mine = select(Conversation.id).filter_by(contact_id=contact_id).order_by(Conversation.id)
    db.session.scalars(mine.with_for_update()).all()
    found = select(Contact).filter_by(id=contact_id).with_for_update()
    contact: Contact | None = db.session.scalar(found.execution_options(populate_existing=True))
    if contact is None:
        raise NoSuchContact(str(contact_id))
    return contact


def wait_for_statuses() -> None:
    """Let nobody apply statuses until the transaction ends: both touch the rows of many replies."""
    db.session.execute(
        text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": status_events.STATUS_LOCK}
    )


@lru_cache
def tables_of_contact() -> tuple[Table, ...]:
    """The tables whose rows go when their contact goes, in alphabetical order."""
    return tuple(
        table for name, table in sorted(Base.metadata.tables.items()) if _belongs_to_contact(table)
    )


def _belongs_to_contact(table: Table) -> bool:
    if table is Contact.__table__:
        return True
    return any(_belongs_to_contact(key.column.table) for key in _owners(table))


def _owners(table: Table) -> list[Any]:
    """The foreign keys of a table that delete its rows with those they point to."""
    return [
        key
        for key in sorted(table.foreign_keys, key=lambda one: one.parent.name)
        if key.ondelete == "CASCADE" and key.column.table is not table
    ]


def rows_of_contact(table: Table, contact_id: UUID) -> ColumnElement[bool]:
    """The condition for the rows of a table that belong to a contact."""
    if table is Contact.__table__:
        return table.c.id == contact_id
    ways = []
    for key in _owners(table):
        owner = key.column.table
        if _belongs_to_contact(owner):
            owned = select(key.column).where(rows_of_contact(owner, contact_id))
            ways.append(key.parent.in_(owned))
    return or_(*ways)


def count_rows(contact_id: UUID, sender_hashes: Sequence[bytes]) -> dict[str, int]:
    """How many rows of each table belong to a contact; tables of none are left out."""
    counts: dict[str, int] = {}
    for table in tables_of_contact():
        counting = select(func.count()).select_from(table)
        condition = rows_of_contact(table, contact_id)
        counts[table.name] = db.session.scalar(counting.where(condition)) or 0
    in_inbox = db.session.scalar(COUNT_INBOX_SQL, {"hashes": list(sender_hashes)})
    counts["inbox_message"] = in_inbox or 0
    return {name: count for name, count in counts.items() if count}


def list_rows(model: type[Base], contact_id: UUID) -> list[Any]:
    """The rows of a table that belong to a contact, by their ids."""
    table = cast("Table", model.__table__)
    mine = select(model).where(rows_of_contact(table, contact_id))
    return list(db.session.scalars(mine.order_by(*table.primary_key.columns)))


def blank_inbox(sender_hashes: Sequence[bytes], until: datetime) -> int:
    """Keep nothing of what these senders wrote until then but the hashes of Meta's ids, by which a
    message that comes again is known; how many rows that were.
    """
    values = {"hashes": list(sender_hashes), "until": until}
    return int(db.session.execute(BLANK_INBOX_SQL, values).rowcount)  # type: ignore[attr-defined]


def list_senders(until: datetime) -> list[bytes]:
    """The hashes of all senders of whom the inbox has a row that came until then."""
    return [bytes(one) for one in db.session.scalars(SENDERS_SQL, {"until": until})]


def list_sealed_inbox(after_id: int, limit: int) -> list[SealedRow]:
    """So many messages that still have their payload, with ids above `after_id`, in their order."""
    rows = db.session.execute(SEALED_INBOX_SQL, {"after": after_id, "limit": limit})
    return [
        SealedRow(row.id, bytes(row.sender_hash), bytes(row.wamid_hash), bytes(row.payload))
        for row in rows
    ]


def list_sealed_events(after_id: int, until: datetime, limit: int) -> list[tuple[int, bytes]]:
    """Id and sealed payload of so many webhook events that came until then, with ids above
    `after_id`, in their order.
    """
    values = {"after": after_id, "until": until, "limit": limit}
    return [(row.id, bytes(row.payload)) for row in db.session.execute(EVENTS_SQL, values)]


def replace_event(event_id: int, payload: bytes) -> None:
    """Keep another body, sealed, in place of that of a webhook event."""
    changed = update(WebhookEvent).filter_by(id=event_id).values(payload=payload)
    db.session.execute(changed.execution_options(synchronize_session=False))


def delete_event(event_id: int) -> None:
    """Delete a webhook event."""
    gone = delete(WebhookEvent).filter_by(id=event_id)
    db.session.execute(gone.execution_options(synchronize_session=False))


def delete_rows(contact_id: UUID, data_key_id: UUID | None) -> None:
    """Delete a contact with all that hangs on it, what other systems are still to be told of it and
    what they were answered, and destroy its data key.
    """
    values = {"contact": str(contact_id)}
    db.session.execute(_detach_audit_sql(), values)
    db.session.execute(DELETE_STATUSES_SQL, values)
    db.session.execute(DELETE_DELIVERIES_SQL, values)
    db.session.execute(delete(Contact).filter_by(id=contact_id))
    if data_key_id is not None:
        db.session.execute(delete(IdempotentRequest).filter_by(data_key_id=data_key_id))
        db.session.execute(delete(DataKey).filter_by(id=data_key_id))
    db.session.expire_all()


@lru_cache
def _detach_audit_sql() -> TextClause:
    """The actions of people stay, on subjects of which nobody knows any more what they were. A
    subject is a table and an id: the contact, and every row that names it.
    """
    gone = ["SELECT 'contact:' || :contact AS subject"] + [
        f"SELECT '{table.name}:' || id FROM {table.name} WHERE contact_id = :contact"  # noqa: S608
        for table in tables_of_contact()
        if {"id", "contact_id"} <= set(table.columns.keys())
    ]
    return text(f"""
        WITH gone AS ({" UNION ALL ".join(gone)}),
        renamed AS (SELECT subject, 'erased:' || gen_random_uuid() AS name FROM gone)
        UPDATE audit_entry a SET subject = r.name, details = '{{}}'
        FROM renamed r
        WHERE a.subject = r.subject
    """)  # noqa: S608 - names of our own tables only


def record_applied(ledger_id: UUID, sequence: int, digest: bytes) -> None:
    """Note that this database carried out an entry of the ledger."""
    db.session.add(AppliedErasure(ledger_id=ledger_id, sequence=sequence, digest=digest))
    db.session.flush()


def list_applied() -> list[AppliedErasure]:
    """The entries of the ledger that this database carried out, in their order."""
    return list(db.session.scalars(select(AppliedErasure).order_by(AppliedErasure.sequence)))
