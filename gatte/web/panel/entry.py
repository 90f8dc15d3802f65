"""The way in and out: login, logout, and the start page."""

from typing import cast
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, flash, redirect, request, session, url_for
from flask_limiter import RequestLimit
from flask_login import current_user, login_user, logout_user
from htmx_flask import request as htmx_request
from werkzeug.wrappers import Response as AnyResponse

from gatte.desk import people
from gatte.extensions import db, limiter, login
from gatte.models import User
from gatte.web.rendering import render

log = structlog.get_logger(__name__)

PUBLIC = frozenset({"panel.show_login", "panel.log_in"})
WRONG = "E-mail ou senha incorretos. Confira e tente de novo."
TOO_MANY = "Muitas tentativas. Espere um minuto e tente de novo."
login.session_protection = "strong"
login.user_loader(people.find_active_user)


def add_routes(bp: Blueprint) -> None:
    bp.before_request(require_login)
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
    page = request.full_path.rstrip("?") if request.method == "GET" else ""
    if htmx_request.htmx:
        page = urlsplit(htmx_request.htmx.current_url or "").path
        return Response(status=401, headers={"HX-Redirect": url_for("panel.show_login", next=safe_next(page))})
    return redirect(url_for("panel.show_login", next=safe_next(page)))


def safe_next(target: str | None) -> str | None:
    """A page of this panel to go on to; None for anything else."""
    plain = target or ""
    parts = urlsplit(plain)
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
