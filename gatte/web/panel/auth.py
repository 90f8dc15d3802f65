"""The way in and out: login, logout, and the start page."""

import ipaddress
import math
import time
from http import HTTPStatus
from typing import cast
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Response, current_app, flash, redirect, request, session, url_for
from flask_limiter import RequestLimit
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from htmx_flask import request as htmx_request
from werkzeug.wrappers import Response as AnyResponse

from gatte import services
from gatte.desk import users
from gatte.desk.login_attempts import Attempt
from gatte.extensions import db, limiter
from gatte.models import LoginSessionEnd, User
from gatte.privacy.crypto import derived_key, keyed_hash
from gatte.store import audit, login_sessions, second_factors
from gatte.web.htmx import render
from gatte.web.panel import current_login, known_browser
from gatte.web.panel.form_values import refuse_unstorable
from gatte.web.response_headers import csrf_refused

log = structlog.get_logger(__name__)

PUBLIC_ENDPOINTS = frozenset(
    {"panel.show_login", "panel.log_in", "panel.show_code", "panel.check_code"}
)
CODE_AWAITED = "code_of"
BAD_CREDENTIALS = "E-mail ou senha incorretos. Confira e tente de novo."
TOO_MANY = (
    "Muitas tentativas de entrar nesta conta. Espere {wait} e tente de novo, "
    "ou entre pelo navegador que você costuma usar."
)
TOO_MANY_FROM_HERE = "Muitas tentativas vindas desta rede. Espere {wait} e tente de novo."
SESSION_OVER = (
    "Sua sessão terminou. Entre de novo para continuar: "
    "o que você estava escrevendo ficou guardado nesta aba."
)
PAGE_OLD = (
    "Você entrou de novo no painel e esta página ainda era a antiga. "
    "Nada foi feito: confira e repita a ação."
)
CHOOSE_ANOTHER = (
    "A senha que você usou foi escolhida por outra pessoa. Escolha a sua para continuar."
)
CONFIRM_FIRST = "Por segurança, confirme a sua senha. Nada foi feito ainda: depois, repita a ação."
SET_UP_FIRST = "O seu acesso precisa de uma segunda etapa. Configure-a para continuar."
BEFORE_SECOND_FACTOR = frozenset(
    {
        "panel.show_second_factor",
        "panel.confirm_second_factor",
        "panel.show_confirmation",
        "panel.confirm_password",
        "panel.show_password",
        "panel.change_password",
        "panel.log_out",
    }
)
BEFORE_NEW_PASSWORD = frozenset({"panel.show_password", "panel.change_password", "panel.log_out"})


def add_routes(bp: Blueprint) -> None:
    bp.before_request(require_login)
    bp.before_request(refuse_unstorable)
    bp.after_request(note_refusal)
    bp.register_error_handler(CSRFError, _token_refused)
    bp.add_url_rule("/", view_func=home)
    bp.add_url_rule("/panel/", view_func=home, endpoint="panel_start")
    bp.add_url_rule("/panel/login", view_func=show_login)
    bp.add_url_rule("/panel/login", view_func=log_in, methods=["POST"])
    bp.add_url_rule("/panel/logout", view_func=log_out, methods=["POST"])


def current_user_or_401() -> User:
    """The user of this request."""
    return cast("User", current_user._get_current_object())  # noqa: SLF001 - its documented way


def require_login() -> AnyResponse | None:
    """Nothing of the panel opens without a login but what `PUBLIC_ENDPOINTS` lists."""
    if request.endpoint in PUBLIC_ENDPOINTS:
        return None
    if current_user.is_authenticated:
        current_login.keep_alive()
        return _choose_password_first() or _set_up_second_factor_first()
    if htmx_request.htmx:
        _tell_once(SESSION_OVER)
        page = _path_of(htmx_request.htmx.current_url)
        return Response(status=401, headers={"HX-Redirect": _login_before(page)})
    if request.method == "POST":
        _tell_once(SESSION_OVER)
        return redirect(_login_before(_path_of(request.referrer)))
    return redirect(_login_before(request.full_path.rstrip("?")))


def _choose_password_first() -> AnyResponse | None:
    """Whoever still has the password that somebody else chose can do nothing but choose one."""
    must_choose = current_user_or_401().must_change_password
    if not must_choose or request.endpoint in BEFORE_NEW_PASSWORD:
        return None
    return _lead_first_to(url_for("panel.show_password"), CHOOSE_ANOTHER)


def _set_up_second_factor_first() -> AnyResponse | None:
    """Whoever needs a second step and has none can do nothing but set it up."""
    if not session.get(current_login.MUST_ENROL) or request.endpoint in BEFORE_SECOND_FACTOR:
        return None
    return _lead_first_to(url_for("panel.show_second_factor"), SET_UP_FIRST)


def _lead_first_to(page: str, why: str) -> AnyResponse:
    """The way to the one page that a user may see now, said once."""
    _tell_once(why)
    if htmx_request.htmx:
        return Response(status=409, headers={"HX-Redirect": page})
    return redirect(page, 303)


def require_fresh_login(page: str) -> AnyResponse | None:
    """For what would do great harm in wrong hands: None when the password was typed a short time
    ago, else the way to the page that asks for it and leads on to `page`.
    """
    if current_login.is_fresh():
        return None
    flash(CONFIRM_FIRST, "info")
    return redirect(url_for("panel.show_confirmation", next=safe_next(page)), 303)


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
    """Without a session a token fits nothing: the login comes first. In a page of an older session
    it is the page that is old.
    """
    login_first = require_login()
    if login_first is not None:
        return login_first
    if htmx_request.htmx and current_user.is_authenticated:
        flash(PAGE_OLD, "danger")
        return Response(status=400, headers={"HX-Refresh": "true"})
    return csrf_refused(error)


