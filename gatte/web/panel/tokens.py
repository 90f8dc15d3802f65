"""Tokens of the API: an admin makes them, sees each once, and revokes them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from flask import Blueprint, Response, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import api_tokens, users
from gatte.desk.api_tokens import IssuedToken
from gatte.extensions import db
from gatte.models import Scope
from gatte.store import api_tokens as stored
from gatte.web.htmx import render
from gatte.web.panel import labels
from gatte.web.panel.admin_access import require_admin
from gatte.web.panel.auth import current_user_or_401, require_fresh_login
from gatte.web.panel.form_values import form_text, form_user, parse_integer
from gatte.web.panel.formatting import now

PLACE = "/panel/tokens"
LIFETIMES = {30: "30 dias", 90: "90 dias", 365: "1 ano", 0: "Sem prazo"}


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=list_tokens)
    bp.add_url_rule(PLACE, view_func=create_token, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/<uuid:token_id>/revogar", view_func=revoke_token, methods=["POST"])


def list_tokens() -> AnyResponse:
    """The tokens and the form of a new one; a login of a short time ago comes first, so that the
    form is not lost to it.
    """
    return _confirm_first() or _page()


def create_token() -> AnyResponse:
    """Make a token; the answer shows it, this once."""
    if (asked := _confirm_first()) is not None:
        return asked
    days = parse_integer(request.form.get("prazo", ""))
    if days not in LIFETIMES:
        abort(400)
    scopes = [scope for scope in Scope if scope.value in request.form.getlist("permissao")]
    acting = form_user("pessoa")
    name = form_text("nome")
    if acting is None or not scopes or not 0 < len(name) <= api_tokens.LONGEST_NAME:
        problem = "Dê um nome ao token, escolha a pessoa e marque ao menos uma permissão."
        return _page(status=422, problem=problem, chosen=[scope.value for scope in scopes])
    issued = api_tokens.issue(
        name,
        scopes,
        acting,
        created_by_id=current_user_or_401().id,
        expires_at=datetime.now(UTC) + timedelta(days=days) if days else None,
    )
    db.session.commit()
    return _page(issued=issued)


def revoke_token(token_id: UUID) -> AnyResponse:
    if (asked := _confirm_first()) is not None:
        return asked
    try:
        token = api_tokens.revoke(token_id, current_user_or_401().id)
    except stored.NoSuchToken:
        abort(404)
    db.session.commit()
    flash(f"Token {token.name} revogado: ele não abre mais nada.", "success")
    return redirect(url_for("panel.list_tokens"), 303)


def _confirm_first() -> AnyResponse | None:
    """403 for who is no admin; None for one who typed the password a short time ago, else the way
    to the page that asks for it.
    """
    require_admin()
    return require_fresh_login(url_for("panel.list_tokens"))


def _page(
    status: int = 200,
    *,
    issued: IssuedToken | None = None,
    problem: str = "",
    chosen: list[str] | None = None,
) -> Response:
    return render(
        "panel/tokens.html",
        status=status,
        tokens=stored.list_tokens(),
        people=users.list_assignable(None),
        scopes=list(labels.SCOPES.items()),
        lifetimes=list(LIFETIMES.items()),
        longest_name=api_tokens.LONGEST_NAME,
        now=now(),
        issued=issued,
        problem=problem,
        chosen=chosen or [],
        written=form_text("nome") if problem else "",
    )
