"""Counting the figures of the days, in the company's time zone."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from gatte import services
from gatte.store import daily_figures

RECOUNTED_DAYS = 2
"""So many days before the last that was counted are counted again: turns end after midnight."""


def count_days(today: date | None = None) -> Iterator[date]:
    """Count the days up to today that are not counted for good; the caller commits each."""
    settings = services.settings()
    zone = settings.time_zone
    last = today or datetime.now(zone).date()
    first = daily_figures.find_first_day(settings.gatte_timezone)
    if first is None:
        return
    day = first - timedelta(days=RECOUNTED_DAYS)
    while day <= last:
        midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
        next_day = day + timedelta(days=1)
        next_midnight = datetime(next_day.year, next_day.month, next_day.day, tzinfo=zone)
        daily_figures.count_day(day, midnight, next_midnight, settings.gatte_timezone)
        yield day
        day = next_day
