"""Logins of people to the panel: one row for each browser in which somebody is logged in."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, Timestamp, string_enum
from gatte.models.desk import User


class LoginSessionEnd(StrEnum):
    """Why a login session ended before its time."""

    LOGOUT = "logout"
    ENDED_BY_USER = "ended_by_user"
    ENDED_BY_ADMIN = "ended_by_admin"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - no password
    ROLE_CHANGED = "role_changed"
    USER_DISABLED = "user_disabled"


class LoginSession(Base):
    """A browser in which a user is logged in. The signed cookie names the id and nothing else.

    `last_seen_at` is the last request that a person caused, kept to the minute. `authenticated_at`
    is when the password was typed last. `browser` is a family of browsers and systems ("Firefox,
    Linux"), never the whole User-Agent.
    """

    __tablename__ = "login_session"
    __table_args__ = (
        CheckConstraint("(ended_at IS NULL) = (end_reason IS NULL)", name="ended_with_reason"),
        Index(
            "ix_login_session_live",
            "user_id",
            "last_seen_at",
            postgresql_where=text("ended_at IS NULL"),
        ),
    )

    id: Mapped[RowId]
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id", ondelete="CASCADE"), index=True)
    browser: Mapped[str]
    created_at: Mapped[CreatedAt]
    authenticated_at: Mapped[CreatedAt]
    last_seen_at: Mapped[CreatedAt]
    ended_at: Mapped[Timestamp | None]
    end_reason: Mapped[LoginSessionEnd | None] = mapped_column(string_enum(LoginSessionEnd))
    user: Mapped[User] = relationship()
