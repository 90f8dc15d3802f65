"""When appointments can be: the company's hours, its closed days, and the times that are full."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from gatte.business_hours import OpeningHours
from gatte.conversation.parsing.day_wishes import WEEKDAY_NAMES, DayAlternative, DayWish
from gatte.conversation.parsing.times import TimeWindow, show_time, window_of

FARTHEST = timedelta(days=90)
"""How far ahead an appointment may be."""
ALWAYS_OPEN = (time(8), time(19))
"""Hours of appointments of a company that keeps none."""
DAY = timedelta(days=1)
SUNDAY = 6
ANY_TIME = TimeWindow(time(0), time.max)


@dataclass(frozen=True)
class FreeTime:
    """A day and an hour, in the company's time zone, at which somebody can be served."""

    day: date
    at: time

    @property
    def spoken(self) -> str:
        """The hour as a period is spelled: `14h30`."""
        return show_time(self.at)

    @property
    def short(self) -> str:
        """Day and hour on a button: `Seg 16/03, 14h30`."""
        weekday = WEEKDAY_NAMES[self.day.weekday()][:3].capitalize()
        return f"{weekday} {self.day:%d/%m}, {self.spoken}"


@dataclass(frozen=True)
class AppointmentCalendar:
    """What is known of the times of a company.

    `hours` are its opening hours (none: every day); `holidays` the names of the closed days ahead;
    `special` the hours of days that are not as their weekday;
    an appointment lasts `minutes` and is booked at least `notice_minutes` before it; `full` holds
    for each day the hours at which no more can be served, as `show_time` spells them, with spaces
    between.
    """

    hours: tuple[OpeningHours, ...] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)
    special: Mapping[date, tuple[OpeningHours, ...]] = field(default_factory=dict)
    minutes: int = 30
    notice_minutes: int = 30
    full: Mapping[date, str] = field(default_factory=dict)

    def spans(self, day: date) -> list[tuple[time, time]]:
        """When the company is open on a day: from, to."""
        if day in self.special:
            return [(one.opens, one.closes) for one in self.special[day]]
        if day in self.holidays:
            return []
        if not self.hours:
            return [ALWAYS_OPEN]
        return [(one.opens, one.closes) for one in self.hours if one.weekday == day.weekday()]

    def times(self, day: date) -> list[time]:
        """Every hour at which an appointment of a day may begin, free or not."""
        length = timedelta(minutes=self.minutes)
        found = []
        for opens, closes in self.spans(day):
            start = datetime.combine(day, opens)
            while start + length <= datetime.combine(day, closes):
                found.append(start.time())
                start += length
        return found

    def in_time(self, day: date, now: datetime) -> list[time]:
        """The hours of a day for which it is not too late."""
        earliest = now.replace(tzinfo=None) + timedelta(minutes=self.notice_minutes)
        return [at for at in self.times(day) if datetime.combine(day, at) >= earliest]

    def free(self, day: date, now: datetime) -> list[time]:
        """The hours of a day that can be booked now."""
        full = self.full.get(day, "").split()
        return [at for at in self.in_time(day, now) if show_time(at) not in full]

    def day_problem(self, day: date, now: datetime) -> str:
        """Why nothing can be booked on a day: day_past, day_far, day_holiday, day_sunday,
        day_closed, day_full; nothing when it can.
        """
        if day < now.date():
            return "day_past"
        if day > now.date() + FARTHEST:
            return "day_far"
        if self.free(day, now):
            return ""
        if self.times(day):
            return "day_full" if self.in_time(day, now) else "day_over"
        if day in self.holidays:
            return "day_holiday"
        return "day_sunday" if day.weekday() == SUNDAY else "day_closed"

    def first_free(self, wish: DayWish, period: str, now: datetime) -> FreeTime | None:
        """The first free time of the first alternative that has one; those with a period of their
        own keep to it, the others to `period`.
        """
        for alternative in wish.alternatives:
            window = window_of(alternative.period or period) or ANY_TIME
            for day in _days(alternative, now.date()):
                at = (
                    None
                    if wish.refuses(day)
                    else self._first_in(
                        window,
                        day,
                        now,
                    )
                )
                if at is not None:
                    return FreeTime(day, at)
        return None

    def _first_in(self, window: TimeWindow, day: date, now: datetime) -> time | None:
        free = self.free(day, now)
        if not window.exact or window.first in self.times(day):
            return next((at for at in free if window.holds(at)), None)
        near = [at for at in free if _minutes_apart(at, window.first) < self.minutes]
        return min(
            near,
            key=lambda at: _minutes_apart(at, window.first),
            default=None,
        )

    def next_free(self, first: date, period: str, now: datetime, count: int) -> list[FreeTime]:
        """So many free times from a day on: the nearest to an hour that was wished for on the first
        day that has any, else the first of each day within the period.
        """
        window = window_of(period) or ANY_TIME
        found: list[FreeTime] = []
        for day in _days(DayAlternative(max(first, now.date()), None), now.date()):
            free = self.free(day, now)
            if window.exact:
                near = sorted(free, key=lambda at: _minutes_apart(at, window.first))
                found += [FreeTime(day, at) for at in sorted(near[:count])]
            else:
                inside = [at for at in free if window.holds(at)] or free
                found += [FreeTime(day, at) for at in inside[:1]]
            if len(found) >= count:
                break
        return found[:count]

    def opens_within(self, period: str, day: date | None, now: datetime) -> bool:
        """Whether any appointment of the period is possible at all, on a day or in a week."""
        window = window_of(period) or ANY_TIME
        days = [day] if day else [now.date() + number * DAY for number in range(7)]
        return any(self._reaches(window, one) for one in days)

    def _reaches(self, window: TimeWindow, day: date) -> bool:
        if not window.exact:
            return any(window.holds(at) for at in self.times(day))
        return any(opens <= window.first < closes for opens, closes in self.spans(day))


def _minutes_apart(one: time, other: time) -> int:
    return abs((one.hour - other.hour) * 60 + one.minute - other.minute)


def _days(alternative: DayAlternative, today: date) -> Iterator[date]:
    """The days of an alternative that can be booked, in their order."""
    day = max(alternative.first, today)
    last = today + FARTHEST
    if alternative.last is not None:
        last = min(last, alternative.last)
    while day <= last:
        yield day
        day += DAY
