"""What booking and moving share: which days and hours can be, and how a wish becomes one free time.

The slots `settled` and `period_wish` keep what the wish came to and which period it was made of, so
that another day can be looked up with the same wish.
"""

from datetime import date

from gatte.conversation import option_ids
from gatte.conversation.appointment_calendar import FreeTime
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.parsing.dates import find_day
from gatte.conversation.parsing.day_wishes import DayWish, show_day, wish_of
from gatte.conversation.parsing.normalize import ParseResult
from gatte.conversation.parsing.times import find_period, parse_period, show_time, window_of
from gatte.conversation.replies import ReplyOption
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import Event
from gatte.conversation.texts import render

OPTIONS_SHOWN = 3
SETTLED, PERIOD_WISH = "settled", "period_wish"


def day_problem(wished: str, snapshot: Snapshot) -> str:
    """What is wrong with the days of a wish, when none of them can be."""
    alternatives = wish_of(wished).alternatives
    if not all(one.one_day for one in alternatives):
        return ""
    problems = [snapshot.calendar.day_problem(one.first, snapshot.now) for one in alternatives]
    return problems[0] if all(problems) else ""


def period_problem(period: str, snapshot: Snapshot) -> str:
    """What is wrong with a period on the day that is known, or on any."""
    day = _one_day(snapshot)
    calendar = snapshot.calendar
    if not calendar.opens_within(
        period,
        day,
        snapshot.now,
    ):
        return "hour_outside"
    window = window_of(period)
    if day != snapshot.now.date() or window is None:
        return ""
    left = calendar.in_time(day, snapshot.now)
    if window.exact:
        return "" if left and window.first >= left[0] else "hour_passed"
    return "" if any(window.holds(at) for at in left) else "hour_passed"


def _one_day(snapshot: Snapshot) -> date | None:
    wished = snapshot.slots.get("day")
    alternatives = wish_of(wished).alternatives if wished else ()
    one = alternatives[0] if len(alternatives) == 1 else None
    return one.first if one and one.one_day else None


def parse_period_answer(text: str, snapshot: Snapshot) -> ParseResult:
    """The period that answers the question for one, where it can be on the day that is known."""
    found = parse_period(text)
    problem = period_problem(found.value, snapshot) if found.value else found.problem
    return ParseResult(problem=problem) if problem else found


def period_needed(snapshot: Snapshot) -> bool:
    """Whether a period has to be asked for: not where each day came with its own."""
    wished = snapshot.slots.get("day")
    return not wished or any(not one.period for one in wish_of(wished).alternatives)


def spoken_hours(snapshot: Snapshot) -> dict[str, str]:
    """The hours of the day that was wished for, or of the next open day, as a text says them."""
    calendar, now = snapshot.calendar, snapshot.now
    day = _one_day(snapshot)
    spans = calendar.spans(day) if day else []
    if not spans:
        following = calendar.next_free(
            now.date(),
            "",
            now,
            1,
        )
        spans = calendar.spans(following[0].day) if following else []
    spoken = [
        render(
            "schedule.span",
            first=show_time(opens),
            second=show_time(closes),
        )
        for opens, closes in spans
    ]
    return {"hours": " e ".join(spoken)}


