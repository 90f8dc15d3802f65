"""Who is logged in to the panel in this request, out of the table of login sessions.

Flask's signed cookie names a login session under `COOKIE_KEY`; the database says whether that is
still live. A request that a person caused keeps it alive, a poll of an open page does not.
"""

from datetime import timedelta
from typing import cast
from uuid import UUID

from flask import Request, g, request, session
from htmx_flask import request as htmx_request

from gatte import services
from gatte.extensions import db, login
from gatte.models import LoginSession, User
from gatte.store import login_sessions, second_factors
from gatte.store.login_sessions import LoginLimits

COOKIE_KEY = "login"
MUST_ENROL = "must_enrol"
FAMILIES = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
UNKNOWN = "outro"

# Its session protection does nothing beside permanent sessions, and a login session ends by itself.
login.session_protection = None


@login.request_loader  # type: ignore[untyped-decorator]
def load_user(_: Request) -> User | None:
    """The user of this request; None without a live login session."""
    session_id = _named_session()
    found = None if session_id is None else login_sessions.find_live(session_id, limits())
    g.login_session = found
    return None if found is None else found.user


def current_login() -> LoginSession:
    """The login session of this request, once `require_login` let it pass."""
    return cast("LoginSession", g.login_session)


def start(user: User) -> None:
    """Log the user in on this browser; nothing of the session before survives. Who still lacks the
    second step that they need is marked. The caller commits.
    """
    session.clear()
    session.permanent = True
    started = login_sessions.start(user, browser_family(request.headers.get("User-Agent", "")))
    session[COOKIE_KEY] = str(started.id)
    if needs_second_factor(user) and second_factors.find_confirmed(user.id) is None:
        session[MUST_ENROL] = True


def needs_second_factor(user: User) -> bool:
    """Whether this user must have a second step."""
    return services.settings().gatte_panel_second_factor.holds_for(user.role.value)


def keep_alive() -> None:
    """Note that a person is there, at most once a minute; a poll says nothing of that."""
    is_poll = htmx_request.htmx and request.method == "GET"
    if not is_poll and login_sessions.note_seen(current_login()):
        db.session.commit()


def is_fresh() -> bool:
    """Whether the password was typed a short time ago."""
    minutes = services.settings().gatte_panel_fresh_minutes
    return login_sessions.is_fresh(current_login(), timedelta(minutes=minutes))


def limits() -> LoginLimits:
    """How long login sessions last."""
    settings = services.settings()
    return LoginLimits(
        absolute=timedelta(hours=settings.gatte_panel_session_hours),
        idle=timedelta(minutes=settings.gatte_panel_idle_minutes),
    )


def browser_family(user_agent: str) -> str:
    """Browser and system of a User-Agent in two words that say nothing of the person."""
    return f"{_first(FAMILIES, user_agent)}, {_first(SYSTEMS, user_agent)}"


def _first(marks: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in marks if mark in user_agent), UNKNOWN)


def _named_session() -> UUID | None:
    try:
        return UUID(session[COOKIE_KEY])
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
