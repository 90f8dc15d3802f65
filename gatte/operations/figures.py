"""Counting the figures of the days, in the company's time zone."""

from datetime import date, datetime, timedelta

from gatte import services
from gatte.store import daily_figures

RECOUNTED_DAYS = 2
"""So many days before the last that was counted are counted again: turns end after midnight."""


def count_days(today: date | None = None) -> int:
    """Count the days up to today that are not counted for good; how many they are. The caller
    commits.
    """
    settings = services.settings()
    last = today or datetime.now(settings.time_zone).date()
    found = daily_figures.find_first_day(settings.gatte_timezone)
    if found is None:
        return 0
    first = found - timedelta(days=RECOUNTED_DAYS)
    since = _midnight(first)
    until = _midnight(last + timedelta(days=1))
    daily_figures.count_days(first, last, since, until, settings.gatte_timezone)
    return (last - first).days + 1


def _midnight(day: date) -> datetime:
    """The beginning of a day in the company's time zone."""
    return datetime(day.year, day.month, day.day, tzinfo=services.settings().time_zone)
