"""Business hours: how they are spelled, which holidays are kept, and when the company is open.

The settings, the table of facts and the desk read them with the same functions, so that what passes
at start works later.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase

ALWAYS_OPEN = "sempre"
NEVER_OPEN = "nunca"
LOOKAHEAD_DAYS = 15
"""Days in which the next opening is looked for."""
LANGUAGE = "pt_BR"
NAMED_DAYS = (
    ("quinta santa", "Sexta-feira Santa", -1),
    ("quinta-feira santa", "Sexta-feira Santa", -1),
    ("sexta santa", "Sexta-feira Santa", 0),
    ("sexta-feira santa", "Sexta-feira Santa", 0),
    ("sexta feira santa", "Sexta-feira Santa", 0),
    ("pascoa", "Sexta-feira Santa", 2),
    ("carnaval", "Carnaval", 0),
    ("corpus christi", "Corpus Christi", 0),
    ("vespera de natal", "Véspera de Natal", 0),
    ("natal", "Natal", 0),
    ("tiradentes", "Tiradentes", 0),
    ("finados", "Finados", 0),
    ("vespera de ano novo", "Véspera de Ano", 0),
    ("reveillon", "Véspera de Ano", 0),
    ("ano novo", "Confraternização Universal", 0),
    ("nossa senhora aparecida", "Nossa Senhora Aparecida", 0),
    ("independencia", "Independência do Brasil", 0),
    ("proclamacao", "Proclamação da República", 0),
    ("consciencia negra", "Consciência Negra", 0),
    ("dia do trabalh", "Dia do Trabalhador", 0),
)
"""What people call a day, the name of its holiday, and how many days after that it lies."""
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


@dataclass(frozen=True)
class SpecialDay:
    """A day whose hours are not those of its weekday: closed without `spans`, which look like
    `08:00-12:00`. `name` says why, as people call the day.
    """

    day: date
    name: str = ""
    spans: tuple[str, ...] = ()


@dataclass(frozen=True)
class BusinessHours:
    """When the company is open: hours by weekday as `opening_hours` reads them, the state whose
    holidays are kept ("" for those of the whole country alone), and special days, which go before
    both. Times are in the company's zone.
    """

    spelled: str = ALWAYS_OPEN
    state: str = ""
    special: tuple[SpecialDay, ...] = ()

    @property
    def always(self) -> bool:
        """Whether the company never closes."""
        return self.spelled == ALWAYS_OPEN

    def special_day(self, day: date) -> SpecialDay | None:
        """What is kept of this very day, if anything."""
        return next((one for one in self.special if one.day == day), None)

    def holiday(self, day: date) -> str:
        """The name of the holiday that keeps the company closed on a day; empty when none does."""
        special = self.special_day(day)
        if special is not None:
            return "" if special.spans else special.name
        return "" if self.always else str(holidays_of(self.state).get(day, ""))

    def spans_on(self, day: date) -> tuple[OpeningHours, ...]:
        """The hours of a day, in order; none when the company is closed, or never closes."""
        special = self.special_day(day)
        if special is not None:
            return tuple(_span_of_day(day.weekday(), one) for one in special.spans)
        if self.always or day in holidays_of(self.state):
            return ()
        return tuple(one for one in opening_hours(self.spelled) if one.weekday == day.weekday())

    def is_open(self, at: datetime) -> bool:
        """Whether the company is open at a local time."""
        day = at.date()
        if self.always and self.special_day(day) is None:
            return True
        return any(one.opens <= at.time() < one.closes for one in self.spans_on(day))

    def next_opening(self, after: datetime) -> datetime | None:
        """When the company opens next after a local time; None when no opening is near."""
        for ahead in range(LOOKAHEAD_DAYS):
            day = after.date() + timedelta(days=ahead)
            starts = (datetime.combine(day, one.opens, after.tzinfo) for one in self.spans_on(day))
            later = [start for start in starts if start > after]
            if later:
                return min(later)
        return None


def _span_of_day(weekday: int, spelled: str) -> OpeningHours:
    return _spans(f"{DAYS[weekday]} {spelled}")[0]


def check_span(spelled: str) -> str:
    """The hours of one day as they came, such as `08:00-12:00`; ValueError says what is wrong."""
    _span_of_day(0, spelled)
    return spelled


def spell(spans_by_weekday: Sequence[Sequence[str]]) -> str:
    """Hours as `opening_hours` reads them, from the spans of seven weekdays, Monday first."""
    parts: list[str] = []
    for spans, run in groupby(range(len(DAYS)), key=lambda number: tuple(spans_by_weekday[number])):
        numbers = list(run)
        first, last = DAYS[numbers[0]], DAYS[numbers[-1]]
        days = first if first == last else f"{first}-{last}"
        parts += [f"{days} {span}" for span in spans]
    return ", ".join(parts) or NEVER_OPEN


@lru_cache(maxsize=64)
def opening_hours(spelled: str) -> tuple[OpeningHours, ...]:
    """Hours spelled like `seg-sex 08:00-18:00, sab 09:00-13:00`; none of them stand for always
    (`sempre`) and for never (`nunca`).

    ValueError says what is wrong.
    """
    if spelled.strip() in {ALWAYS_OPEN, NEVER_OPEN}:
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
        return holidays.country_holidays("BR", subdiv=state or None, language=LANGUAGE)
    except NotImplementedError:
        raise ValueError("must be a state of Brazil in two letters, such as SP") from None


@lru_cache(maxsize=8)
def _days_off(year: int) -> dict[date, str]:
    """Holidays and customary days off of the whole country in a year, under their Portuguese
    names.
    """
    import holidays

    categories = (holidays.PUBLIC, holidays.OPTIONAL)
    found = holidays.country_holidays(
        "BR",
        years=year,
        language=LANGUAGE,
        categories=categories,
    )
    return dict(found)


def names_day(text: str) -> bool:
    """Whether a text without accents calls a holiday or customary day off by its name."""
    return any(word in text for word, _, _ in NAMED_DAYS)


def named_day(text: str, today: date) -> date | None:
    """The next day, today included, that a text without accents calls by name ("sexta santa",
    "natal"); None when it names none.
    """
    calls = next(((name, ahead) for word, name, ahead in NAMED_DAYS if word in text), None)
    if calls is None:
        return None
    name, ahead = calls
    for year in (today.year, today.year + 1):
        of_year = (day for day, called in sorted(_days_off(year).items()) if name in called)
        days = [day + timedelta(days=ahead) for day in of_year]
        coming = [day for day in days if day >= today]
        if coming:
            return coming[-1]
    return None
