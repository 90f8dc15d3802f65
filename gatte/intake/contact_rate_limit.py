"""How many messages of a contact a minute are answered; the excess is kept for people to see, and
the customer is told once a window.
"""

from gatte import services
from gatte.infra.redis.sliding_window import Hit

WINDOW_SECONDS = 60


def rate_limit_hit(sender: str, member: str, at: int) -> Hit:
    """The mark by which a message takes its place in its sender's window."""
    settings = services.settings()
    return Hit(
        f"rate:{sender}",
        member,
        at,
        WINDOW_SECONDS * 1000,
        limit=settings.gatte_contact_rate_per_minute,
    )
