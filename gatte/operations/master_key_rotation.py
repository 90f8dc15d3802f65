"""Another master key beside the running system: data keys are wrapped again, a few at a time.

The new key stands first in GATTE_ENCRYPTION_KEYS of every process, the old one behind it. A
rotation that was killed goes on where it was: each batch is a transaction, and what is left to do
is what another key still wraps.
"""

import time
from collections.abc import Callable

import structlog
from sqlalchemy import func, select
from sqlalchemy.engine import Engine

from gatte import services
from gatte.extensions import db
from gatte.privacy import crypto
from gatte.store import data_keys
from gatte.store.data_keys import ROTATION_LOCK

log = structlog.get_logger(__name__)

BATCH = 200
PAUSE_SECONDS = 0.1
LEFT_TO_OTHERS = 50
"""How often nothing but rows that others hold may be found before a rotation gives up for now."""


class RotationRunning(Exception):
    """Another process rotates at this moment."""


class KeyMissing(Exception):
    """A data key was wrapped by a master key that is not in GATTE_ENCRYPTION_KEYS."""


class KeyStillNeeded(Exception):
    """Data keys are left that the master key wraps, or it is the one that encrypts."""


def rotate(beside: Engine, report: Callable[[int], None], pause: float = PAUSE_SECONDS) -> int:
    """Wrap every data key under the first master key; how many were wrapped again.

    Commits each batch, then tells `report` how many are left, and rests for `pause` seconds.
    `beside` gives a connection that holds the lock meanwhile. RotationRunning when another rotation
    runs, KeyMissing when a key of the ring is missing; what was done until then stays.
    """
    with beside.connect() as guard:
        if not guard.scalar(select(func.pg_try_advisory_lock(ROTATION_LOCK))):
            raise RotationRunning("another rotation is running")
        guard.commit()  # the lock is the connection's: no transaction stays open for it
        return _rotate_all(services.keyring().master, report, pause)


def _rotate_all(keys: crypto.MasterKeys, report: Callable[[int], None], pause: float) -> int:
    rotation = data_keys.begin_rotation(keys.first_id)
    db.session.commit()
    total = patience = 0
    while left := data_keys.count_others(keys.first_id):
        report(left)
        try:
            done = data_keys.wrap_again(rotation, keys, BATCH)
        except crypto.UnknownMasterKey as missing:
            db.session.rollback()
            raise KeyMissing(str(missing)) from None
        except crypto.DecryptionFailed:
            db.session.rollback()
            raise KeyMissing("a master key of this id opens not what it wrapped") from None
        db.session.commit()
        total += done
        patience = 0 if done else patience + 1
        if patience > LEFT_TO_OTHERS:
            return total
        time.sleep(pause)
    data_keys.finish_rotation(rotation)
    db.session.commit()
    log.info("master_key_rotated", master_key_id=keys.first_id, wrapped_again=total)
    return total


def require_retirable(master_key_id: str) -> None:
    """KeyStillNeeded, with the reason, unless a master key may be taken out of the settings."""
    ring = services.keyring().master
    if master_key_id == ring.first_id:
        raise KeyStillNeeded(f"{master_key_id} is the first key, which encrypts")
    use = {one.master_key_id: one for one in data_keys.list_use(ring.ids)}
    if master_key_id not in use:
        raise KeyStillNeeded(f"no master key has the id {master_key_id}: see flask keys status")
    if wrapped := use[master_key_id].data_keys:
        raise KeyStillNeeded(
            f"{wrapped} data keys are wrapped by {master_key_id}: run flask keys rotate first"
        )
