"""When the inactivity timer looks at a conversation next: a time in its row, set anew by everything
that happens to it.
"""

from functools import lru_cache

from gatte import services
from gatte.conversation.inactivity import InactivityTimeouts, StateTimeouts, Timer, next_timer
from gatte.conversation.snapshot import Snapshot
from gatte.models import Conversation
from gatte.settings import Settings
from gatte.store import conversations


def inactivity_timeouts() -> InactivityTimeouts:
    """The inactivity timer's times, as set."""
    settings = services.settings()
    return _timeouts(settings)


@lru_cache(maxsize=4)
def _timeouts(settings: Settings) -> InactivityTimeouts:
    in_flow = StateTimeouts(settings.gatte_nudge_seconds, settings.gatte_flow_timeout_seconds)
    idle = StateTimeouts(None, settings.gatte_inactivity_timeout_seconds)
    return InactivityTimeouts(
        start=idle,
        menu=idle,
        answering=idle,
        collecting=in_flow,
        confirming=in_flow,
        error=idle,
        close=settings.gatte_inactivity_close_seconds,
        warn_waiting=settings.gatte_agent_warning_seconds,
        warn_unanswered=settings.gatte_agent_warning_seconds,
        close_with_human=settings.gatte_inactivity_close_seconds,
    )


def timer_due_next(snapshot: Snapshot) -> Timer | None:
    """What the clock does next to a conversation, if nothing else happens."""
    return next_timer(snapshot, inactivity_timeouts())


def schedule(conversation: Conversation, snapshot: Snapshot) -> None:
    """Let the inactivity timer look when the next deadline has passed, by the database's clock."""
    deadline = timer_due_next(snapshot)
    seconds = None if deadline is None else deadline.seconds
    conversations.set_inactivity_timer(conversation, seconds)
