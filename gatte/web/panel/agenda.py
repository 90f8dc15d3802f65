"""The agenda: the appointments of a day or of a week."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from flask import Blueprint, Response, request, url_for

from gatte import services
from gatte.conversation.parsing.day_wishes import show_day
from gatte.desk import appointments as desk
from gatte.models import Appointment, keyring
from gatte.store import appointments as stored
from gatte.web.htmx import render_changed_blocks
from gatte.web.panel.form_values import parse_day
from gatte.web.panel.formatting import local

DAYS_OF_VIEW = {"dia": 1, "semana": 7}
MOST_SHOWN = 500


@dataclass(frozen=True)
class AgendaDay:
    """A day of the agenda: its name, whether the company is open, its appointments."""

    day: date
    title: str
    open: bool
    appointments: Sequence[Appointment]


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/agenda", view_func=show_agenda)


def show_agenda() -> Response:
    view = request.args.get("vista", "")
    view = view if view in DAYS_OF_VIEW else "semana"
    today = desk.local_now().date()
    first = parse_day(request.args.get("dia", "")) or today
    if view == "semana":
        first -= timedelta(days=first.weekday())
    count = DAYS_OF_VIEW[view]
    step = timedelta(days=count)
    return render_changed_blocks(
        "panel/agenda.html",
        "agenda",
        days=_days(first, count),
        today=today,
        view=view,
        tabs=[
            (name, name.capitalize(), _address(name, first), None, name == view)
            for name in DAYS_OF_VIEW
        ],
        earlier_url=_address(view, first - step),
        today_url=_address(view, today),
        later_url=_address(view, first + step),
        poll_url=_address(view, first),
    )


def _address(view: str, day: date) -> str:
    return url_for(
        "panel.show_agenda",
        vista=view,
        dia=day.isoformat(),
    )


def _days(first: date, count: int) -> list[AgendaDay]:
    zone = services.settings().time_zone
    start = datetime.combine(
        first,
        time(0),
        zone,
    )
    end = datetime.combine(
        first + timedelta(days=count),
        time(0),
        zone,
    )
    found = stored.list_between(
        start,
        end,
        MOST_SHOWN,
    )
    keyring().preload({key_id for one in found if (key_id := one.contact.data_key_id) is not None})
    calendar = desk.calendar_at(desk.local_now())
    days = [first + timedelta(days=number) for number in range(count)]
    return [
        AgendaDay(
            day=day,
            title=show_day(day.isoformat()),
            open=bool(calendar.spans(day)),
            appointments=[one for one in found if local(one.starts_at).date() == day],
        )
        for day in days
    ]
