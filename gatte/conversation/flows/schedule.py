"""Booking an appointment: the wish for a day and a period becomes one free time, which is booked
when the customer has said yes to it.
"""

import re
from collections.abc import Mapping

from gatte.conversation.appointment_calendar import FreeTime
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import AppointmentKind, BookAppointment
from gatte.conversation.flows.base import Flow, FlowName, Slot, never
from gatte.conversation.flows.time_wishes import (
    chosen_time,
    day_options,
    day_problem,
    next_free_options,
    parse_period_answer,
    period_needed,
    period_options,
    period_problem,
    settle_time,
    spoken_hours,
    was_chosen_for_them,
)
from gatte.conversation.memory_kinds import MemoryKind
from gatte.conversation.parsing.dates import find_day, parse_day
from gatte.conversation.parsing.day_wishes import show_day
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult, normalize_text
from gatte.conversation.parsing.products import find_product
from gatte.conversation.parsing.times import find_period
from gatte.conversation.replies import TICKET_NUMBER
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import render

TOPICS: Mapping[AppointmentKind, re.Pattern[str]] = {
    AppointmentKind.VIDEO: re.compile(r"\bvideo\w*|\bonline\b|\bremot\w+|\bchamada\b"),
    AppointmentKind.TOKEN_DELIVERY: re.compile(
        r"\b(?:buscar|retirar|pegar|entregar?|entrega d[oe]|retirada d[oe])"
        r" (?:o |a |meu |minha )?(?:token|cartao|midia)\b"
    ),
    AppointmentKind.IN_PERSON: re.compile(
        r"\bpresencial\w*|\bpessoalmente\b|\bai na loja\b|\bno escritorio\b"
    ),
}
EARLIER = re.compile(r"(?<!\bo )\bmais cedo\b(?! possivel)", re.IGNORECASE)
"""Where a day is chosen, an earlier hour of it."""


def _find_topic(text: str, _snapshot: Snapshot) -> ParseResult:
    plain = normalize_text(text)
    found = next((kind for kind, words in TOPICS.items() if words.search(plain)), None)
    return NO_MATCH if found is None else ParseResult(found.value)


def _show_topic(kind: str) -> str:
    return render(f"appointment_kind.{kind}")


def _find_day(text: str, snapshot: Snapshot) -> ParseResult:
    chosen = bool(snapshot.slots.get("day"))
    found = find_day(EARLIER.sub(" ", text) if chosen else text, snapshot.now)
    return found if found.value and not day_problem(found.value, snapshot) else NO_MATCH


def _wrong_day(text: str, snapshot: Snapshot) -> str:
    found = find_day(text, snapshot.now)
    return day_problem(found.value, snapshot) if found.value else found.problem


def _parse_day(text: str, snapshot: Snapshot) -> ParseResult:
    found = parse_day(text, snapshot.now)
    problem = day_problem(found.value, snapshot) if found.value else found.problem
    return ParseResult(problem=problem) if problem else found


def _find_period(text: str, snapshot: Snapshot) -> ParseResult:
    """A period for all days: where each day has its own, they belong to the days."""
    days = find_day(text, snapshot.now).value or ""
    found = NO_MATCH if "@" in days else find_period(text)
    return found if found.value and not period_problem(found.value, snapshot) else NO_MATCH


def _wrong_period(text: str, snapshot: Snapshot) -> str:
    found = find_period(text)
    return period_problem(found.value, snapshot) if found.value else found.problem


def _summary_key(snapshot: Snapshot) -> str:
    return "schedule.confirm_chosen" if was_chosen_for_them(snapshot) else "schedule.confirm"


def finish(draft: DecisionBuilder) -> None:
    """Book the time that the summary named."""
    slots = draft.snapshot.slots
    time = chosen_time(draft.snapshot)
    kind = AppointmentKind(slots["topic"]) if "topic" in slots else None
    draft.add_effect(BookAppointment(time.day, time.at, kind, slots.get("product")))
    draft.add_text("schedule.done", number=TICKET_NUMBER, when=show_when(time))


def show_when(time: FreeTime) -> str:
    """Day and hour of a time as a sentence has them."""
    return render("schedule.when", day=show_day(time.day.isoformat()), period=time.spoken)


DAY = Slot(
    "day",
    parse_answer=_parse_day,
    extract=_find_day,
    validate=_wrong_day,
    options=day_options,
    format=show_day,
    synonyms=("dia", "data"),
    alternatives=next_free_options,
    problem_values=spoken_hours,
    tells_what_is_free=True,
)
PERIOD = Slot(
    "period",
    parse_answer=parse_period_answer,
    extract=_find_period,
    validate=_wrong_period,
    required_if=period_needed,
    options=period_options,
    synonyms=("horário", "horario", "hora", "período", "periodo"),
    alternatives=next_free_options,
    problem_values=spoken_hours,
    tells_what_is_free=True,
    known_value=lambda snapshot: snapshot.memory.get(MemoryKind.PERIOD, ""),
)
SCHEDULE = Flow(
    FlowName.SCHEDULE,
    (
        DAY,
        PERIOD,
        Slot(
            "topic",
            parse_answer=_find_topic,
            extract=_find_topic,
            required_if=never,
            format=_show_topic,
        ),
        Slot(
            "product",
            parse_answer=lambda text, _: find_product(text),
            extract=lambda text, _: find_product(text),
            required_if=never,
        ),
    ),
    finish,
    settle=settle_time,
    summary_key=_summary_key,
)
