"""One's own account: the browsers in which one is logged in, another password, and the password
once more before what would do great harm.
"""

from uuid import UUID

from flask import Blueprint, abort, flash, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from gatte import services
from gatte.desk import users
from gatte.desk.login_attempts import Attempt
from gatte.extensions import db
from gatte.models import User
from gatte.store import audit, login_sessions, second_factors
from gatte.web.htmx import render
from gatte.web.panel import current_login
from gatte.web.panel.auth import current_user_or_401, in_words, safe_next

WRONG = "A senha não confere. Confira e tente de novo."
TOO_MANY = "Muitas tentativas. Espere {wait} e tente de novo."
NOT_REPEATED = "As duas senhas novas são diferentes. Digite a mesma nas duas vezes."
SAME = "A senha nova é igual à atual. Escolha outra."
WEAK = (
    f"A senha nova precisa ter de {users.MIN_PASSWORD_LENGTH} a {users.MAX_PASSWORD_LENGTH} "
    "caracteres. Uma frase que só você conhece é uma boa senha."
)
CHANGED = "Sua senha foi trocada. Todos os outros acessos à sua conta foram encerrados."
PLACE = "/panel/conta"


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule(PLACE, view_func=show_account)
    bp.add_url_rule(f"{PLACE}/acessos/<uuid:session_id>", view_func=end_session, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/senha", view_func=show_password)
    bp.add_url_rule(f"{PLACE}/senha", view_func=change_password, methods=["POST"])
    bp.add_url_rule(f"{PLACE}/confirmar", view_func=show_confirmation)
    bp.add_url_rule(f"{PLACE}/confirmar", view_func=confirm_password, methods=["POST"])


def show_account() -> AnyResponse:
    user = current_user_or_401()
    return render(
        "panel/account.html",
        logins=login_sessions.list_live(user.id, current_login.limits()),
        this_login=current_login.current_login().id,
        has_second_factor=second_factors.find_confirmed(user.id) is not None,
    )


def end_session(session_id: UUID) -> AnyResponse:
    """Log oneself out of another browser; nobody can end another person's session here."""
    if not users.end_own_session(current_user_or_401(), session_id):
        abort(404)
    db.session.commit()
    flash("O acesso foi encerrado.", "success")
    return redirect(url_for("panel.show_account"), 303)


def show_password() -> AnyResponse:
    return render("panel/password.html")


def change_password() -> AnyResponse:
    """Another password, which ends every session of the user and begins a new one here."""
    user = current_user_or_401()
    if waiting := _begin_attempt(user):
        return _refuse_password(waiting, 429)
    wanted = request.form.get("nova", "")
    if wanted != request.form.get("repetida", ""):
        return _refuse_password(NOT_REPEATED, 422)
    try:
        users.change_own_password(user, request.form.get("atual", ""), wanted)
    except users.WrongPassword:
        return _refuse_password(WRONG, 422)
    except users.SamePassword:
        return _refuse_password(SAME, 422)
    except users.WeakPassword:
        return _refuse_password(WEAK, 422)
    current_login.start(user)
    db.session.commit()
    services.login_attempts().forget(_attempt(user))
    flash(CHANGED, "success")
    return redirect(url_for("panel.list_sessions"), 303)


def _refuse_password(problem: str, status: int) -> AnyResponse:
    return render("panel/password.html", status=status, problem=problem)


def show_confirmation() -> AnyResponse:
    return render("panel/confirm_password.html", next=safe_next(request.args.get("next")))


def confirm_password() -> AnyResponse:
    """The password once more: for a while accounts may be changed."""
    user = current_user_or_401()
    if waiting := _begin_attempt(user):
        return _refuse_confirmation(waiting, 429)
    if not users.has_password(user, request.form.get("password", "")):
        audit.record(user.id, "confirmation_refused", f"user:{user.id}")
        db.session.commit()
        return _refuse_confirmation(WRONG, 422)
    login_sessions.note_authenticated(current_login.current_login())
    db.session.commit()
    services.login_attempts().forget(_attempt(user))
    onward = safe_next(request.form.get("next")) or url_for("panel.show_account")
    return redirect(onward, 303)


def _refuse_confirmation(problem: str, status: int) -> AnyResponse:
    onward = safe_next(request.form.get("next"))
    return render("panel/confirm_password.html", status=status, problem=problem, next=onward)


def _begin_attempt(user: User) -> str:
    """What to tell somebody who guessed too often; empty when the password may be looked at."""
    seconds = services.login_attempts().begin(_attempt(user))
    return TOO_MANY.format(wait=in_words(seconds)) if seconds else ""


def _attempt(user: User) -> Attempt:
    """Guesses within a session are counted by the account: the session stands for the browser."""
    return Attempt(user.email, "", f"session of {user.id}")
