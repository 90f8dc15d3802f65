"""One appointment with what the desk can do, and a new one for a conversation's customer."""

from datetime import date, time
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.conversation.effects import AppointmentKind
from gatte.conversation.parsing.day_wishes import show_day
from gatte.desk import appointments as desk
from gatte.desk.appointments import DeskChange
from gatte.extensions import db
from gatte.models import AppointmentState
from gatte.models.columns import new_uuid7
from gatte.store import appointments as stored
from gatte.store import audit, conversations
from gatte.web.htmx import render_changed_blocks
from gatte.web.panel import labels
from gatte.web.panel.auth import current_user_or_401
from gatte.web.panel.form_values import (
    chosen_version,
    draft_id,
    form_enum,
    form_text,
    parse_day,
)
from gatte.web.panel.formatting import local

PLACE = "/panel/agenda"
HISTORY_SIZE = 20
TOLD = "O cliente foi avisado pelo WhatsApp."
NOT_TOLD = "O cliente não foi avisado: as 24 horas depois da última mensagem dele já passaram."
PROBLEMS = {
    "past": "Esse horário já passou. Escolha outro.",
    "closed": "Nesse dia e hora não há atendimento. Escolha um horário do expediente.",
    "too_early": "Esse horário ainda não chegou: só depois dele se pode dizer como foi.",
    "taken": "Esse horário já está ocupado. Escolha outro.",
    "unreadable": "Escolha um dia e uma hora.",
    "note": f"A nota pode ter até {desk.LONGEST_NOTE} caracteres.",
}
CLOSING_STATES = (
    AppointmentState.DONE,
    AppointmentState.NO_SHOW,
    AppointmentState.CANCELLED,
)


def add_routes(bp: Blueprint) -> None:
    one = f"{PLACE}/<uuid:appointment_id>"
    new = f"{PLACE}/novo/<uuid:conversation_id>"
    bp.add_url_rule(new, view_func=new_appointment)
    bp.add_url_rule(
        new,
        view_func=book_appointment,
        methods=["POST"],
    )
    bp.add_url_rule(one, view_func=show_appointment)
    bp.add_url_rule(
        f"{one}/mover",
        view_func=move_appointment,
        methods=["POST"],
    )
    bp.add_url_rule(
        f"{one}/situacao",
        view_func=close_appointment,
        methods=["POST"],
    )


# --- a new one ---


def new_appointment(conversation_id: UUID) -> Response:
    return _new_page(conversation_id)


def _new_page(conversation_id: UUID, status: int = 200, problem: str = "") -> Response:
    conversation = conversations.find_with_people(conversation_id)
    if conversation is None:
        abort(404)
    calendar = desk.calendar_at(desk.local_now())
    return render_changed_blocks(
        "panel/appointment_new.html",
        status=status,
        conversation=conversation,
        kinds=list(labels.APPOINTMENT_KINDS.items()),
        problem=PROBLEMS.get(problem, ""),
        written=request.form,
        step=calendar.minutes * 60,
        draft=request.form.get("rascunho") or new_uuid7(),
        longest_note=desk.LONGEST_NOTE,
    )


def book_appointment(conversation_id: UUID) -> AnyResponse:
    chosen = _chosen_time()
    note = form_text("nota")
    kind = form_enum("tipo", AppointmentKind) if request.form.get("tipo") else None
    if chosen is None or len(note) > desk.LONGEST_NOTE:
        return _new_page(
            conversation_id,
            422,
            "note" if chosen else "unreadable",
        )
    user_id = current_user_or_401().id
    try:
        done = desk.book(
            conversation_id,
            *chosen,
            kind,
            note,
            user_id,
            draft_id(),
        )
    except conversations.NoSuchConversation:
        abort(404)
    except (desk.NotBookable, stored.TimeTaken) as refused:
        db.session.rollback()
        return _new_page(
            conversation_id,
            409,
            _problem_of(refused),
        )
    return _done(
        "Horário marcado.",
        done,
        tells=True,
    )


def _chosen_time() -> tuple[date, time] | None:
    """The day and the hour that a form names; None when it names none."""
    day = parse_day(request.form.get("dia", ""))
    try:
        at = time.fromisoformat(request.form.get("hora", ""))
    except ValueError:
        return None
    return None if day is None or at.tzinfo else (day, at)


def _problem_of(refused: Exception) -> str:
    return refused.problem if isinstance(refused, desk.NotBookable) else "taken"


def _done(text: str, done: DeskChange, *, tells: bool) -> AnyResponse:
    db.session.commit()
    told = f" {TOLD if done.told else NOT_TOLD}" if tells else ""
    flash(f"{text}{told}", "success" if done.told or not tells else "warn")
    return redirect(url_for("panel.show_appointment", appointment_id=done.appointment_id), 303)


# --- one appointment ---


def show_appointment(appointment_id: UUID) -> Response:
    return _page(appointment_id)


def _page(appointment_id: UUID, status: int = 200, problem: str = "") -> Response:
    """An appointment, with the `problem` of a form that was refused."""
    appointment = stored.find_with_contact(appointment_id)
    if appointment is None:
        abort(404)
    calendar = desk.calendar_at(desk.local_now())
    there = local(appointment.starts_at)
    has_come = appointment.starts_at <= desk.local_now()
    return render_changed_blocks(
        "panel/appointment.html",
        status=status,
        appointment=appointment,
        successor=stored.find_successor(appointment_id),
        title=show_day(there.date().isoformat()),
        there=there,
        is_booked=appointment.state is AppointmentState.BOOKED,
        states=[
            (state, labels.label(state))
            for state in CLOSING_STATES
            if has_come or state is AppointmentState.CANCELLED
        ],
        entries=audit.list_of_subjects([f"appointment:{appointment_id}"], HISTORY_SIZE),
        problem=problem,
        step=calendar.minutes * 60,
    )


STALE = "Outra pessoa mudou este horário enquanto você olhava. Confira como ele está agora."


def move_appointment(appointment_id: UUID) -> AnyResponse:
    chosen = _chosen_time()
    if chosen is None:
        return _page(
            appointment_id,
            422,
            PROBLEMS["unreadable"],
        )
    user_id = current_user_or_401().id
    try:
        done = desk.move(
            appointment_id,
            *chosen,
            user_id,
            chosen_version(),
        )
    except stored.NoSuchAppointment:
        abort(404)
    except desk.StaleAppointment:
        db.session.rollback()
        return _page(
            appointment_id,
            409,
            STALE,
        )
    except (desk.NotBookable, stored.TimeTaken) as refused:
        db.session.rollback()
        return _page(
            appointment_id,
            409,
            PROBLEMS[_problem_of(refused)],
        )
    return _done(
        "Horário mudado.",
        done,
        tells=True,
    )


def close_appointment(appointment_id: UUID) -> AnyResponse:
    state = form_enum("situacao", AppointmentState)
    if state not in CLOSING_STATES:
        abort(400)
    user_id = current_user_or_401().id
    try:
        done = desk.set_state(
            appointment_id,
            state,
            user_id,
            chosen_version(),
        )
    except stored.NoSuchAppointment:
        abort(404)
    except desk.StaleAppointment:
        db.session.rollback()
        return _page(
            appointment_id,
            409,
            STALE,
        )
    except desk.NotBookable as refused:
        db.session.rollback()
        return _page(
            appointment_id,
            409,
            PROBLEMS[refused.problem],
        )
    cancelled = state is AppointmentState.CANCELLED
    return _done(
        "Horário atualizado.",
        done,
        tells=cancelled,
    )
