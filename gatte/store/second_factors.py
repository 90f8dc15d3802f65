"""The tables `second_factor` and `recovery_code`: the second step of a login to the panel."""

from collections.abc import Sequence

from sqlalchemy import delete, func, or_, select, update

from gatte.extensions import db
from gatte.models import DataKey, RecoveryCode, SecondFactor, keyring


def find(user_id: int) -> SecondFactor | None:
    """The user's second factor, confirmed or not."""
    return db.session.scalar(select(SecondFactor).where(SecondFactor.user_id == user_id))


def find_confirmed(user_id: int) -> SecondFactor | None:
    """The second factor that a login of this user needs; None when the password is enough."""
    found = find(user_id)
    return None if found is None or found.confirmed_at is None else found


def add(user_id: int, secret: str) -> SecondFactor:
    """Store a secret that is yet to be confirmed, with a data key of its own; a former one is
    gone.
    """
    remove(user_id)
    key = keyring().new_contact_key()
    db.session.add(key)
    db.session.flush()  # the second factor refers to it
    factor = SecondFactor(data_key_id=key.id, user_id=user_id, secret=secret)
    db.session.add(factor)
    db.session.flush()
    return factor


def confirm(factor: SecondFactor) -> None:
    """From now on logins need it."""
    factor.confirmed_at = func.clock_timestamp()


def take_step(factor: SecondFactor, step: int) -> bool:
    """Note that the code of this 30-second step is used; False when it, or a later one, was."""
    unused = or_(SecondFactor.last_step.is_(None), SecondFactor.last_step < step)
    change = update(SecondFactor).where(SecondFactor.id == factor.id, unused)
    taken = change.values(last_step=step).returning(SecondFactor.id)
    return db.session.scalar(taken) is not None


def replace_recovery_codes(user_id: int, hashes: Sequence[bytes]) -> None:
    """Give a user these codes; former ones are gone."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    db.session.add_all(RecoveryCode(user_id=user_id, code_hash=one) for one in hashes)


def take_recovery_code(user_id: int, code_hash: bytes) -> bool:
    """Use a code up; False when there is none like it or it was used."""
    change = update(RecoveryCode).where(
        RecoveryCode.user_id == user_id,
        RecoveryCode.code_hash == code_hash,
        RecoveryCode.used_at.is_(None),
    )
    taken = change.values(used_at=func.clock_timestamp()).returning(RecoveryCode.id)
    return db.session.scalar(taken) is not None


def count_recovery_codes(user_id: int) -> int:
    """How many codes the user has left."""
    unused = select(func.count()).where(
        RecoveryCode.user_id == user_id, RecoveryCode.used_at.is_(None)
    )
    return db.session.scalar(unused) or 0


def list_protected_users() -> set[int]:
    """The ids of all users whose login needs a second step."""
    query = select(SecondFactor.user_id).where(SecondFactor.confirmed_at.is_not(None))
    return set(db.session.scalars(query))


def remove(user_id: int) -> bool:
    """Take secret, key and codes away; False when there were none."""
    db.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user_id))
    gone = delete(SecondFactor).where(SecondFactor.user_id == user_id)
    key_id = db.session.scalar(gone.returning(SecondFactor.data_key_id))
    if key_id is None:
        return False
    db.session.execute(delete(DataKey).where(DataKey.id == key_id))
    keyring().evict(key_id)
    return True
