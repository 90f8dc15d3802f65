"""Moving and cancelling appointments of the contact, and telling them: none of others ever reaches
the core. What cannot be undone follows a yes to a summary that names day and hour.
"""

import re
from dataclasses import replace
from datetime import datetime

from gatte.conversation import option_ids
from gatte.conversation.appointment_calendar import FreeTime
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import CancelAppointment, MoveAppointment
from gatte.conversation.flows.base import Flow, FlowName, Slot, needs_no_yes
from gatte.conversation.flows.schedule import DAY, PERIOD, show_when
from gatte.conversation.flows.time_wishes import (
    chosen_time,
    parse_period_answer,
    period_needed,
    period_problem,
    settle_time,
    was_chosen_for_them,
)
from gatte.conversation.parsing.dates import find_day
from gatte.conversation.parsing.day_wishes import wish_of
from gatte.conversation.parsing.mentions import readable
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult
from gatte.conversation.parsing.times import find_period, says_same_time, window_of
from gatte.conversation.replies import ReplyOption
from gatte.conversation.snapshot import AppointmentFacts, Snapshot
from gatte.conversation.states import Event
from gatte.conversation.texts import render

MOST_SHOWN = 5
TARGET = re.compile(r"\b(?:para|pras?|pros?) (?P<words>[^,.;]*)$")
"""Where to, in "das 10h para as 15h"."""


def time_of(appointment: AppointmentFacts) -> FreeTime:
    """Day and hour of an appointment."""
    return time_of_start(appointment.starts_at)


def time_of_start(starts_at: datetime) -> FreeTime:
    """Day and hour of a moment in the company's time zone."""
    return FreeTime(starts_at.date(), starts_at.time())


def _chosen(snapshot: Snapshot) -> AppointmentFacts | None:
    wanted = snapshot.slots.get("appointment")
    return next((one for one in snapshot.appointments if one.id == wanted), None)


def desk_notice(change: str, starts_at: datetime, number: int) -> str:
    """What the customer is told when the desk has booked, moved or cancelled an appointment."""
    when = show_when(time_of_start(starts_at))
    return render(f"appointment_notice.{change}", when=when, number=number)


# --- which appointment ---


def _only_one(snapshot: Snapshot, _text: str) -> dict[str, str]:
    one = snapshot.appointments
    return {"appointment": one[0].id} if len(one) == 1 else {}


def _has_appointments(snapshot: Snapshot) -> bool:
    return bool(snapshot.appointments)


