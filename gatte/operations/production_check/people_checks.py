"""Checks of the accounts of the panel (16.1)."""

import time

from gatte import services
from gatte.desk import users
from gatte.models import Role, User
from gatte.operations.production_check.findings import Finding, failure
from gatte.store import users as accounts

DEMO_EMAIL = "admin@gatte.local"
"""The user that `make run` makes."""
KNOWN_PASSWORDS = (
    "1234567890",
    "0123456789",
    "qwertyuiop",
    "password123",
    "senha12345",
    "senha123456",
    "admin12345",
    "administrador",
    "mudar12345",
    "trocar12345",
    "gatte12345",
    "bemvindo123",
)
"""Passwords that are long enough for the panel and that whoever attacks it tries first."""
MOST_USERS = 200
YIELD_SECONDS = 0.001

_judged: dict[str, bool] = {}
"""Whether a hash is that of a known password: each takes a third of a second to find out."""


def check_admins() -> list[Finding]:
    """Somebody may do everything, and it is not the user of the demonstration."""
    active = accounts.list_active_by_name()
    found = []
    if not any(user.role is Role.ADMIN for user in active):
        found.append(failure("no_admin"))
    if services.settings().production and any(user.email == DEMO_EMAIL for user in active):
        found.append(failure("demo_user", email=DEMO_EMAIL))
    return found


def check_passwords() -> list[Finding]:
    """Nobody has a password that is tried first."""
    active = accounts.list_active_by_name()
    guessable = [user for user in active[:MOST_USERS] if _judge(user)]
    return [failure("known", email=user.email) for user in guessable]


def _judge(user: User) -> bool:
    if user.password_hash not in _judged:
        _judged[user.password_hash] = any(_fits(user, one) for one in _candidates(user))
    return _judged[user.password_hash]


def _candidates(user: User) -> list[str]:
    company = services.settings().gatte_company_name
    return [*KNOWN_PASSWORDS, user.email, company, company.lower().replace(" ", "")]


def _fits(user: User, password: str) -> bool:
    time.sleep(YIELD_SECONDS)  # hashing stops all greenlets of a web process: let others go on
    return users.has_password(user, password)
