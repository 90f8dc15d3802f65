"""The people of the panel: their accounts and passwords."""

from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import func, select

from gatte.extensions import db
from gatte.models import Role, User

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 512  # hashing takes time with length: nobody types more
# Argon2id with 19 MiB, two passes, one lane: the first choice of the OWASP password storage cheat sheet.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class EmailTaken(Exception):
    """Another user has this e-mail."""


class WeakPassword(Exception):
    """The password is shorter than `SHORTEST_PASSWORD` or longer than `LONGEST_PASSWORD`."""


def create_user(email: str, name: str, password: str, role: Role = Role.AGENT) -> User:
    """Add a user; EmailTaken or WeakPassword when that cannot be."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WeakPassword(f"a password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters")
    if find_user(email) is not None:
        raise EmailTaken("another user has this e-mail")
    user = User(email=_tidy(email), name=name.strip(), password_hash=_hasher.hash(password), role=role, active=True)
    db.session.add(user)
    db.session.flush()
    return user


def find_user(email: str) -> User | None:
    """The user with this e-mail in any case, active or not."""
    return db.session.scalar(select(User).where(User.email == _tidy(email)))


def find_active_user(user_id: str) -> User | None:
    """The user of a browser session; None when the account is gone or switched off."""
    known = user_id.isascii() and user_id.isdecimal() and len(user_id) < 10  # longer ones fit no id
    user = db.session.get(User, int(user_id)) if known else None
    return user if user is not None and user.active else None


def list_active_users() -> list[User]:
    """All who can be given work, by name."""
    return list(db.session.scalars(select(User).where(User.active).order_by(func.lower(User.name), User.id)))


def list_assignable(present: User | None) -> list[tuple[int, str]]:
    """Id and name of all who can be given work, and of the one who has it even when switched off: saving a form takes it from nobody."""
    found = [(user.id, user.name) for user in list_active_users()]
    if present is not None and not present.active:
        found.append((present.id, f"{present.name} (conta desativada)"))
    return found


def check_password(email: str, password: str) -> User | None:
    """The active user whom this e-mail and password belong to; None takes as long as a wrong password, whatever was wrong."""
    user = find_user(email) if len(password) <= LONGEST_PASSWORD else None
    fits = _verify(user.password_hash if user else _decoy(), password[:LONGEST_PASSWORD])
    if user is None or not fits or not user.active:
        return None
    if _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = _hasher.hash(password)
    user.last_login_at = func.now()
    return user


def _tidy(email: str) -> str:
    return email.strip().lower()


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _decoy() -> str:
    """A hash to check against when there is no such user, so that both cases take the same time."""
    return _hasher.hash("nobody has this password")
