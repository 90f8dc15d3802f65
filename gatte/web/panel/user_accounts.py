"""The people of the panel as an admin sees them: roles, accounts that are switched off, logins.

Every change asks for a login of a short time ago. New people are added by `flask users create`.
"""

from collections.abc import Callable

from flask import Blueprint, abort, flash, redirect, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import one_time_codes, users
from gatte.extensions import db
from gatte.models import Role, User
from gatte.store import login_sessions, second_factors
from gatte.store import users as accounts
from gatte.web.htmx import render
from gatte.web.panel import current_login, labels
from gatte.web.panel.admin_access import require_admin
from gatte.web.panel.auth import require_fresh_login
from gatte.web.panel.form_values import form_enum

LAST_ADMIN = (
    "Esta é a última conta de administração ativa. Dê esse papel a outra pessoa antes. "
    "Nada foi alterado."
)
PLACE = "/panel/pessoas"


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=list_users)
    for name, view in (
        ("papel", change_role),
        ("desativar", disable_user),
        ("reativar", enable_user),
        ("encerrar", end_user_sessions),
        ("segunda-etapa", remove_user_second_factor),
    ):
        bp.add_url_rule(f"{PLACE}/<int:user_id>/{name}", view_func=view, methods=["POST"])


def list_users() -> AnyResponse:
    require_admin()
    return render(
        "panel/users.html",
        people=accounts.list_by_email(),
        logins=login_sessions.count_live_by_user(current_login.limits()),
        protected=second_factors.list_protected_users(),
        roles=labels.ROLES,
    )


def change_role(user_id: int) -> AnyResponse:
    require_admin()  # before the form is looked at
    role = form_enum("papel", Role)
    praise = f"Papel alterado: {labels.ROLES[role]}. A pessoa precisa entrar de novo."
    return _change(user_id, lambda user, by: users.change_role(user, role, by=by), praise)


def disable_user(user_id: int) -> AnyResponse:
    praise = "Conta desativada. A pessoa já está fora do painel."
    return _change(user_id, lambda user, by: users.disable(user, by=by), praise)


def enable_user(user_id: int) -> AnyResponse:
    return _change(user_id, lambda user, by: users.enable(user, by=by), "Conta reativada.")


def end_user_sessions(user_id: int) -> AnyResponse:
    praise = "Todos os acessos da pessoa foram encerrados."
    return _change(user_id, users.end_sessions, praise)


def remove_user_second_factor(user_id: int) -> AnyResponse:
    """For somebody who lost the phone and the codes on paper."""
    praise = "Segunda etapa desativada. A pessoa entra só com a senha até configurar de novo."
    return _change(user_id, one_time_codes.remove, praise)


def _change(user_id: int, action: Callable[[User, int], object], praise: str) -> AnyResponse:
    """Change an account and commit, once the admin typed the password a short time ago."""
    admin = require_admin()
    page = url_for("panel.list_users")
    if (asked := require_fresh_login(page)) is not None:
        return asked
    user = accounts.find_by_id(user_id)
    if user is None:
        abort(404)
    try:
        action(user, admin.id)
        db.session.commit()
    except users.LastAdmin:
        db.session.rollback()
        flash(LAST_ADMIN, "danger")
        return redirect(page, 303)
    flash(praise, "success")
    return redirect(page, 303)
