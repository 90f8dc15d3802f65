"""How many messages of a contact a minute are answered; the excess is kept for people to see, and
the customer is told once a window.
"""

from uuid import UUID

from flask import current_app
from sqlalchemy import func, or_, update

from gatte.extensions import db
from gatte.infra.redis.sliding_window import Hit
from gatte.models import Conversation
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


def claim_notice(conversation_id: UUID) -> bool:
    """Whether the customer was not told of the limit in this window; from now on it was (with the
    transaction of the caller).
    """
    over = Conversation.told_limit_at <= func.clock_timestamp() - func.make_interval(
        0, 0, 0, 0, 0, 0, WINDOW_SECONDS
    )
    telling = update(Conversation).where(
        Conversation.id == conversation_id, or_(Conversation.told_limit_at.is_(None), over)
    )
    told = telling.values(told_limit_at=func.clock_timestamp()).returning(Conversation.id)
    return db.session.scalar(told.execution_options(synchronize_session=False)) is not None
