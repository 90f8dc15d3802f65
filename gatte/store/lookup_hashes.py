"""Every table that holds look-up hashes, for the rotation of their key: rows by their ids, locked,
and other rows that hold the same hash.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeVar
from uuid import UUID

from sqlalchemy import delete, func, select, text, update

from gatte.extensions import db
from gatte.models import (
    Certificate,
    ContactIdentity,
    DataKey,
    IdentityCheck,
    InboxMessage,
    KeyPurpose,
)
from gatte.models.sealing import HasEncryptedColumns

Sealed = TypeVar("Sealed", bound=HasEncryptedColumns)
NO_ID = UUID(int=0)
RUNNING_SQL = text("""
    SELECT DISTINCT application_name FROM pg_stat_activity
    WHERE datname = current_database()
        AND application_name IN ('gatte-worker', 'gatte-scheduler')
    ORDER BY application_name
""")
MOVE_WAMID_SQL = """
    UPDATE {table} t SET wamid_hash = moved.following
    FROM unnest(CAST(:formers AS bytea[]), CAST(:followings AS bytea[]))
        AS moved (former, following)
    WHERE t.wamid_hash = moved.former
"""
MOVE_SENDER_SQL = """
    UPDATE inbox_message t SET sender_hash = moved.following
    FROM unnest(CAST(:formers AS bytea[]), CAST(:followings AS bytea[]))
        AS moved (former, following)
    WHERE t.sender_hash = moved.former
"""
# A message that nobody knows any more (erased, or deleted before it came) keeps a hash alone.
COUNT_BARE_SQL = text("""
    SELECT count(*) FROM inbox_message i
    WHERE payload IS NULL
        AND NOT EXISTS (SELECT FROM message m WHERE m.wamid_hash = i.wamid_hash)
""")


class HashMove(NamedTuple):
    """A hash under the key before, and under the one that follows."""

    former: bytes
    following: bytes


def list_running() -> list[str]:
    """The kinds of processes that work on messages and are connected now."""
    return list(db.session.scalars(RUNNING_SQL))


def find_key(purpose: KeyPurpose) -> DataKey | None:
    """The look-up key of this purpose."""
    return db.session.scalar(select(DataKey).where(DataKey.purpose == purpose))


def lock_batch(model: type[Sealed], after: UUID, limit: int) -> Sequence[Sealed]:
    """Rows of a table with sealed values, by id, locked."""
    query = select(model).where(model.id > after, model.data_key_id.is_not(None))
    return db.session.scalars(query.order_by(model.id).limit(limit).with_for_update()).all()


def list_identities(contact_ids: Iterable[UUID]) -> Sequence[ContactIdentity]:
    """The hashes by which these contacts are found."""
    query = select(ContactIdentity).where(ContactIdentity.contact_id.in_(list(contact_ids)))
    return db.session.scalars(query.order_by(ContactIdentity.id)).all()


def map_documents(contact_ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    """The documents of the certificates of these contacts."""
    query = select(Certificate).where(Certificate.contact_id.in_(list(contact_ids)))
    found: dict[UUID, set[str]] = {}
    for row in db.session.scalars(query.order_by(Certificate.id)):
        if row.document:
            found.setdefault(row.contact_id, set()).add(row.document)
    return found


def lock_inbox(after: int, limit: int) -> Sequence[InboxMessage]:
    """Messages of the inbox that still have their payload, by id, locked."""
    query = select(InboxMessage).where(InboxMessage.id > after, InboxMessage.payload.is_not(None))
    in_order = query.order_by(InboxMessage.id).limit(limit)
    return db.session.scalars(in_order.with_for_update()).all()


def move_wamids(table: str, moves: Sequence[HashMove]) -> None:
    """Let rows of `inbox_message` or `status_event` that hold one of these hashes hold the one
    that follows. Payloads are sealed with it: inbox rows that have one have moved before.
    """
    if table not in {"inbox_message", "status_event"}:
        raise ValueError(table)
    _move(MOVE_WAMID_SQL.format(table=table), moves)


def move_senders(moves: Sequence[HashMove]) -> None:
    """Let rows of the inbox of these senders name them by the hash that follows."""
    _move(MOVE_SENDER_SQL, moves)


def _move(statement: str, moves: Sequence[HashMove]) -> None:
    if moves:
        values = {
            "formers": [move.former for move in moves],
            "followings": [move.following for move in moves],
        }
        db.session.execute(text(statement), values)


def count_bare_inbox() -> int:
    """How many messages of the inbox are known by a hash alone, whose value nobody has."""
    return int(db.session.scalar(COUNT_BARE_SQL) or 0)


def forget_identities(ids: Sequence[int]) -> None:
    """Let nobody be found by these hashes any more."""
    db.session.execute(delete(ContactIdentity).where(ContactIdentity.id.in_(ids)))


def forget_codes() -> None:
    """Let every code of an identity check be over: its hash cannot be made anew."""
    over = update(IdentityCheck).values(expires_at=func.clock_timestamp())
    db.session.execute(over.execution_options(synchronize_session=False))
