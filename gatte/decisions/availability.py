"""When the desk is open, and how a customer would meet it now."""

from datetime import date, datetime, timedelta

from gatte import services
from gatte.business_hours import OpeningHours, holidays_of, opening_hours
from gatte.conversation.snapshot import DeskFacts

LOOKAHEAD_DAYS = 15


def _spans_of(day: date, hours: tuple[OpeningHours, ...], state: str) -> list[OpeningHours]:
    return (
        []
        if day in holidays_of(state)
        else [span for span in hours if span.weekday == day.weekday()]
    )


def is_open(now: datetime, hours: tuple[OpeningHours, ...], state: str = "") -> bool:
    """Whether the desk is open at a local time; without hours it always is."""
    return not hours or any(
        span.opens <= now.time() < span.closes for span in _spans_of(now.date(), hours, state)
    )


def next_opening(
    now: datetime, hours: tuple[OpeningHours, ...], state: str = ""
) -> datetime | None:
    """When the desk opens next after a local time; None when no opening is near."""
    for ahead in range(LOOKAHEAD_DAYS):
        day = now.date() + timedelta(days=ahead)
        starts = [
            datetime.combine(day, span.opens, now.tzinfo) for span in _spans_of(day, hours, state)
        ]
        later = [start for start in starts if start > now]
        if later:
            return min(later)
    return None


def desk_facts(
    now: datetime, ahead_by_priority: tuple[int, ...], minutes_each: float | None
) -> DeskFacts:
    """The desk as a customer would meet it now; nobody waits by the minute for a desk that is
    closed.
    """
    settings = services.settings()
    hours = opening_hours(settings.gatte_business_hours)
    if is_open(now, hours, settings.gatte_holidays_state):
        return DeskFacts(ahead_by_priority=ahead_by_priority, minutes_each=minutes_each)
    opens_at = next_opening(now, hours, settings.gatte_holidays_state)
    return DeskFacts(open=False, opens_at=opens_at, ahead_by_priority=ahead_by_priority)
