"""The days that a customer wishes for, as they are kept in a slot.

A wish is spelled as alternatives in the order of preference, `|` between them: an ISO date, or
first and last day with `..` between (no last day: from then on). `@` and a period (`times`) bind
that period to one alternative. After `!` stand the days that are refused, as ISO dates or as
numbers of weekdays (0 is Monday).
"""

import re
from dataclasses import dataclass
from datetime import date

from gatte.conversation.parsing.times import window_of

WEEKDAY_NAMES = (
    "segunda-feira",
    "terça-feira",
    "quarta-feira",
    "quinta-feira",
    "sexta-feira",
    "sábado",
    "domingo",
)
SPELLED_WISH = re.compile(
    r"(?:\d{4}-\d{2}-\d{2}(?:\.\.(?:\d{4}-\d{2}-\d{2})?)?(?:@[^|!@]{1,30})?\|?){1,12}"
)


@dataclass(frozen=True)
class DayAlternative:
    """One of the wishes: from `first` to `last` day (None: without end), with its own period where
    one was said for it alone.
    """

    first: date
    last: date | None
    period: str = ""

    def holds(self, day: date) -> bool:
        """Whether a day is among those that are wished for."""
        return self.first <= day and (self.last is None or day <= self.last)

    @property
    def one_day(self) -> bool:
        """Whether it names a single day."""
        return self.first == self.last


@dataclass(frozen=True)
class DayWish:
    """The days that somebody wishes for, in their order, and those that are refused."""

    alternatives: tuple[DayAlternative, ...]
    refused: tuple[str, ...] = ()

    def refuses(self, day: date) -> bool:
        """Whether this day was said not to do."""
        return day.isoformat() in self.refused or str(day.weekday()) in self.refused


def wish_of(spelled: str) -> DayWish:
    """The wish that a text of this module's spelling stands for."""
    wanted, _, refused = spelled.partition("!")
    alternatives = tuple(_alternative(one) for one in wanted.split("|") if one)
    return DayWish(alternatives, tuple(one for one in refused.split(",") if one))


def _alternative(spelled: str) -> DayAlternative:
    days, _, period = spelled.partition("@")
    first, dots, last = days.partition("..")
    start = date.fromisoformat(first)
    if not dots:
        return DayAlternative(start, start, period)
    return DayAlternative(start, date.fromisoformat(last) if last else None, period)


def is_spelled(text: str) -> bool:
    """Whether a text is a wish as this module spells it, as buttons carry it."""
    wanted = text.partition("!")[0]
    if not SPELLED_WISH.fullmatch(wanted):
        return False
    try:
        alternatives = wish_of(text).alternatives
    except ValueError:
        return False
    return all(not one.period or window_of(one.period) for one in alternatives)


def show_day(spelled: str) -> str:
    """A wish as people read it: "sexta-feira, 27/11"; alternatives have "ou" between."""
    return " ou ".join(_show(one) for one in wish_of(spelled).alternatives)


def _show(one: DayAlternative) -> str:
    if one.one_day:
        return f"{WEEKDAY_NAMES[one.first.weekday()]}, {one.first:%d/%m}"
    if one.last is None:
        return f"a partir de {one.first:%d/%m}"
    return f"de {one.first:%d/%m} a {one.last:%d/%m}"
