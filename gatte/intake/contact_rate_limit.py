"""How many messages of a contact a minute are answered; the excess is kept for people to see, and
the customer is told once a window.
"""

from flask import current_app

from gatte.infra.redis.sliding_window import Hit
from gatte.settings import Settings

WINDOW_SECONDS = 60


def rate_limit_hit(sender: str, member: str, at: int) -> Hit:
    """The mark by which a message takes its place in its sender's window."""
    settings: Settings = current_app.extensions["gatte_settings"]
    return Hit(
        f"rate:{sender}",
        member,
        at,
        WINDOW_SECONDS * 1000,
        limit=settings.gatte_contact_rate_per_minute,
    )