def day_options(snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    """The next days that have a free time, after today."""
    period = snapshot.slots.get("period", "")
    tomorrow = date.fromordinal(snapshot.now.date().toordinal() + 1)
    free = snapshot.calendar.next_free(
        tomorrow,
        _without_hour(period),
        snapshot.now,
        OPTIONS_SHOWN,
    )
    return tuple(ReplyOption(f"slot:day:{one.day}", _short_day(one.day)) for one in free)


def _without_hour(period: str) -> str:
    window = window_of(period)
    return "" if window is None or window.exact else period


def _short_day(day: date) -> str:
    return show_day(day.isoformat()).replace("-feira", "").capitalize()


def period_options(snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    """Morning and afternoon, as far as the day that is known has them."""
    keys = {"manhã": "option.morning", "tarde": "option.afternoon"}
    return tuple(
        ReplyOption(f"slot:period:{period}", render(key))
        for period, key in keys.items()
        if not period_problem(period, snapshot)
    )


def next_free_options(text: str, snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    """The free times nearest to what a refused text wished for."""
    wished = find_day(text, snapshot.now).value or snapshot.slots.get("day", "")
    first = _first_day(wish_of(wished), snapshot) if wished else snapshot.now.date()
    period = find_period(text).value or snapshot.slots.get("period", "")
    return _as_options(
        snapshot,
        first,
        period,
    )


def _first_day(wish: DayWish, snapshot: Snapshot) -> date:
    """The first day of a wish that can be looked from; today for one that is over or too far."""
    day = wish.alternatives[0].first
    looked = snapshot.calendar.day_problem(day, snapshot.now) not in {"day_past", "day_far"}
    return day if looked else snapshot.now.date()


def _as_options(snapshot: Snapshot, first: date, period: str) -> tuple[ReplyOption, ...]:
    free = snapshot.calendar.next_free(
        first,
        period,
        snapshot.now,
        OPTIONS_SHOWN,
    )
    return tuple(ReplyOption(f"slot:day:{one.day}@{one.spoken}", one.short) for one in free)


# --- from a wish to one free time ---


def settle_time(draft: DecisionBuilder) -> bool:
    """Make the wish one free time; where there is none, offer the next ones and return False."""
    snapshot = draft.snapshot
    wish, period = wish_of(snapshot.slots["day"]), _wished_period(snapshot)
    found = snapshot.calendar.first_free(
        wish,
        period,
        snapshot.now,
    )
    if found is None:
        _offer_next_free(
            draft,
            wish,
            period,
        )
        return False
    _keep(
        draft,
        wish,
        period,
        found,
    )
    return True


def _wished_period(snapshot: Snapshot) -> str:
    """The period as it was said; the hour that was made of it stands for it as long as nobody
    changes it, and for the day for which it was made.
    """
    slots = snapshot.slots
    settled_day, _, settled_hour = slots.get(SETTLED, "").partition("@")
    period = slots.get("period", "")
    same_hour = bool(settled_hour) and period == settled_hour
    if same_hour and slots["day"] != settled_day:
        return slots.get(PERIOD_WISH, period)
    return period


def _keep(draft: DecisionBuilder, wish: DayWish, period: str, found: FreeTime) -> None:
    settled = f"{found.day}@{found.spoken}"
    if draft.snapshot.slots.get(SETTLED) == settled:
        return
    alternative = wish.alternatives[0]
    said = alternative.period or period
    literal = len(wish.alternatives) == 1 and alternative.one_day and said == found.spoken
    kept = {"day": found.day.isoformat(), "period": found.spoken, SETTLED: settled}
    draft.set_slots({**kept, PERIOD_WISH: said, "chosen": "" if literal else "1"})


def _offer_next_free(draft: DecisionBuilder, wish: DayWish, period: str) -> None:
    """Say that nothing is free then, and offer what is; the day stays where it has other times."""
    snapshot = draft.snapshot
    first = _first_day(wish, snapshot)
    day_is_open = bool(snapshot.calendar.free(first, snapshot.now))
    slot = "period" if day_is_open else "day"
    draft.transition(Event.CORRECTED, f"{slot} is not free")
    draft.clear_slots(
        slot,
        SETTLED,
        PERIOD_WISH,
        "chosen",
    )
    draft.update(requested_slot=slot)
    options = _as_options(
        snapshot,
        first,
        period,
    )
    if not options:
        draft.add_buttons(
            render("schedule.all_full"),
            option_ids.HUMAN(),
            option_ids.MENU(),
        )
        return
    key = "schedule.hour_full" if day_is_open else "schedule.day_full"
    draft.add_buttons(render(key, day=show_day(first.isoformat())), *options)


def was_chosen_for_them(snapshot: Snapshot) -> bool:
    """Whether the time of the summary is narrower than what was said."""
    return bool(snapshot.slots.get("chosen"))


def chosen_time(snapshot: Snapshot) -> FreeTime:
    """The time that the summary names."""
    slots = snapshot.slots
    window = window_of(slots["period"])
    if window is None:
        raise ValueError("no time was settled")
    return FreeTime(date.fromisoformat(slots["day"]), window.first)
