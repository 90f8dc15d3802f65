"""The table `login_session`: who is logged in to the panel, and until when.

A session is live while nobody ended it, its user may log in, and neither of its limits has passed:
so long after the login (absolute), and so long after the last request of a person (idle). Times are
those of the database's clock.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, select, update
from sqlalchemy.orm import contains_eager

from gatte.extensions import db
from gatte.models import LoginSession, LoginSessionEnd, User

SEEN_EVERY = timedelta(minutes=1)
KEPT_AFTER_LOGIN = timedelta(days=90)


@dataclass(frozen=True)
class LoginLimits:
    """How long a login session lasts after its login, and after the last request of a person."""

    absolute: timedelta
    idle: timedelta


def start(user: User, browser: str) -> LoginSession:
    """A fresh login session of a user; those of more than 90 days ago are forgotten."""
    now = func.clock_timestamp()
    old = LoginSession.created_at < now - KEPT_AFTER_LOGIN
    db.session.execute(delete(LoginSession).where(LoginSession.user_id == user.id, old))
    session = LoginSession(user_id=user.id, browser=browser)
    db.session.add(session)
    db.session.flush()
    return session


def find_live(session_id: UUID, limits: LoginLimits) -> LoginSession | None:
    """The session of that id with its user; None when it ended or its user may not log in."""
    query = (
        select(LoginSession)
        .join(LoginSession.user)
        .options(contains_eager(LoginSession.user))
        .where(LoginSession.id == session_id, *_live(limits))
        .execution_options(populate_existing=True)
    )
    return db.session.scalar(query)


def list_live(user_id: int, limits: LoginLimits) -> list[LoginSession]:
    """The live sessions of a user, the one used last first."""
    query = (
        select(LoginSession)
        .join(LoginSession.user)
        .where(LoginSession.user_id == user_id, *_live(limits))
        .order_by(LoginSession.last_seen_at.desc(), LoginSession.id)
    )
    return list(db.session.scalars(query))


def count_live_by_user(limits: LoginLimits) -> dict[int, int]:
    """How many live sessions each user has; users without any are left out."""
    query = (
        select(LoginSession.user_id, func.count().label("sessions"))
        .join(LoginSession.user)
        .where(*_live(limits))
        .group_by(LoginSession.user_id)
    )
    return {row.user_id: row.sessions for row in db.session.execute(query)}


def note_seen(session: LoginSession) -> bool:
    """Note that a person uses the session now, and whether anything was written: a minute after the
    last note at the earliest.
    """
    if datetime.now(UTC) - session.last_seen_at < SEEN_EVERY:
        return False
    change = update(LoginSession).where(LoginSession.id == session.id)
    db.session.execute(
        change.values(last_seen_at=func.clock_timestamp()),
        execution_options={"synchronize_session": False},
    )
    return True


def note_authenticated(session: LoginSession) -> None:
    """Note that the password was typed again just now."""
    session.authenticated_at = func.clock_timestamp()


def is_fresh(session: LoginSession, span: timedelta) -> bool:
    """Whether the password was typed within that span of time."""
    query = select(LoginSession.authenticated_at > func.clock_timestamp() - span)
    return bool(db.session.scalar(query.where(LoginSession.id == session.id)))


def end(user_id: int, session_id: UUID, reason: LoginSessionEnd) -> bool:
    """End one session of a user; False when the user has no such session or it ended before."""
    return _end(reason, LoginSession.user_id == user_id, LoginSession.id == session_id) == 1


def end_all(user_id: int, reason: LoginSessionEnd, kept: UUID | None = None) -> int:
    """End every session of a user, but the one that is `kept`; how many there were."""
    conditions = [LoginSession.user_id == user_id]
    if kept is not None:
        conditions.append(LoginSession.id != kept)
    return _end(reason, *conditions)


def _end(reason: LoginSessionEnd, *conditions: ColumnElement[bool]) -> int:
    change = update(LoginSession).where(LoginSession.ended_at.is_(None), *conditions)
    ended = db.session.execute(
        change.values(ended_at=func.clock_timestamp(), end_reason=reason).returning(
            LoginSession.id
        ),
        execution_options={"synchronize_session": False},
    )
    return len(ended.all())


def _live(limits: LoginLimits) -> list[ColumnElement[bool]]:
    now = func.clock_timestamp()
    return [
        LoginSession.ended_at.is_(None),
        LoginSession.created_at > now - limits.absolute,
        LoginSession.last_seen_at > now - limits.idle,
        User.active.is_(True),
    ]
