"""Leads: the list with its filters, and one lead with its person and its stage."""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import leads, users
from gatte.extensions import db
from gatte.models import Lead, LeadStage, keyring
from gatte.store import leads as stored
from gatte.web.htmx import render_changed_blocks
from gatte.web.panel import labels
from gatte.web.panel.admin_access import is_admin
from gatte.web.panel.auth import current_user_or_401, note_reading
from gatte.web.panel.form_values import as_uuid, changed, chosen_version, form_enum, form_user
from gatte.web.panel.paging import PAGE, cursor, read_cursor

FILTERS: dict[str, tuple[str, tuple[LeadStage, ...]]] = {
    "ativos": ("Ativos", stored.ACTIVE_STAGES),
    "novos": ("Novos", (LeadStage.NEW,)),
    "negociacao": ("Em negociação", (LeadStage.CONTACTED, LeadStage.QUOTED)),
    "ganhos": ("Vendas feitas", (LeadStage.WON,)),
    "perdidos": ("Perdidos", (LeadStage.LOST,)),
}


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/leads", view_func=list_leads)
    bp.add_url_rule("/panel/leads/<uuid:lead_id>", view_func=show_lead)
    bp.add_url_rule("/panel/leads/<uuid:lead_id>", view_func=change_lead, methods=["POST"])


def list_leads() -> Response:
    name = request.args.get("filtro", "ativos")
    name = name if name in FILTERS else "ativos"
    after = read_cursor(request.args.get("depois"), 1)
    last_id = as_uuid(after[0]) if after else None
    found = stored.list_in_stages(FILTERS[name][1], last_id, PAGE + 1)
    keyring().preload({one.data_key_id for one in found if one.data_key_id is not None})
    more = cursor(str(found[PAGE - 1].id)) if len(found) > PAGE else None
    return render_changed_blocks(
        "panel/leads.html",
        "lead_tabs",
        "leads",
        leads=found[:PAGE],
        tabs=_tabs(name),
        csv_url=url_for("panel.download_leads", filtro=name),
        is_admin=is_admin(),
        poll_url=url_for("panel.list_leads", filtro=name, depois=request.args.get("depois")),
        first_url=url_for("panel.list_leads", filtro=name) if after else None,
        more_url=url_for("panel.list_leads", filtro=name, depois=more) if more else None,
    )


def _tabs(shown: str) -> list[tuple[str, str, str, int, bool]]:
    counts = stored.count_by_stage()
    return [
        (
            name,
            text,
            url_for("panel.list_leads", filtro=name),
            sum(counts.get(stage, 0) for stage in stages),
            name == shown,
        )
        for name, (text, stages) in FILTERS.items()
    ]


def show_lead(lead_id: UUID) -> Response:
    page = _page(lead_id)
    note_reading(f"lead:{lead_id}")
    return page


def _page(lead_id: UUID, status: int = 200, **told: object) -> Response:
    """A lead, with the `choice` (stage and person) that a refused form held."""
    lead = _find(lead_id)
    return render_changed_blocks(
        "panel/lead.html",
        status=status,
        lead=lead,
        people=users.list_assignable(lead.owner),
        stages=list(labels.STAGES.items()),
        **told,
    )


def _find(lead_id: UUID) -> Lead:
    lead = stored.find_with_people(lead_id)
    if lead is None:
        abort(404)
    return lead


def change_lead(lead_id: UUID) -> AnyResponse:
    present = _find(lead_id).owner
    stage = form_enum("etapa", LeadStage)
    owner = form_user("responsavel", present)
    try:
        leads.change(lead_id, stage, owner, current_user_or_401().id, chosen_version())
    except leads.StaleLead:
        db.session.rollback()
        return _page(lead_id, 409, choice=_choice(_find(lead_id)))
    db.session.commit()
    flash("Lead atualizado.", "success")
    return redirect(url_for("panel.show_lead", lead_id=lead_id), 303)


def _choice(lead: Lead) -> dict[str, str]:
    return {
        "stage": changed("etapa", lead.stage.value),
        "person": changed("responsavel", str(lead.owner_id or "")),
    }
