"""The second step of a login, and the pages by which one sets it up and takes it away."""

import time

import segno
import structlog
from flask import Blueprint, Response, abort, flash, redirect, request, session, url_for
from flask_login import current_user
from markupsafe import Markup
from werkzeug.wrappers import Response as AnyResponse

from gatte import services
from gatte.desk import one_time_codes, users
from gatte.desk.login_attempts import Attempt
from gatte.extensions import db
from gatte.models import User
from gatte.store import audit, second_factors
from gatte.web.htmx import render
from gatte.web.panel import auth, current_login

log = structlog.get_logger(__name__)

PLACE = "/panel/conta/segunda-etapa"
STEP_PLACE = "/panel/login/codigo"
WAITING_SECONDS = 5 * 60
WRONG = (
    "O código não confere ou já foi usado. Espere o próximo código do aplicativo e tente de novo."
)
TOO_MANY = "Muitas tentativas. Espere {wait} e tente de novo."
TOO_LATE = "O tempo para digitar o código acabou. Entre de novo."
REMOVED = "A segunda etapa foi desativada. Só a senha basta para entrar."
NEEDED = (
    "Quem administra o painel pede uma segunda etapa no seu acesso. Ela não pode ser desativada."
)


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(STEP_PLACE, view_func=show_code)
    bp.add_url_rule(STEP_PLACE, view_func=check_code, methods=["POST"])
    bp.add_url_rule(PLACE, view_func=show_second_factor)
    bp.add_url_rule(PLACE, view_func=confirm_second_factor, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/codigos", view_func=renew_recovery_codes, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/desativar", view_func=remove_second_factor, methods=["POST"])


def show_code() -> AnyResponse:
    if current_user.is_authenticated:
        return auth.home()
    if _waiting() is None:
        return _too_late()
    return render("panel/login_code.html")


def check_code() -> AnyResponse:
    """The code of somebody whose password was right within the last minutes."""
    if current_user.is_authenticated:
        return auth.home()
    waiting = _waiting()
    user = None if waiting is None else users.find_active_user(waiting[0])
    if waiting is None or user is None:
        return _too_late()
    attempt = _attempt(user)
    if seconds := services.login_attempts().begin(attempt):
        response = _refuse(TOO_MANY.format(wait=auth.in_words(seconds)), 429)
        response.headers["Retry-After"] = str(seconds)
        return response
    if not one_time_codes.check(user, request.form.get("codigo", "")[:64]):
        log.info("second_factor_refused", user_id=user.id)
        audit.record(user.id, "second_factor_refused", f"user:{user.id}")
        db.session.commit()
        return _refuse(WRONG, 401)
    services.login_attempts().forget(attempt)
    return auth.let_in(user, waiting[1])


def _waiting() -> tuple[str, str | None] | None:
    """Whose code is awaited and the page to go on to; None when nobody's is, or no longer."""
    try:
        user_id, since, onward = session[auth.CODE_AWAITED]
    except (KeyError, TypeError, ValueError):
        return None
    return (user_id, onward) if time.time() - since < WAITING_SECONDS else None


def _attempt(user: User) -> Attempt:
    """Guesses at a code are counted by the account, apart from those at its password."""
    return Attempt(f"{user.email}\0code", "", f"code of {user.id}")


def _too_late() -> AnyResponse:
    flash(TOO_LATE, "info")
    return redirect(url_for("panel.show_login"), 303)


def _refuse(problem: str, status: int) -> Response:
    return render("panel/login_code.html", status=status, problem=problem)


def show_second_factor() -> AnyResponse:
    """Set the second step up, or see that it is; a login of a short time ago comes first."""
    if (asked := auth.require_fresh_login(PLACE)) is not None:
        return asked
    user = auth.current_user_or_401()
    if second_factors.find_confirmed(user.id) is not None:
        left = second_factors.count_recovery_codes(user.id)
        return render(
            "panel/second_factor.html",
            left=left,
            may_remove=not current_login.needs_second_factor(user),
        )
    return _show_enrolment(user)


def confirm_second_factor() -> AnyResponse:
    """The first code of the app: from now on every login asks for one."""
    if (asked := auth.require_fresh_login(PLACE)) is not None:
        return asked
    user = auth.current_user_or_401()
    if second_factors.find_confirmed(user.id) is not None:
        return redirect(url_for("panel.show_second_factor"), 303)  # the form was sent twice
    attempt = _attempt(user)
    if seconds := services.login_attempts().begin(attempt):
        return _show_enrolment(user, TOO_MANY.format(wait=auth.in_words(seconds)), 429)
    try:
        codes = one_time_codes.confirm(user, request.form.get("codigo", "")[:64])
    except one_time_codes.WrongCode:
        return _show_enrolment(user, WRONG, 422)
    db.session.commit()
    services.login_attempts().forget(attempt)
    session.pop(current_login.MUST_ENROL, None)
    return render("panel/recovery_codes.html", codes=codes)


def renew_recovery_codes() -> AnyResponse:
    """Ten new codes on paper."""
    if (asked := auth.require_fresh_login(PLACE)) is not None:
        return asked
    user = auth.current_user_or_401()
    if second_factors.find_confirmed(user.id) is None:
        abort(409)
    codes = one_time_codes.renew_recovery_codes(user)
    db.session.commit()
    return render("panel/recovery_codes.html", codes=codes)


def remove_second_factor() -> AnyResponse:
    """The password alone again, where that is allowed."""
    if (asked := auth.require_fresh_login(PLACE)) is not None:
        return asked
    user = auth.current_user_or_401()
    if current_login.needs_second_factor(user):
        flash(NEEDED, "danger")
        return redirect(url_for("panel.show_second_factor"), 303)
    one_time_codes.remove(user, user.id)
    db.session.commit()
    flash(REMOVED, "success")
    return redirect(url_for("panel.show_account"), 303)


def _show_enrolment(user: User, problem: str = "", status: int = 200) -> AnyResponse:
    company = services.settings().gatte_company_name
    enrolment = one_time_codes.pending(user, company)
    if enrolment is None:
        enrolment = one_time_codes.begin(user, company)
        db.session.commit()
    picture = segno.make(enrolment.uri, error="m").svg_inline(scale=4)
    return render(
        "panel/second_factor_setup.html",
        status=status,
        problem=problem,
        picture=Markup(picture),  # noqa: S704 - drawn by segno of what is ours
        secret=enrolment.secret,
    )
