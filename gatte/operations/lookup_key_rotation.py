"""Another look-up key, in a stop: every hash is made anew from the sealed value beside it.

While this goes on nothing can be looked up: webhooks get 503, and Meta delivers them again. Workers
and the scheduler are stopped before. Each batch is a transaction, and a batch that is done is
known by its hashes: whoever runs this again after a kill goes on where it was. The key before is
destroyed after a second look at every row found nothing to do.
"""

import time
from collections.abc import Callable

import structlog
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from gatte import services
from gatte.extensions import db
from gatte.models import DataKey, KeyPurpose
from gatte.models.columns import new_uuid7
from gatte.operations.lookup_hash_renewal import (
    LookupKey,
    LookupRotation,
    RotationReport,
    UnknownHashes,
    renew_all,
)
from gatte.privacy import crypto
from gatte.store import audit, audit_chain, lookup_hashes
from gatte.store.data_keys import ROTATION_LOCK

log = structlog.get_logger(__name__)

WAIT_SECONDS = crypto.OPENED_KEY_SECONDS + 30
"""After so long no process holds the key before, and what it hashed with it is committed."""


class RotationRefused(Exception):
    """The look-up key is not rotated now; the message says why, and what to do."""


def rotate(
    beside: Engine,
    tell: Callable[[str], None],
    *,
    wait: float = WAIT_SECONDS,
    forget_unknown: bool = False,
) -> RotationReport:
    """Make every look-up hash anew under a fresh key, or go on with that; what was done.

    RotationRefused while workers run, another rotation does, or (without `forget_unknown`) when
    contacts are found by hashes whose value is stored nowhere. `wait` is in seconds.
    """
    with beside.connect() as guard:
        if not guard.scalar(select(func.pg_try_advisory_lock(ROTATION_LOCK))):
            raise RotationRefused("another rotation is running")
        guard.commit()  # the lock is the connection's: no transaction stays open for it
        if running := lookup_hashes.list_running():
            raise RotationRefused(f"{', '.join(running)} still run: stop them first")
        rotation = _begin()
        tell(f"webhooks get 503 from now on; {wait:.0f} s until every process knows it")
        time.sleep(wait)
        try:
            renew_all(rotation, tell, forget_unknown=forget_unknown)
            audit_chain.renew(rotation.former.key, rotation.following.key)
        except UnknownHashes as unknown:
            raise RotationRefused(str(unknown)) from None
        except audit_chain.BrokenChain as broken:
            db.session.rollback()
            raise RotationRefused(f"the audit trail was changed by hand: {broken}") from None
        db.session.commit()
        done = rotation.report
        done.unknown["inbox_message"] = lookup_hashes.count_bare_inbox()
        _verify(rotation, tell)
        _finish(done)
    return done


def _begin() -> LookupRotation:
    """Take the present key out of use and make the next one, unless that was done before."""
    former = lookup_hashes.find_key(KeyPurpose.LOOKUP_FORMER)
    following = lookup_hashes.find_key(KeyPurpose.LOOKUP_NEXT)
    if former is None or following is None:
        former = lookup_hashes.find_key(KeyPurpose.LOOKUP)
        if former is None:
            raise RotationRefused("there is no look-up key yet: nothing was ever stored here")
        following = _new_key()
        former.purpose = KeyPurpose.LOOKUP_FORMER
        db.session.add(following)
        lookup_hashes.forget_codes()
    keys = LookupRotation(LookupKey(_opened(former)), LookupKey(_opened(following)))
    db.session.commit()
    services.keyring().refresh_lookup_key()
    return keys


def _new_key() -> DataKey:
    key_id = new_uuid7()
    wrapped = services.keyring().master.wrap(crypto.new_data_key(), key_id.bytes)
    return DataKey(
        id=key_id,
        purpose=KeyPurpose.LOOKUP_NEXT,
        master_key_id=wrapped.master_key_id,
        wrapped_key=wrapped.sealed,
    )


def _opened(row: DataKey) -> bytes:
    wrapped = crypto.WrappedKey(row.master_key_id, bytes(row.wrapped_key))
    return services.keyring().master.unwrap(wrapped, row.id.bytes)


def _verify(rotation: LookupRotation, tell: Callable[[str], None]) -> None:
    """A second pass, which must find nothing to do; RotationRefused when it does."""
    again = LookupRotation(rotation.former, rotation.following)
    renew_all(again, tell, forget_unknown=False)
    left = {table: count for table, count in again.report.changed.items() if count}
    if left:
        raise RotationRefused(f"hashes came under the key before meanwhile, {left}: run this again")


def _finish(report: RotationReport) -> None:
    former = lookup_hashes.find_key(KeyPurpose.LOOKUP_FORMER)
    following = lookup_hashes.find_key(KeyPurpose.LOOKUP_NEXT)
    if former is None or following is None:
        raise RotationRefused("somebody else ended this rotation")
    db.session.delete(former)
    db.session.flush()  # one key of a purpose at a time
    following.purpose = KeyPurpose.LOOKUP
    db.session.commit()
    services.keyring().refresh_lookup_key()
    audit.record(None, "lookup_key_rotated", "lookup_key")
    db.session.commit()
    log.info("lookup_key_rotated", changed=sum(report.changed.values()))
