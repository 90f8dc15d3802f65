"""When the desk is open, and how a customer would meet it now."""

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache

import holidays
from flask import current_app

from gatte.conversation.snapshot import DeskFacts

ALWAYS = "sempre"
DAYS = ("seg", "ter", "qua", "qui", "sex", "sab", "dom")
SPAN = re.compile(r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? (?P<opens>\d{1,2}:\d{2})-(?P<closes>\d{1,2}:\d{2})")
SEARCHED_DAYS = 15


@dataclass(frozen=True)
class Span:
    """Opening hours of one weekday (0 is Monday)."""

    weekday: int
    opens: time
    closes: time


@lru_cache(maxsize=8)
def opening_hours(spelled: str) -> tuple[Span, ...]:
    """Hours spelled like `seg-sex 08:00-18:00, sab 09:00-13:00`, or none for `sempre`; ValueError says what is wrong."""
    if spelled.strip() == ALWAYS:
        return ()
    return tuple(span for part in filter(None, (piece.strip() for piece in spelled.split(","))) for span in _spans(part))


def _spans(part: str) -> list[Span]:
    match = SPAN.fullmatch(part)
    if match is None or match["first"] not in DAYS or (match["last"] or match["first"]) not in DAYS:
        raise ValueError(f"opening hours {part!r} should look like seg-sex 08:00-18:00")
    first, last = DAYS.index(match["first"]), DAYS.index(match["last"] or match["first"])
    opens, closes = (time.fromisoformat(match[name].zfill(5)) for name in ("opens", "closes"))
    return [Span(weekday, opens, closes) for weekday in range(first, last + 1)]


@lru_cache(maxsize=8)
def _holidays(state: str) -> holidays.HolidayBase:
    return holidays.country_holidays("BR", subdiv=state or None)


def _spans_of(day: date, hours: tuple[Span, ...], state: str) -> list[Span]:
    return [] if day in _holidays(state) else [span for span in hours if span.weekday == day.weekday()]


def is_open(now: datetime, hours: tuple[Span, ...], state: str = "") -> bool:
    """Whether the desk is open at a local time; without hours it always is."""
    return not hours or any(span.opens <= now.time() < span.closes for span in _spans_of(now.date(), hours, state))


def opens_next(now: datetime, hours: tuple[Span, ...], state: str = "") -> datetime | None:
    """When the desk opens next after a local time; None when no opening is near."""
    for ahead in range(SEARCHED_DAYS):
        day = now.date() + timedelta(days=ahead)
        starts = [datetime.combine(day, span.opens, now.tzinfo) for span in _spans_of(day, hours, state)]
        later = [start for start in starts if start > now]
        if later:
            return min(later)
    return None


def desk_facts(now: datetime, ahead_by_priority: tuple[int, ...], minutes_each: float | None) -> DeskFacts:
    """The desk as a customer would meet it now; nobody waits by the minute for a desk that is closed."""
    settings = current_app.extensions["gatte_settings"]
    hours = opening_hours(settings.gatte_business_hours)
    if is_open(now, hours, settings.gatte_holidays_of):
        return DeskFacts(ahead_by_priority=ahead_by_priority, minutes_each=minutes_each)
    opens_at = opens_next(now, hours, settings.gatte_holidays_of)
    return DeskFacts(open=False, opens_at=opens_at, ahead_by_priority=ahead_by_priority)
