"""The people of the panel: their accounts and passwords."""

import re
from functools import lru_cache
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from gatte.models import LoginSessionEnd, Role, User
from gatte.store import audit, login_sessions
from gatte.store import users as accounts

MIN_PASSWORD_LENGTH = 10
MAX_PASSWORD_LENGTH = 512  # hashing takes time with length: nobody types more
LONGEST_EMAIL = 200
EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
# Argon2id with 19 MiB, two passes, one lane: the first choice of the OWASP password storage cheat
# sheet.
_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


class EmailTaken(Exception):
    """Another user has this e-mail."""


class WeakPassword(Exception):
    """The password is shorter than `MIN_PASSWORD_LENGTH` or longer than `MAX_PASSWORD_LENGTH`."""


class BadEmail(Exception):
    """Nobody could log in by this e-mail."""


class UnknownUser(Exception):
    """No user has this e-mail."""


class WrongPassword(Exception):
    """The password that was typed is not the user's."""


class SamePassword(Exception):
    """The new password is the one that the user has."""


class LastAdmin(Exception):
    """Nobody would be left who may do everything."""


def create_user(
    email: str,
    name: str,
    password: str,
    role: Role = Role.AGENT,
    *,
    must_change_password: bool = False,
    by: int | None = None,
) -> User:
    """Add a user; BadEmail, EmailTaken or WeakPassword when that cannot be.

    With `must_change_password` the panel asks for another password at the first login. `by` is the
    user who does it; None at the command line.
    """
    if len(email) > LONGEST_EMAIL or not EMAIL.fullmatch(normalize_email(email)):
        raise BadEmail("an e-mail looks like ana@empresa.com.br")
    if find_user(email) is not None:
        raise EmailTaken("another user has this e-mail")
    user = accounts.add_user(normalize_email(email), name.strip(), _hash(password), role)
    user.must_change_password = must_change_password
    audit.record(by, "user_created", _subject(user), {"role": role.value})
    return user


def get_user(email: str) -> User:
    """The user with this e-mail, active or not; UnknownUser when there is none."""
    user = find_user(email)
    if user is None:
        raise UnknownUser("no user has this e-mail")
    return user


def set_password(user: User, password: str, *, must_change: bool = False) -> None:
    """Give a user another password and end their sessions; WeakPassword when it is none. With
    `must_change` the panel asks for another at the next login.
    """
    user.password_hash = _hash(password)
    user.must_change_password = must_change
    login_sessions.end_all(user.id, LoginSessionEnd.PASSWORD_CHANGED)
    audit.record(None, "password_changed", _subject(user))


def change_own_password(user: User, present: str, password: str) -> None:
    """Let a user choose another password, which ends all their sessions; WrongPassword,
    WeakPassword or SamePassword when that cannot be.
    """
    if not has_password(user, present):
        raise WrongPassword("the present password is another one")
    if password == present:
        raise SamePassword("the new password is the present one")
    user.password_hash = _hash(password)
    user.must_change_password = False
    login_sessions.end_all(user.id, LoginSessionEnd.PASSWORD_CHANGED)
    audit.record(user.id, "password_changed", _subject(user))


def change_role(user: User, role: Role, *, force: bool = False, by: int | None = None) -> None:
    """Let a user do more or less and end their sessions; LastAdmin, unless forced, when no admin
    would be left. `by` as in `create_user`.
    """
    if role is not Role.ADMIN and not force:
        _require_another_admin(user)
    user.role = role
    login_sessions.end_all(user.id, LoginSessionEnd.ROLE_CHANGED)
    audit.record(by, "role_changed", _subject(user), {"role": role.value})


def disable(user: User, *, force: bool = False, by: int | None = None) -> None:
    """Switch an account off and end its sessions; LastAdmin as in `change_role`."""
    if not force:
        _require_another_admin(user)
    user.active = False
    login_sessions.end_all(user.id, LoginSessionEnd.USER_DISABLED)
    audit.record(by, "user_disabled", _subject(user))


def enable(user: User, by: int | None = None) -> None:
    """Let a user log in again."""
    user.active = True
    audit.record(by, "user_enabled", _subject(user))


def end_sessions(user: User, by: int) -> int:
    """Log a user out everywhere, as an admin may; from how many browsers."""
    count = login_sessions.end_all(user.id, LoginSessionEnd.ENDED_BY_ADMIN)
    audit.record(by, "sessions_ended", _subject(user), {"sessions": count})
    return count


def end_own_session(user: User, session_id: UUID) -> bool:
    """Log oneself out of one browser; False when it was logged out already."""
    ended = login_sessions.end(user.id, session_id, LoginSessionEnd.ENDED_BY_USER)
    if ended:
        audit.record(user.id, "session_ended", _subject(user))
    return ended


def record_refused_login(account: str) -> None:
    """Note that somebody could not log in. What was typed is not kept: it may be a password."""
    user = find_user(account)
    subject = "user:unknown" if user is None else _subject(user)
    audit.record(None, "login_refused", subject)


def _subject(user: User) -> str:
    return f"user:{user.id}"


def _require_another_admin(user: User) -> None:
    """Locks every admin, so that of two who are switched off at the same moment one stays."""
    if {admin.id for admin in accounts.lock_active_admins()} == {user.id}:
        raise LastAdmin("this is the last active admin; --force does it all the same")


def find_user(email: str) -> User | None:
    """The user with this e-mail in any case, active or not."""
    return accounts.find_by_email(normalize_email(email))


def find_active_user(user_id: str) -> User | None:
    """The user with this id; None when the account is gone or switched off."""
    known = user_id.isascii() and user_id.isdecimal() and len(user_id) < 10  # longer ones fit no id
    user = accounts.find_by_id(int(user_id)) if known else None
    return user if user is not None and user.active else None


def list_assignable(present: User | None) -> list[tuple[int, str]]:
    """Id and name of all who can be given work, and of the one who has it even when switched off:
    saving a form takes it from nobody.
    """
    found = [(user.id, user.name) for user in accounts.list_active_by_name()]
    if present is not None and not present.active:
        found.append((present.id, f"{present.name} (conta desativada)"))
    return found


def check_password(email: str, password: str) -> User | None:
    """The active user whom this e-mail and password belong to; None takes as long as a wrong
    password, whatever was wrong.
    """
    user = find_user(email) if len(password) <= MAX_PASSWORD_LENGTH else None
    decoy = (
        _dummy_hash()
    )  # the first one of a process takes time, which must not tell who is unknown
    fits = _verify(user.password_hash if user else decoy, password[:MAX_PASSWORD_LENGTH])
    if user is None or not fits or not user.active:
        return None
    if _hasher.check_needs_rehash(user.password_hash):
        user.password_hash = _hasher.hash(password)
    accounts.record_login(user)
    return user


def has_password(user: User, password: str) -> bool:
    """Whether this is the user's password."""
    fits = len(password) <= MAX_PASSWORD_LENGTH
    return fits and _verify(user.password_hash, password)


def normalize_email(email: str) -> str:
    """The e-mail as accounts are known by it."""
    return email.strip().lower()


def _hash(password: str) -> str:
    if not MIN_PASSWORD_LENGTH <= len(password) <= MAX_PASSWORD_LENGTH:
        raise WeakPassword(
            f"a password has {MIN_PASSWORD_LENGTH} to {MAX_PASSWORD_LENGTH} characters"
        )
    return _hasher.hash(password)


def _verify(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password)
    except (VerificationError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _dummy_hash() -> str:
    """A hash to check against when there is no such user, so that both cases take the same time."""
    return _hasher.hash("nobody has this password")
