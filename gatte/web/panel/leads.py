"""Leads: the list with its filters, and one lead with its person and its stage."""

from collections.abc import Sequence
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import joinedload
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import leads, users
from gatte.extensions import db
from gatte.models import Lead, LeadStage, keyring
from gatte.web.htmx import render_changed_blocks
from gatte.web.panel import labels
from gatte.web.panel.auth import current_user_or_401
from gatte.web.panel.form_values import as_uuid, changed, chosen_version, form_enum, form_user
from gatte.web.panel.paging import PAGE, cursor, read_cursor

ACTIVE = (LeadStage.NEW, LeadStage.CONTACTED, LeadStage.QUOTED)
FILTERS: dict[str, tuple[str, tuple[LeadStage, ...]]] = {
    "ativos": ("Ativos", ACTIVE),
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
    found = _leads(FILTERS[name][1], after)
    keyring().preload({one.data_key_id for one in found if one.data_key_id is not None})
    more = cursor(str(found[PAGE - 1].id)) if len(found) > PAGE else None
    return render_changed_blocks(
        "panel/leads.html",
        "lead_tabs",
        "leads",
        leads=found[:PAGE],
        tabs=_tabs(name),
        poll_url=url_for("panel.list_leads", filtro=name, depois=request.args.get("depois")),
        first_url=url_for("panel.list_leads", filtro=name) if after else None,
        more_url=url_for("panel.list_leads", filtro=name, depois=more) if more else None,
    )


def _tabs(shown: str) -> list[tuple[str, str, str, int, bool]]:
    counts: dict[LeadStage, int] = dict(
        db.session.execute(select(Lead.stage, func.count()).group_by(Lead.stage)).all()
    )
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


def _leads(stages: tuple[LeadStage, ...], after: list[str] | None) -> Sequence[Lead]:
    """Leads in these stages, the newest first (ids made later sort later); one more than a page."""
    query = (
        select(Lead)
        .where(Lead.stage.in_(stages))
        .options(joinedload(Lead.contact), joinedload(Lead.owner))
    )
    if after is not None and (last := as_uuid(after[0])) is not None:
        query = query.where(Lead.id < last)
    return db.session.scalars(query.order_by(Lead.id.desc()).limit(PAGE + 1)).all()


def show_lead(lead_id: UUID) -> Response:
    return _page(lead_id)


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
    query = select(Lead).where(Lead.id == lead_id)
    lead: Lead | None = db.session.scalar(
        query.options(joinedload(Lead.contact), joinedload(Lead.owner))
    )
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
