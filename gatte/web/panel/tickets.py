"""Tickets: the list with its filters, and one ticket with its notes, its person and its state."""

from datetime import datetime
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.conversation.effects import Urgency
from gatte.desk import tickets, users
from gatte.extensions import db
from gatte.models import Ticket, TicketState, keyring
from gatte.models.columns import new_uuid7
from gatte.store import tickets as stored
from gatte.web.htmx import render_changed_blocks
from gatte.web.panel import labels
from gatte.web.panel.auth import current_user_or_401, note_reading
from gatte.web.panel.form_values import (
    changed,
    chosen_version,
    draft_id,
    form_enum,
    form_text,
    form_user,
    parse_datetime,
    parse_integer,
)
from gatte.web.panel.paging import PAGE, cursor, read_cursor

FILTERS: dict[str, tuple[str, tuple[TicketState, ...]]] = {
    "ativos": ("Ativos", stored.ACTIVE_STATES),
    "abertos": ("Abertos", (TicketState.OPEN,)),
    "andamento": ("Em andamento", (TicketState.IN_PROGRESS, TicketState.WAITING_CUSTOMER)),
    "encerrados": ("Encerrados", stored.SETTLED_STATES),
}


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/chamados", view_func=list_tickets)
    bp.add_url_rule("/panel/chamados/<uuid:ticket_id>", view_func=show_ticket)
    bp.add_url_rule("/panel/chamados/<uuid:ticket_id>", view_func=change_ticket, methods=["POST"])
    bp.add_url_rule(
        "/panel/chamados/<uuid:ticket_id>/notas", view_func=note_ticket, methods=["POST"]
    )


def list_tickets() -> Response:
    name = request.args.get("filtro", "ativos")
    name = name if name in FILTERS else "ativos"
    mine = request.args.get("meus") == "1"
    after = read_cursor(request.args.get("depois"), 2)
    assignee_id = current_user_or_401().id if mine else None
    found = stored.list_in_states(FILTERS[name][1], assignee_id, _last_shown(after), PAGE + 1)
    keyring().preload({one.data_key_id for one in found if one.data_key_id is not None})
    more = None
    if len(found) > PAGE:
        last = found[PAGE - 1]
        more = cursor(last.created_at.isoformat(), last.number)
    return render_changed_blocks(
        "panel/tickets.html",
        "ticket_tabs",
        "tickets",
        tickets=found[:PAGE],
        tabs=_tabs(name, mine=mine),
        mine=mine,
        mine_url=_address(name, mine=not mine),
        poll_url=_address(name, mine=mine, after=request.args.get("depois")),
        first_url=_address(name, mine=mine) if after else None,
        more_url=_address(name, mine=mine, after=more) if more else None,
    )


def _address(name: str, *, mine: bool, after: str | None = None) -> str:
    return url_for("panel.list_tickets", filtro=name, meus="1" if mine else None, depois=after)


def _tabs(shown: str, *, mine: bool) -> list[tuple[str, str, str, int, bool]]:
    counts = stored.count_by_state(current_user_or_401().id if mine else None)
    sums = {
        name: sum(counts.get(state, 0) for state in states) for name, (_, states) in FILTERS.items()
    }
    return [
        (name, text, _address(name, mine=mine), sums[name], name == shown)
        for name, (text, _) in FILTERS.items()
    ]


def _last_shown(values: list[str] | None) -> tuple[datetime, int] | None:
    """Time and number that a cursor names."""
    if values is None:
        return None
    moment = parse_datetime(values[0])
    number = parse_integer(values[1])
    return None if moment is None or number is None else (moment, number)


def show_ticket(ticket_id: UUID) -> Response:
    page = _page(ticket_id)
    note_reading(f"ticket:{ticket_id}")
    return page


def _page(ticket_id: UUID, status: int = 200, **told: object) -> Response:
    """A ticket, with what a refused form held: `choice` (its state and person), or `problem` and
    `written` of a note.
    """
    ticket = _find(ticket_id)
    return render_changed_blocks(
        "panel/ticket.html",
        status=status,
        ticket=ticket,
        notes=stored.list_notes(ticket_id),
        people=users.list_assignable(ticket.assignee),
        states=list(labels.TICKET_STATES.items()),
        urgent=ticket.urgency in {Urgency.HIGH, Urgency.CRITICAL},
        new_draft_id=new_uuid7(),
        longest_note=tickets.LONGEST_NOTE,
        **told,
    )


def _find(ticket_id: UUID) -> Ticket:
    ticket = stored.find_with_people(ticket_id)
    if ticket is None:
        abort(404)
    return ticket


def change_ticket(ticket_id: UUID) -> AnyResponse:
    present = _find(ticket_id).assignee
    state = form_enum("situacao", TicketState)
    assignee = form_user("responsavel", present)
    try:
        tickets.change(ticket_id, state, assignee, current_user_or_401().id, chosen_version())
    except tickets.StaleTicket:
        db.session.rollback()
        return _page(ticket_id, 409, choice=_choice(_find(ticket_id)))
    db.session.commit()
    flash("Chamado atualizado.", "success")
    return redirect(url_for("panel.show_ticket", ticket_id=ticket_id), 303)


def _choice(ticket: Ticket) -> dict[str, str]:
    return {
        "state": changed("situacao", ticket.state.value),
        "person": changed("responsavel", str(ticket.assignee_id or "")),
    }


def note_ticket(ticket_id: UUID) -> AnyResponse:
    body = form_text("nota")
    if not body or len(body) > tickets.LONGEST_NOTE:
        problem = (
            f"Escreva uma nota de 1 a {tickets.LONGEST_NOTE} caracteres. Esta tem {len(body)}."
        )
        return _page(ticket_id, 422, problem=problem, written=body)
    try:
        tickets.add_note(ticket_id, body, current_user_or_401().id, draft_id())
    except stored.NoSuchTicket:
        abort(404)
    db.session.commit()
    flash("Nota salva.", "success")
    return redirect(url_for("panel.show_ticket", ticket_id=ticket_id), 303)