def _options(snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    return tuple(
        ReplyOption(f"slot:appointment:{one.id}", time_of(one).short)
        for one in snapshot.appointments
    )


def _find_appointment(text: str, snapshot: Snapshot) -> ParseResult:
    """The one appointment that a text names by its id, its day or its hour."""
    by_id = [one for one in snapshot.appointments if one.id == text]
    named = find_day(text, snapshot.now).value
    days = wish_of(named).alternatives if named else ()
    hour = find_period(text).value
    by_day = [
        one for one in snapshot.appointments if any(day.holds(one.starts_at.date()) for day in days)
    ]
    by_hour = [one for one in by_day or snapshot.appointments if hour == time_of(one).spoken]
    found = next((group for group in (by_id, by_hour, by_day) if len(group) == 1), [])
    return ParseResult(found[0].id) if found else NO_MATCH


def _parse_appointment(text: str, snapshot: Snapshot) -> ParseResult:
    found = _find_appointment(text, snapshot)
    return found if found.value else ParseResult(problem="appointment_missing")


APPOINTMENT = Slot(
    "appointment",
    parse_answer=_parse_appointment,
    extract=_find_appointment,
    required_if=_has_appointments,
    options=_options,
)


# --- where to ---


def _find_new_day(text: str, snapshot: Snapshot) -> ParseResult:
    """The days that a text wishes for, without the one that the appointment is on."""
    found = DAY.extract(text, snapshot)
    if found.value is None:
        return NO_MATCH
    present = _chosen(snapshot)
    days = wish_of(found.value).alternatives
    is_present = present is not None and all(
        one.one_day and one.first == present.starts_at.date() for one in days
    )
    moves_within_day = is_present and _find_new_period(text, snapshot).value is not None
    return NO_MATCH if is_present and not moves_within_day else found


def _find_new_period(text: str, snapshot: Snapshot) -> ParseResult:
    """The period that a text wishes for, without the hour that the appointment has."""
    target = TARGET.search(readable(text))
    found = PERIOD.extract(target["words"], snapshot) if target else NO_MATCH
    if found.value is None:
        found = PERIOD.extract(text, snapshot)
    present = _chosen(snapshot)
    if present is None:
        return found
    hour = time_of(present).spoken
    if says_same_time(text):
        return ParseResult(hour)
    return NO_MATCH if found.value == hour else found


def _wrong_new_day(text: str, snapshot: Snapshot) -> str:
    """Nothing is wrong with the day that an appointment is on: it is what shall be left."""
    found = find_day(text, snapshot.now)
    present = _chosen(snapshot)
    today = present is not None and found.value == present.starts_at.date().isoformat()
    return "" if today or found.problem else DAY.validate(text, snapshot)


def _parse_new_period(text: str, snapshot: Snapshot) -> ParseResult:
    present = _chosen(snapshot)
    same = present is not None and says_same_time(text)
    hour = time_of(present).spoken if present is not None and same else ""
    if not hour:
        return parse_period_answer(text, snapshot)
    problem = period_problem(hour, snapshot)
    return ParseResult(problem=problem) if problem else ParseResult(hour)


def _period_needed(snapshot: Snapshot) -> bool:
    return _has_appointments(snapshot) and period_needed(snapshot)


def _summary_values(snapshot: Snapshot) -> dict[str, str]:
    present = _chosen(snapshot)
    values = {"when": show_when(time_of(present)) if present else ""}
    if "settled" in snapshot.slots:
        values["answer"] = show_when(chosen_time(snapshot))
    return values


def _day_needed(snapshot: Snapshot) -> bool:
    """Whether a day has to be asked for: who names only another hour means the same day."""
    window = window_of(snapshot.slots.get("period", ""))
    return _has_appointments(snapshot) and not (window is not None and window.exact)


def _settle_move(draft: DecisionBuilder) -> bool:
    if not _settle_cancel(draft):
        return False
    present = _chosen(draft.snapshot)
    if present is not None and "day" not in draft.snapshot.slots:
        draft.set_slots({"day": present.starts_at.date().isoformat()})
    return not _has_appointments(draft.snapshot) or settle_time(draft)


def _settle_cancel(draft: DecisionBuilder) -> bool:
    """False, and the flow is over, when the appointment is not there any more."""
    if "appointment" not in draft.snapshot.slots or _chosen(draft.snapshot):
        return True
    draft.transition(Event.CANCELLED, "appointment is gone")
    draft.end_flow()
    draft.add_text("appointment_status.gone")
    return False


def _move_key(snapshot: Snapshot) -> str:
    chosen = was_chosen_for_them(snapshot)
    return "move_appointment.confirm_chosen" if chosen else "move_appointment.confirm"


def _tell_that_there_is_none(draft: DecisionBuilder) -> None:
    draft.set_flag("offer", option_ids.SCHEDULE().id)
    draft.add_buttons(
        render("appointment_status.none"),
        option_ids.SCHEDULE(),
        option_ids.HUMAN(),
    )


def finish_move(draft: DecisionBuilder) -> None:
    """Move the appointment to the time that the summary named."""
    present = _chosen(draft.snapshot)
    if present is None:
        _tell_that_there_is_none(draft)
        return
    time = chosen_time(draft.snapshot)
    draft.add_effect(
        MoveAppointment(
            present.id,
            time.day,
            time.at,
        )
    )
    draft.add_text(
        "move_appointment.done",
        when=show_when(time),
        number=present.number,
    )


def finish_cancel(draft: DecisionBuilder) -> None:
    """Cancel the appointment that the summary named."""
    present = _chosen(draft.snapshot)
    if present is None:
        _tell_that_there_is_none(draft)
        return
    draft.add_effect(CancelAppointment(present.id))
    draft.add_text("cancel_appointment.done", when=show_when(time_of(present)))


def finish_status(draft: DecisionBuilder) -> None:
    """Tell the appointments that are still to come."""
    coming = draft.snapshot.appointments[:MOST_SHOWN]
    if not coming:
        _tell_that_there_is_none(draft)
        return
    lines = "\n".join(
        render(
            "appointment_status.line",
            when=show_when(time_of(one)),
            number=one.number,
        )
        for one in coming
    )
    draft.add_text("appointment_status.done", lines=lines)


MOVE_APPOINTMENT = Flow(
    FlowName.MOVE_APPOINTMENT,
    (
        APPOINTMENT,
        replace(
            DAY,
            extract=_find_new_day,
            validate=_wrong_new_day,
            required_if=_day_needed,
        ),
        replace(
            PERIOD,
            extract=_find_new_period,
            parse_answer=_parse_new_period,
            required_if=_period_needed,
        ),
    ),
    finish_move,
    prefill=_only_one,
    needs_confirmation=_has_appointments,
    settle=_settle_move,
    summary_key=_move_key,
    summary_values=_summary_values,
    cancel_key="option.keep",
)
CANCEL_APPOINTMENT = Flow(
    FlowName.CANCEL_APPOINTMENT,
    (APPOINTMENT,),
    finish_cancel,
    prefill=_only_one,
    needs_confirmation=_has_appointments,
    no_means_cancel=True,
    irreversible=_has_appointments,
    settle=_settle_cancel,
    summary_values=_summary_values,
    yes_key="option.cancel_it",
    cancel_key="option.keep",
)
APPOINTMENT_STATUS = Flow(
    FlowName.APPOINTMENT_STATUS, (), finish_status, needs_confirmation=needs_no_yes
)
