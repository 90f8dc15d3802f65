"""The table `idempotent_request`: what requests with an Idempotency-Key were answered."""

from collections.abc import Collection
from datetime import timedelta
from uuid import UUID

from sqlalchemy import delete, func, select

from gatte.extensions import db
from gatte.models import IdempotentRequest

KEPT = timedelta(hours=24)
DELETED_AT_ONCE = 100


def try_lock(token_id: UUID, key_hash: bytes) -> bool:
    """Whether nobody else works on this key of a token: then nobody else will until the transaction
    ends.
    """
    number = int.from_bytes(key_hash[:8], signed=True) ^ (token_id.int >> 65)
    return bool(db.session.scalar(select(func.pg_try_advisory_xact_lock(number))))


def find_answered(token_id: UUID, key_hashes: Collection[bytes]) -> IdempotentRequest | None:
    """What the request with this key, in any of its hashes, was answered in the last 24 hours."""
    return db.session.scalar(
        select(IdempotentRequest).where(
            IdempotentRequest.token_id == token_id,
            IdempotentRequest.key_hash.in_(key_hashes),
            IdempotentRequest.created_at > func.clock_timestamp() - KEPT,
        )
    )


def add_answered(answered: IdempotentRequest) -> None:
    """Keep what a request was answered, and forget some of what was kept for 24 hours."""
    old = select(IdempotentRequest.id).where(
        IdempotentRequest.created_at <= func.clock_timestamp() - KEPT
    )
    oldest = old.order_by(IdempotentRequest.created_at, IdempotentRequest.id)
    some = oldest.limit(DELETED_AT_ONCE).with_for_update(skip_locked=True)
    same = select(IdempotentRequest.id).where(
        IdempotentRequest.token_id == answered.token_id,
        IdempotentRequest.key_hash == answered.key_hash,
    )
    for ids in (some, same):
        forgotten = delete(IdempotentRequest).where(IdempotentRequest.id.in_(ids))
        db.session.execute(forgotten.execution_options(synchronize_session=False))
    db.session.add(answered)
