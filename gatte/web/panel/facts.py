"""What the company says of itself: the list of facts by kind, and one fact to add, change or
remove.

All people of the panel read it; admins change it.
"""

from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.business_hours import DAYS
from gatte.conversation.company_facts import FactKind
from gatte.desk import facts
from gatte.desk.facts import BadFact, FactExists, StaleFact
from gatte.extensions import db
from gatte.models import CompanyFact
from gatte.store import facts as stored
from gatte.web.htmx import render_changed_blocks
from gatte.web.panel import fact_forms
from gatte.web.panel.admin_access import is_admin, require_admin
from gatte.web.panel.auth import current_user_or_401
from gatte.web.panel.form_values import chosen_version

PLACE = "/panel/empresa"
TAKEN = (
    "Já existe um registro igual com esse início de validade. Mude o início ou edite o que existe."
)
BAD_DAY = "Confira as datas de validade: use o formato do calendário."
STALE = (
    "Outra pessoa mudou este registro enquanto você olhava. O que você escreveu continua no "
    "formulário e ainda não foi salvo: confira e salve de novo."
)
OTHER_FIELDS = {
    "key": "Qual registro",
    "valid_to": "Válido até",
    "source": "Fonte",
    "value": "Conteúdo",
}


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=list_facts)
    bp.add_url_rule(f"{PLACE}/novo", view_func=new_fact)
    bp.add_url_rule(f"{PLACE}/novo", view_func=add_fact, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/<uuid:fact_id>", view_func=show_fact)
    bp.add_url_rule(f"{PLACE}/<uuid:fact_id>", view_func=change_fact, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/<uuid:fact_id>/remover", view_func=remove_fact, methods=["POST"])


def list_facts() -> Response:
    kind = _chosen_kind()
    facts_of_kind = sorted(stored.list_all(kind), key=_place_in_week)
    rows = [(one, fact_forms.name_of(one), fact_forms.shown(one)) for one in facts_of_kind]
    return render_changed_blocks(
        "panel/facts.html", rows=rows, kind=kind, tabs=_tabs(kind), may_change=is_admin()
    )


def _place_in_week(fact: CompanyFact) -> int:
    """Weekdays stand as in a week, all else as the store lists it."""
    return DAYS.index(fact.key) if fact.kind is FactKind.HOURS and fact.key in DAYS else 0


def _chosen_kind() -> FactKind:
    try:
        return FactKind(request.values.get("tipo", FactKind.HOURS))
    except ValueError:
        return FactKind.HOURS


def _tabs(chosen: FactKind) -> list[tuple[str, str, str, int, bool]]:
    counts = stored.count_by_kind()
    return [
        (
            kind.value,
            name,
            url_for("panel.list_facts", tipo=kind.value),
            counts.get(kind, 0),
            kind is chosen,
        )
        for kind, name in fact_forms.KINDS.items()
    ]


def new_fact() -> Response:
    require_admin()
    return _form(None, _chosen_kind())


def show_fact(fact_id: UUID) -> Response:
    fact = _find(fact_id)
    return _form(fact, fact.kind)


def _find(fact_id: UUID) -> CompanyFact:
    fact = stored.find(fact_id)
    if fact is None:
        abort(404)
    return fact


def _form(
    fact: CompanyFact | None, kind: FactKind, status: int = 200, problems: tuple[str, ...] = ()
) -> Response:
    """The form of a fact, stored or new; with what was written when it was refused."""
    values = fact_forms.written_again() if problems else fact_forms.written(fact, kind)
    return render_changed_blocks(
        "panel/fact.html",
        status=status,
        fact=fact,
        kind=kind,
        kind_name=fact_forms.KINDS[kind],
        name=fact_forms.name_of(fact) if fact is not None else "",
        keys=fact_forms.keys_of(kind),
        fields=fact_forms.FIELDS[kind],
        choices=fact_forms.CHOICES,
        values=values,
        problems=problems,
        may_change=is_admin(),
    )


def add_fact() -> AnyResponse:
    require_admin()
    kind = _chosen_kind()
    try:
        facts.add(
            fact_forms.draft_of_form(kind, fact_forms.key_of_form(kind)), current_user_or_401().id
        )
    except (BadFact, FactExists, ValueError) as refusal:
        db.session.rollback()
        return _form(None, kind, 422, _problems(kind, refusal))
    db.session.commit()
    flash("Registro criado. O robô já responde com ele.", "success")
    return redirect(url_for("panel.list_facts", tipo=kind.value), 303)


def change_fact(fact_id: UUID) -> AnyResponse:
    require_admin()
    fact = _find(fact_id)
    try:
        draft = fact_forms.draft_of_form(fact.kind, fact.key)
        facts.change(fact_id, draft, current_user_or_401().id, chosen_version())
    except StaleFact:
        db.session.rollback()
        return _form(_find(fact_id), fact.kind, 409, (STALE,))
    except (BadFact, FactExists, ValueError) as refusal:
        db.session.rollback()
        return _form(_find(fact_id), fact.kind, 422, _problems(fact.kind, refusal))
    db.session.commit()
    flash("Registro salvo. O robô já responde com ele.", "success")
    return redirect(url_for("panel.list_facts", tipo=fact.kind.value), 303)


def remove_fact(fact_id: UUID) -> AnyResponse:
    require_admin()
    kind = _find(fact_id).kind
    try:
        facts.remove(fact_id, current_user_or_401().id, chosen_version())
    except StaleFact:
        db.session.rollback()
        flash("Outra pessoa mudou este registro. Confira antes de remover.", "danger")
        return redirect(url_for("panel.show_fact", fact_id=fact_id), 303)
    db.session.commit()
    flash("Registro removido.", "success")
    return redirect(url_for("panel.list_facts", tipo=kind.value), 303)


def _problems(kind: FactKind, refusal: Exception) -> tuple[str, ...]:
    """What is wrong with a form, a line a field."""
    if isinstance(refusal, FactExists):
        return (TAKEN,)
    if not isinstance(refusal, BadFact):
        return (BAD_DAY,)
    hints = {
        one.name: f"{one.label}. {one.hint}" if one.hint else f"{one.label}."
        for one in fact_forms.FIELDS[kind]
    }
    fields = dict.fromkeys(one.field.partition(".")[0] for one in refusal.problems)
    return tuple(
        f"Confira o campo {hints.get(field) or f'{OTHER_FIELDS.get(field, field)}.'}"
        for field in fields
    )
