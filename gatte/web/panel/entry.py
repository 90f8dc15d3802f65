"""The way in and out: login, logout, and the start page."""

from typing import cast
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, flash, redirect, request, session, url_for
from flask_limiter import RequestLimit
from flask_login import current_user, login_user, logout_user
from flask_wtf.csrf import CSRFError
from htmx_flask import request as htmx_request
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import people
from gatte.extensions import db, limiter, login
from gatte.models import User
from gatte.web.panel.reading import refuse_unstorable
from gatte.web.rendering import render
from gatte.web.security import csrf_refused

log = structlog.get_logger(__name__)

PUBLIC = frozenset({"panel.show_login", "panel.log_in"})
WRONG = "E-mail ou senha incorretos. Confira e tente de novo."
TOO_MANY = "Muitas tentativas. Espere um minuto e tente de novo."
SESSION_OVER = "Sua sessão terminou. Entre de novo para continuar: o que você estava escrevendo ficou guardado nesta aba."
PAGE_OLD = "Você entrou de novo no painel e esta página ainda era a antiga. Nada foi feito: confira e repita a ação."
login.session_protection = "strong"
login.user_loader(people.find_active_user)


def add_routes(bp: Blueprint) -> None:
    bp.before_request(require_login)
    bp.before_request(refuse_unstorable)
    bp.register_error_handler(CSRFError, _token_refused)
    bp.add_url_rule("/", view_func=start)
    bp.add_url_rule("/panel/", view_func=start, endpoint="panel_start")
    bp.add_url_rule("/panel/login", view_func=show_login)
    bp.add_url_rule("/panel/login", view_func=log_in, methods=["POST"])
    bp.add_url_rule("/panel/logout", view_func=log_out, methods=["POST"])


def me() -> User:
    """The user of this request."""
    return cast("User", current_user._get_current_object())  # noqa: SLF001 - its documented way


def require_login() -> AnyResponse | None:
    """Nothing of the panel opens without a login but what `PUBLIC` lists."""
    if request.endpoint in PUBLIC or current_user.is_authenticated:
        return None
    if htmx_request.htmx:
        _tell_once(SESSION_OVER)
        page = _path_of(htmx_request.htmx.current_url)
        return Response(status=401, headers={"HX-Redirect": _login_before(page)})
    if request.method == "POST":
        _tell_once(SESSION_OVER)
        return redirect(_login_before(_path_of(request.referrer)))
    return redirect(_login_before(request.full_path.rstrip("?")))


def _login_before(page: str) -> str:
    return url_for("panel.show_login", next=safe_next(page))


def _path_of(url: str | None) -> str:
    """The path of the page that a request came from; empty when there is none."""
    try:
        return urlsplit(url or "").path
    except ValueError:
        return ""


def _tell_once(text: str) -> None:
    """Every poll of every open page comes here when a session ends."""
    if not session.get("_flashes"):
        flash(text, "info")


def _token_refused(error: CSRFError) -> AnyResponse:
    """Without a session a token fits nothing: the login comes first. In a page of an older session it is the page that is old."""
    login_first = require_login()
    if login_first is not None:
        return login_first
    if htmx_request.htmx and current_user.is_authenticated:
        flash(PAGE_OLD, "danger")
        return Response(status=400, headers={"HX-Refresh": "true"})
    return csrf_refused(error)


def safe_next(target: str | None) -> str | None:
    """A page of this panel to go on to; None for anything else."""
    plain = target or ""
    try:
        parts = urlsplit(plain)
    except ValueError:
        return None
    clean = plain.isprintable() and "\\" not in plain and not parts.scheme and not parts.netloc
    inside = parts.path.startswith("/panel/") and parts.path not in {"/panel/login", "/panel/logout"}
    return plain if clean and inside else None


def start() -> AnyResponse:
    return redirect(url_for("panel.list_sessions"))


def show_login() -> AnyResponse:
    if current_user.is_authenticated:
        return start()
    return render("panel/login.html", next=safe_next(request.args.get("next")))


def _account() -> str:
    return "account:" + request.form.get("email", "").strip().lower()[:200]


def _too_many(_: RequestLimit) -> Response:
    log.warning("login_limited")
    return _refuse(TOO_MANY, 429)


@limiter.limit("20 per minute; 100 per hour", on_breach=_too_many)
@limiter.limit("8 per minute; 40 per hour", key_func=_account, on_breach=_too_many)
def log_in() -> AnyResponse:
    user = people.check_password(request.form.get("email", ""), request.form.get("password", ""))
    if user is None:
        log.info("login_refused")
        return _refuse(WRONG, 401)
    session.clear()  # nothing of the visitor's session survives into the user's
    session.permanent = True
    login_user(user)
    db.session.commit()
    log.info("logged_in", user_id=user.id)
    return redirect(safe_next(request.form.get("next")) or url_for("panel.list_sessions"), 303)


def _refuse(reason: str, status: int) -> Response:
    fields = {"email": request.form.get("email", "")[:200], "next": safe_next(request.form.get("next"))}
    return render("panel/login.html", status=status, problem=reason, **fields)


def log_out() -> AnyResponse:
    log.info("logged_out", user_id=me().id)
    logout_user()
    session.clear()
    flash("Você saiu do painel.", "success")
    return redirect(url_for("panel.show_login"), 303)
