"""A wish for an appointment: day and part of the day; the desk confirms it."""

import re
from datetime import date, datetime, timedelta

from gatte.conversation.draft import Draft
from gatte.conversation.effects import BookVisit
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.parsing.dates import check_day, find_day, find_period, parse_day, parse_period, show_day
from gatte.conversation.parsing.words import NOTHING, Parsed, fold
from gatte.conversation.replies import Option
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import say

VIDEO = re.compile(r"\bvideo\w*|\bonline\b|\bremot\w+|\bchamada\b")
IN_PERSON = re.compile(r"\bpresencial\w*|\bpessoalmente\b|\bai na loja\b|\bno escritorio\b")
DAYS_OFFERED = 3


def _find_topic(text: str, _snapshot: Snapshot) -> Parsed:
    plain = fold(text)
    if VIDEO.search(plain):
        return Parsed(say("schedule.video"))
    return Parsed(say("schedule.in_person")) if IN_PERSON.search(plain) else NOTHING


def _never(_snapshot: Snapshot) -> bool:
    return False


def _find_good_day(text: str, snapshot: Snapshot) -> Parsed:
    found = find_day(text, snapshot.now)
    return found if found.value and not check_day(date.fromisoformat(found.value), snapshot.now) else NOTHING


def _find_good_period(text: str, snapshot: Snapshot) -> Parsed:
    found = find_period(text)
    return found if found.value and not _hour_has_passed(found.value, snapshot) else NOTHING


def _wrong_day(text: str, snapshot: Snapshot) -> str:
    found = find_day(text, snapshot.now)
    return check_day(date.fromisoformat(found.value), snapshot.now) if found.value else ""


def _wrong_period(text: str, snapshot: Snapshot) -> str:
    found = find_period(text)
    return "hour_passed" if found.value and _hour_has_passed(found.value, snapshot) else found.problem


def _hour_has_passed(period: str, snapshot: Snapshot) -> bool:
    said = re.match(r"(\d+)h(\d*)", period)
    if snapshot.slots.get("day") != snapshot.now.date().isoformat():
        return False
    hour, minute = (int(said[1]), int(said[2] or 0)) if said else (12 if period == "manhã" else 19, 0)
    return (hour, minute) <= (snapshot.now.hour, snapshot.now.minute)


def _parse_period(text: str, snapshot: Snapshot) -> Parsed:
    found = parse_period(text)
    return Parsed(problem="hour_passed") if found.value and _hour_has_passed(found.value, snapshot) else found


def _period_options(_snapshot: Snapshot) -> tuple[Option, ...]:
    return (Option("slot:period:manhã", say("option.morning")), Option("slot:period:tarde", say("option.afternoon")))


def next_workdays(now: datetime) -> list[date]:
    """The next working days, by the week alone: the desk knows the holidays."""
    ahead = (now.date() + timedelta(days=number) for number in range(1, 8))
    return [day for day in ahead if day.weekday() < 5][:DAYS_OFFERED]


def _day_options(snapshot: Snapshot) -> tuple[Option, ...]:
    return tuple(Option(f"slot:day:{day.isoformat()}", _short(day)) for day in next_workdays(snapshot.now))


def _short(day: date) -> str:
    return show_day(day.isoformat()).replace("-feira", "").capitalize()


def _parse_day(text: str, snapshot: Snapshot) -> Parsed:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        problem = check_day(date.fromisoformat(text), snapshot.now)
        return Parsed(problem=problem) if problem else Parsed(text)
    return parse_day(text, snapshot.now)


def finish(draft: Draft) -> None:
    """Ask the desk for the appointment."""
    slots = draft.now.slots
    draft.do(BookVisit(date.fromisoformat(slots["day"]), slots["period"], slots.get("topic", "")))
    draft.say("schedule.done", day=show_day(slots["day"]), period=slots["period"])


SCHEDULE = Flow(
    FlowName.SCHEDULE,
    (
        Slot("day", parse=_parse_day, find=_find_good_day, wrong=_wrong_day, options=_day_options, show=show_day, words=("dia", "data")),
        Slot(
            "period",
            parse=_parse_period,
            find=_find_good_period,
            wrong=_wrong_period,
            options=_period_options,
            words=("horário", "horario", "hora", "período", "periodo"),
        ),
        Slot("topic", parse=_find_topic, find=_find_topic, wanted=_never),
    ),
    finish,
)
