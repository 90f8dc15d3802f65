"""The table `user`: the people of the panel. Passwords and rights are in `desk/users.py`."""

from collections.abc import Sequence

from sqlalchemy import func, select

from gatte.extensions import db
from gatte.models import Role, User


def add_user(email: str, name: str, password_hash: str, role: Role) -> User:
    """Store a user, whose id is known from then on."""
    user = User(email=email, name=name, password_hash=password_hash, role=role)
    db.session.add(user)
    db.session.flush()
    return user


def find_by_id(user_id: int) -> User | None:
    """The user with this id, active or not."""
    return db.session.get(User, user_id)


def find_by_email(email: str) -> User | None:
    """The user with this e-mail (in small letters), active or not."""
    return db.session.scalar(select(User).where(User.email == email))


def list_by_email() -> list[User]:
    """All users, active or not, by e-mail."""
    return list(db.session.scalars(select(User).order_by(User.email)))


def list_active_by_name() -> list[User]:
    """All users who may log in, by name in any case."""
    active = select(User).where(User.active)
    return list(db.session.scalars(active.order_by(func.lower(User.name), User.id)))


def lock_active_admins() -> Sequence[User]:
    """The admins who may log in, as they are now, locked until the transaction ends."""
    admins = select(User).where(User.active, User.role == Role.ADMIN).order_by(User.id)
    locked = admins.with_for_update().execution_options(populate_existing=True)
    return db.session.scalars(locked).all()


def record_login(user: User) -> None:
    """Note that the user logs in now."""
    user.last_login_at = func.now()
