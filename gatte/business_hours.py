"""How opening hours and the state whose holidays are kept are spelled in the settings.

The settings and the desk read them with the same functions, so that what passes at start works
later.
"""

import re
from dataclasses import dataclass
from datetime import time
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

ALWAYS_OPEN = "sempre"
DAYS = ("seg", "ter", "qua", "qui", "sex", "sab", "dom")
SPAN = re.compile(
    r"(?P<first>[a-z]{3})(?:-(?P<last>[a-z]{3}))? "
    r"(?P<opens>\d{1,2}:\d{2})-(?P<closes>\d{1,2}:\d{2})",
    re.ASCII,
)


@dataclass(frozen=True)
class OpeningHours:
    """Opening hours of one weekday (0 is Monday)."""

    weekday: int
    opens: time
    closes: time


@lru_cache(maxsize=8)
def opening_hours(spelled: str) -> tuple[OpeningHours, ...]:
    """Hours spelled like `seg-sex 08:00-18:00, sab 09:00-13:00`; none means always (`sempre`).

    ValueError says what is wrong.
    """
    if spelled.strip() == ALWAYS_OPEN:
        return ()
    parts = [part.strip() for part in spelled.split(",") if part.strip()]
    if not parts:
        raise ValueError(f"must be hours such as seg-sex 08:00-18:00, or {ALWAYS_OPEN}")
    return tuple(span for part in parts for span in _spans(part))


def _spans(part: str) -> list[OpeningHours]:
    match = SPAN.fullmatch(part)
    if match is None:
        raise ValueError(f"{part!r} should look like seg-sex 08:00-18:00")
    first = _weekday(match["first"])
    last = _weekday(match["last"] or match["first"])
    opens = _time_of_day(match["opens"])
    closes = _time_of_day(match["closes"])
    if last < first:
        raise ValueError(f"{part!r} ends on a day before it begins: spell it as two spans")
    if closes <= opens:
        raise ValueError(f"{part!r} closes before it opens: spell hours over midnight as two spans")
    return [OpeningHours(weekday, opens, closes) for weekday in range(first, last + 1)]


def _weekday(name: str) -> int:
    if name not in DAYS:
        raise ValueError(f"{name!r} is no day: the days are {', '.join(DAYS)}")
    return DAYS.index(name)


def _time_of_day(spelled: str) -> time:
    try:
        return time.fromisoformat(spelled.zfill(5))
    except ValueError:
        raise ValueError(f"{spelled} is no time of day: they go from 00:00 to 23:59") from None


@lru_cache(maxsize=32)
def holidays_of(state: str) -> "HolidayBase":
    """The holidays of a state of Brazil, or of the whole country for an empty text.

    ValueError when there is no such state.
    """
    import holidays

    try:
        return holidays.country_holidays("BR", subdiv=state or None)
    except NotImplementedError:
        raise ValueError("must be a state of Brazil in two letters, such as SP") from None
