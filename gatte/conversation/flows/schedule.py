"""A wish for an appointment: day and part of the day; the desk confirms it."""

import re
from datetime import date, datetime, timedelta

from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import RequestAppointment
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.parsing.dates import (
    day_problem,
    find_day,
    find_period,
    parse_day,
    parse_period,
    show_day,
)
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult, normalize_text
from gatte.conversation.replies import ReplyOption
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import render

VIDEO = re.compile(r"\bvideo\w*|\bonline\b|\bremot\w+|\bchamada\b")
IN_PERSON = re.compile(r"\bpresencial\w*|\bpessoalmente\b|\bai na loja\b|\bno escritorio\b")
DAYS_OFFERED = 3


def _find_topic(text: str, _snapshot: Snapshot) -> ParseResult:
    plain = normalize_text(text)
    if VIDEO.search(plain):
        return ParseResult(render("schedule.video"))
    return ParseResult(render("schedule.in_person")) if IN_PERSON.search(plain) else NO_MATCH


def _never(_snapshot: Snapshot) -> bool:
    return False


def _find_good_day(text: str, snapshot: Snapshot) -> ParseResult:
    found = find_day(text, snapshot.now)
    return (
        found
        if found.value and not day_problem(date.fromisoformat(found.value), snapshot.now)
        else NO_MATCH
    )


def _find_good_period(text: str, snapshot: Snapshot) -> ParseResult:
    found = find_period(text)
    return found if found.value and not _hour_has_passed(found.value, snapshot) else NO_MATCH


def _wrong_day(text: str, snapshot: Snapshot) -> str:
    found = find_day(text, snapshot.now)
    return day_problem(date.fromisoformat(found.value), snapshot.now) if found.value else ""


def _wrong_period(text: str, snapshot: Snapshot) -> str:
    found = find_period(text)
    return (
        "hour_passed" if found.value and _hour_has_passed(found.value, snapshot) else found.problem
    )


def _hour_has_passed(period: str, snapshot: Snapshot) -> bool:
    if snapshot.slots.get("day") != snapshot.now.date().isoformat():
        return False
    now = (snapshot.now.hour, snapshot.now.minute)
    said = re.match(r"(\d+)h(\d*)", period)
    if said:
        return (int(said[1]), int(said[2] or 0)) <= now
    end_hour = 12 if period == "manhã" else 19
    return (end_hour, 0) <= now


def _parse_period(text: str, snapshot: Snapshot) -> ParseResult:
    found = parse_period(text)
    return (
        ParseResult(problem="hour_passed")
        if found.value and _hour_has_passed(found.value, snapshot)
        else found
    )


def _period_options(_snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    return (
        ReplyOption("slot:period:manhã", render("option.morning")),
        ReplyOption("slot:period:tarde", render("option.afternoon")),
    )


def next_workdays(now: datetime) -> list[date]:
    """The next working days, by the week alone: the desk knows the holidays."""
    ahead = (now.date() + timedelta(days=number) for number in range(1, 8))
    return [day for day in ahead if day.weekday() < 5][:DAYS_OFFERED]


def _day_options(snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    return tuple(
        ReplyOption(f"slot:day:{day.isoformat()}", _short(day))
        for day in next_workdays(snapshot.now)
    )


def _short(day: date) -> str:
    return show_day(day.isoformat()).replace("-feira", "").capitalize()


def _parse_day(text: str, snapshot: Snapshot) -> ParseResult:
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        problem = day_problem(date.fromisoformat(text), snapshot.now)
        return ParseResult(problem=problem) if problem else ParseResult(text)
    return parse_day(text, snapshot.now)


def finish(draft: DecisionBuilder) -> None:
    """Ask the desk for the appointment."""
    slots = draft.snapshot.slots
    draft.add_effect(
        RequestAppointment(
            date.fromisoformat(slots["day"]), slots["period"], slots.get("topic", "")
        )
    )
    draft.add_text("schedule.done", day=show_day(slots["day"]), period=slots["period"])


SCHEDULE = Flow(
    FlowName.SCHEDULE,
    (
        Slot(
            "day",
            parse_answer=_parse_day,
            extract=_find_good_day,
            validate=_wrong_day,
            options=_day_options,
            format=show_day,
            synonyms=("dia", "data"),
        ),
        Slot(
            "period",
            parse_answer=_parse_period,
            extract=_find_good_period,
            validate=_wrong_period,
            options=_period_options,
            synonyms=("horário", "horario", "hora", "período", "periodo"),
        ),
        Slot("topic", parse_answer=_find_topic, extract=_find_topic, required_if=_never),
    ),
    finish,
)
