"""When notices may leave: while the company is open, and never early or late in the day."""

from datetime import date, datetime, time, timedelta

from gatte.business_hours import BusinessHours
from gatte.decisions import known_facts

EARLIEST, LATEST = time(8), time(20)
"""For companies that never close, or that work at night."""
LOOKAHEAD_DAYS = 15


def may_send(now: datetime) -> bool:
    """Whether notices may leave at a local time."""
    known_facts.refresh()
    hours = known_facts.business_hours(now.date())
    return EARLIEST <= now.time() < LATEST and hours.is_open(now)


def next_open_day(now: datetime) -> date:
    """The next day after a local time's on which the company is open; the next day where none is
    near.
    """
    known_facts.refresh()
    tomorrow = now.date() + timedelta(days=1)
    hours = known_facts.business_hours(now.date())
    days = (tomorrow + timedelta(days=ahead) for ahead in range(LOOKAHEAD_DAYS))
    return next((day for day in days if _is_open_on(hours, day)), tomorrow)


def _is_open_on(hours: BusinessHours, day: date) -> bool:
    always = hours.always and hours.special_day(day) is None
    return always or bool(hours.spans_on(day))