def note_reading(subject: str) -> None:
    """Note in the audit trail, and commit, that the user looks at a person's data; a poll of a page
    is no new look.
    """
    if htmx_request.htmx:
        return
    if audit.record_reading(current_user_or_401().id, subject):
        db.session.commit()


def note_refusal(response: Response) -> Response:
    """Note in the audit trail that a user asked for what their role does not allow."""
    if response.status_code == HTTPStatus.FORBIDDEN and current_user.is_authenticated:
        db.session.rollback()
        user = current_user_or_401()
        audit.record(user.id, "refused", f"page:{request.endpoint}")
        db.session.commit()
    return response


def safe_next(target: str | None) -> str | None:
    """A page of this panel to go on to; None for anything else."""
    plain = target or ""
    try:
        parts = urlsplit(plain)
    except ValueError:
        return None
    clean = plain.isprintable() and "\\" not in plain and not parts.scheme and not parts.netloc
    is_login = parts.path in {"/panel/login", "/panel/logout"}
    inside = parts.path.startswith("/panel/") and not is_login
    return plain if clean and inside else None


def home() -> AnyResponse:
    return redirect(url_for("panel.list_sessions"))


def show_login() -> AnyResponse:
    if current_user.is_authenticated:
        return home()
    return render("panel/login.html", next=safe_next(request.args.get("next")))


def _attempt() -> Attempt:
    account = users.normalize_email(request.form.get("email", ""))[:200]
    return Attempt(account, _network(), known_browser.device_of(account))


def _network() -> str:
    """The client's address; of IPv6 the /64, within which one customer of a provider is free to
    choose.
    """
    address = request.remote_addr or ""
    if ":" not in address:
        return address
    without_zone = address.partition("%")[0]
    return str(ipaddress.ip_network((without_zone, 64), strict=False))


def _network_key() -> str:
    """The network as the rate limiter may keep it: nobody reads an address out of Redis."""
    key = derived_key(str(current_app.secret_key), "login networks")
    return keyed_hash(key, "network", _network()).hex()


def _is_known() -> bool:
    return _attempt().device is not None


def _is_wrong(response: Response) -> bool:
    return response.status_code == 401


def _too_many_from_here(limit: RequestLimit) -> Response:
    return _wait(TOO_MANY_FROM_HERE, max(int(limit.reset_at - time.time()), 1))


def _wait(reason: str, seconds: int) -> Response:
    log.warning("login_limited", seconds=seconds)
    response = _refuse(reason.format(wait=in_words(seconds)), 429)
    response.headers["Retry-After"] = str(seconds)
    return response


def in_words(seconds: int) -> str:
    """A wait in Portuguese, one that is over when its words say so: minutes are rounded up."""
    if seconds < 60:
        return "1 segundo" if seconds == 1 else f"{seconds} segundos"
    minutes = math.ceil(seconds / 60)
    return "1 minuto" if minutes == 1 else f"{minutes} minutos"


@limiter.limit(
    "20 per minute; 100 per hour",
    key_func=_network_key,
    exempt_when=_is_known,
    deduct_when=_is_wrong,
    on_breach=_too_many_from_here,
)
def log_in() -> AnyResponse:
    attempt = _attempt()
    if seconds := services.login_attempts().begin(attempt):
        return _wait(TOO_MANY, seconds)
    user = users.check_password(attempt.account, request.form.get("password", ""))
    if user is None:
        log.info("login_refused")
        users.record_refused_login(attempt.account)
        db.session.commit()
        return _refuse(BAD_CREDENTIALS, 401)
    services.login_attempts().forget(attempt)
    db.session.commit()  # what the check of the password noted
    if second_factors.find_confirmed(user.id) is not None:
        return _ask_for_code(user)
    return let_in(user, request.form.get("next"))


def _ask_for_code(user: User) -> AnyResponse:
    """The password was right, the code of the second step is still to come."""
    onward = safe_next(request.form.get("next"))
    session.clear()
    session[CODE_AWAITED] = [str(user.id), int(time.time()), onward]
    return redirect(url_for("panel.show_code"), 303)


def let_in(user: User, target: str | None) -> AnyResponse:
    """Log a user in, all steps being done, and go on to the page that they wanted."""
    current_login.start(user)
    audit.record(user.id, "logged_in", f"user:{user.id}")
    db.session.commit()
    log.info("logged_in", user_id=user.id)
    response = redirect(safe_next(target) or url_for("panel.list_sessions"), 303)
    known_browser.remember(response, user.email)
    return response


def _refuse(reason: str, status: int) -> Response:
    fields = {
        "email": request.form.get("email", "")[:200],
        "next": safe_next(request.form.get("next")),
    }
    return render("panel/login.html", status=status, problem=reason, **fields)


def log_out() -> AnyResponse:
    user = current_user_or_401()
    login_sessions.end(user.id, current_login.current_login().id, LoginSessionEnd.LOGOUT)
    audit.record(user.id, "logged_out", f"user:{user.id}")
    db.session.commit()
    log.info("logged_out", user_id=user.id)
    session.clear()
    flash("Você saiu do painel.", "success")
    return redirect(url_for("panel.show_login"), 303)
