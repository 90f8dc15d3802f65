"""Business hours in sentences: of a week, of a day, of now."""

from datetime import date, datetime, time, timedelta
from itertools import groupby

from gatte.business_hours import BusinessHours, OpeningHours, opening_hours
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.parsing.day_wishes import WEEKDAY_NAMES
from gatte.conversation.parsing.times import show_time
from gatte.conversation.texts import render

HOLIDAYS_AHEAD = 120
"""Days in which the next holiday is looked for."""


def hours_sentence(question: FactQuestion, hours: BusinessHours, now: datetime) -> str:
    """The shortest sentence that answers a question on hours."""
    if hours.always and not hours.special:
        return render("facts.hours_always")
    if question.detail == "lunch":
        return _lunch(hours, question.day or now.date(), now.date())
    if question.day is not None and not (question.detail == "now" and question.day == now.date()):
        return describe_day(hours, question.day, now, named=question.detail == "named")
    if question.detail == "holidays":
        return _holidays(hours, now.date())
    if question.detail == "now":
        return _state(hours, now)
    return f"{render('facts.hours_week', week=describe_week(hours))} {_state(hours, now)}"


def describe_week(hours: BusinessHours) -> str:
    """The hours of a week: "segunda a sexta, das 8h30 às 18h; sábado, das 8h30 às 12h"."""
    week = opening_hours(hours.spelled)
    days = [
        (number, show_spans(tuple(one for one in week if one.weekday == number)))
        for number in range(7)
    ]
    parts = []
    for spans, run in groupby(days, key=lambda one: one[1]):
        numbers = [number for number, _ in run]
        if spans:
            parts.append(f"{_run_of_days(numbers)}, {spans}")
    return "; ".join(parts)


def _run_of_days(numbers: list[int]) -> str:
    """Weekdays in a row: "segunda a sexta", "sábado e domingo"; one alone by its whole name."""
    first, last = WEEKDAY_NAMES[numbers[0]], WEEKDAY_NAMES[numbers[-1]]
    if first == last:
        return first
    joint = "e" if len(numbers) == 2 else "a"
    return f"{first.removesuffix('-feira')} {joint} {last.removesuffix('-feira')}"


def show_spans(spans: tuple[OpeningHours, ...]) -> str:
    """The hours of a day: "das 8h às 12h e das 13h às 18h"; empty when there are none."""
    return " e ".join(f"das {show_time(one.opens)} às {show_time(one.closes)}" for one in spans)


def describe_day(hours: BusinessHours, day: date, now: datetime, *, named: bool = False) -> str:
    """Whether and when the company is open on a day, and if not, when it opens next; on a `named`
    day that it is no holiday.
    """
    label = show_day_of(day, now.date())
    spans = hours.spans_on(day)
    if spans:
        key = "facts.day_no_holiday" if named else "facts.day_open"
        return render(key, label=_upper(label), spans=show_spans(spans))
    if hours.always and hours.special_day(day) is None:
        return render("facts.hours_always")
    end_of_day = datetime.combine(day, time(23, 59), now.tzinfo)
    opens = hours.next_opening(end_of_day)
    again = f" {render('facts.opens_again', when=_when(opens, now))}" if opens else ""
    holiday = hours.holiday(day)
    if holiday:
        told = render("facts.day_holiday", label=_upper(label), holiday=holiday)
    else:
        told = render("facts.day_closed", label=_upper(label))
    return f"{told}{again}"


def show_day_of(day: date, today: date) -> str:
    """A day as people say it from today: "hoje", "amanhã", "sábado (14/03)"."""
    ahead = (day - today).days
    if ahead in {0, 1}:
        return ("hoje", "amanhã")[ahead]
    return f"{WEEKDAY_NAMES[day.weekday()]} ({day:%d/%m})"


def _upper(text: str) -> str:
    """A text with a capital first letter."""
    return text[:1].upper() + text[1:]


def _when(opens: datetime, now: datetime) -> str:
    """When the company opens: "amanhã às 8h"."""
    return f"{show_day_of(opens.date(), now.date())} às {show_time(opens.time())}"


def _state(hours: BusinessHours, now: datetime) -> str:
    """Whether the company is open now, until when, or when it opens."""
    if hours.is_open(now):
        closes = next(
            (
                one.closes
                for one in hours.spans_on(now.date())
                if one.opens <= now.time() < one.closes
            ),
            time(23, 59),
        )
        return render("facts.open_now", until=show_time(closes))
    opens = hours.next_opening(now)
    if opens is None:
        return render("facts.closed_now")
    return render("facts.closed_now_until", when=_when(opens, now))


def _lunch(hours: BusinessHours, day: date, today: date) -> str:
    """Whether the company closes over noon, by the hours of a day or of the next open one."""
    spans = hours.spans_on(day) or next(
        (
            found
            for ahead in range(1, 8)
            if (found := hours.spans_on(today + timedelta(days=ahead)))
        ),
        (),
    )
    if len(spans) > 1:
        closes, opens = show_time(spans[0].closes), show_time(spans[1].opens)
        return render("facts.lunch_closed", closes=closes, opens=opens)
    return render("facts.lunch_open", week=describe_week(hours))


def _holidays(hours: BusinessHours, today: date) -> str:
    """That the company is closed on holidays, and which comes next."""
    ahead = (today + timedelta(days=number) for number in range(HOLIDAYS_AHEAD))
    coming = next(((day, name) for day in ahead if (name := hours.holiday(day))), None)
    if coming is None:
        return render("facts.holidays_closed")
    day, name = coming
    return render("facts.next_holiday", holiday=name, label=show_day_of(day, today))
