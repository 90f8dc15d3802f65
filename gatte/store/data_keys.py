"""The tables `data_key` and `key_rotation`: which master key wraps which data keys, and wrapping
them again under another one.

Wraps are counted by a sequence: each new or rewrapped row takes a number. A wrap uses one random
nonce of 96 bits, of which a key may use 2^32 (NIST SP 800-38D, 8.3).
"""

from dataclasses import dataclass
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import Connection, func, select, text, update
from sqlalchemy import Sequence as SqlSequence

from gatte.extensions import db
from gatte.models import DataKey, KeyRotation
from gatte.privacy import crypto

ROTATION_LOCK = 4_170_018  # of pg_try_advisory_lock, held by the connection that rotates
MOST_NONCES = 2**32
WRAPS = SqlSequence("data_key_wrap_seq")
WRAPS_SQL = text(
    "SELECT CASE WHEN is_called THEN last_value ELSE last_value - 1 END FROM data_key_wrap_seq"
)

SEALED_SAMPLE_SQL = text("""
    SELECT m.id, m.data_key_id, m.body_sealed, k.master_key_id, k.wrapped_key
    FROM message m
    JOIN data_key k ON k.id = m.data_key_id
    WHERE m.body_sealed IS NOT NULL
    ORDER BY random(), m.id
    LIMIT :count
""")


class SealedMessage(NamedTuple):
    """What a message says, sealed, and the key of its contact as a master key wrapped it."""

    id: UUID
    data_key_id: UUID
    body_sealed: bytes
    master_key_id: str
    wrapped_key: bytes


@dataclass(frozen=True)
class MasterKeyUse:
    """How many data keys a master key wraps now, and how many nonces it used, at the least."""

    master_key_id: str
    data_keys: int
    nonces: int


def begin_rotation(master_key_id: str) -> KeyRotation:
    """The rotation to this key that was not finished, or a fresh one."""
    unfinished = select(KeyRotation).where(KeyRotation.finished_at.is_(None))
    latest = db.session.scalar(unfinished.order_by(KeyRotation.id.desc()).limit(1))
    if latest is not None and latest.master_key_id == master_key_id:
        return latest
    if latest is not None:
        latest.finished_at = func.clock_timestamp()
    rotation = KeyRotation(master_key_id=master_key_id, wraps_before=count_wraps())
    db.session.add(rotation)
    db.session.flush()
    return rotation


def wrap_again(rotation: KeyRotation, keys: crypto.MasterKeys, limit: int) -> int:
    """Wrap so many data keys again under the first master key and note the progress; how many there
    were. A row that somebody else holds is left for a later turn.
    """
    query = (
        select(DataKey)
        .where(DataKey.master_key_id != keys.first_id)
        .order_by(DataKey.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    rows = db.session.scalars(query).all()
    for row in rows:
        held = crypto.WrappedKey(row.master_key_id, bytes(row.wrapped_key))
        wrapped = keys.wrap(keys.unwrap(held, row.id.bytes), row.id.bytes)
        row.master_key_id = wrapped.master_key_id
        row.wrapped_key = wrapped.sealed
        row.wrap_number = WRAPS.next_value()
    progress = update(KeyRotation).where(KeyRotation.id == rotation.id)
    db.session.execute(
        progress.values(
            wrapped_again=KeyRotation.wrapped_again + len(rows),
            progressed_at=func.clock_timestamp(),
        ),
        execution_options={"synchronize_session": False},
    )
    return len(rows)


def finish_rotation(rotation: KeyRotation) -> None:
    """Note that no data key is left that another master key wraps."""
    rotation.finished_at = func.clock_timestamp()


def count_others(master_key_id: str) -> int:
    """How many data keys another master key than this wraps."""
    others = select(func.count()).where(DataKey.master_key_id != master_key_id)
    return db.session.scalar(others) or 0


def count_wraps() -> int:
    """How many wraps all master keys made together."""
    return int(db.session.scalar(WRAPS_SQL) or 0)


def list_use(ring: list[str]) -> list[MasterKeyUse]:
    """The use of each master key of the ring, and of those that only the database still names."""
    counted = select(DataKey.master_key_id, func.count().label("rows"))
    grouped = counted.group_by(DataKey.master_key_id).order_by(DataKey.master_key_id)
    rows = {row.master_key_id: row.rows for row in db.session.execute(grouped)}
    nonces = _nonces_by_key(ring[0])
    named = [*ring, *(key for key in rows if key not in ring)]
    return [
        MasterKeyUse(key, rows.get(key, 0), max(nonces.get(key, 0), rows.get(key, 0)))
        for key in named
    ]


def _nonces_by_key(first_id: str) -> dict[str, int]:
    """Wraps by the key that was the first when they were made: each rotation begins the time of its
    key. What was before the first rotation counts for no key of the ring.
    """
    rotations = db.session.scalars(select(KeyRotation).order_by(KeyRotation.id)).all()
    if not rotations:
        return {first_id: count_wraps()}
    ends = [rotation.wraps_before for rotation in rotations[1:]] + [count_wraps()]
    nonces: dict[str, int] = {}
    for rotation, end in zip(rotations, ends, strict=True):
        made = end - rotation.wraps_before
        nonces[rotation.master_key_id] = nonces.get(rotation.master_key_id, 0) + made
    return nonces


def latest_rotation() -> KeyRotation | None:
    """The rotation that began last; None when there was none."""
    return db.session.scalar(select(KeyRotation).order_by(KeyRotation.id.desc()).limit(1))


def list_sealed_sample(connection: Connection, count: int) -> list[SealedMessage]:
    """Some messages of whatever database a connection leads to, each with its wrapped key."""
    found = connection.execute(SEALED_SAMPLE_SQL, {"count": count})
    return [SealedMessage(*row) for row in found]
