"""What protects every answer: response headers, cookies, and one boundary at which every error ends
as a page or a short text.
"""

from http import HTTPStatus

import structlog
from flask import Flask, Response, make_response, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from gatte.extensions import db
from gatte.models.shared_keys import LookupKeyRotating
from gatte.observability import tracing
from gatte.settings import Settings
from gatte.web.file_response import FILE_POLICY
from gatte.web.htmx import content_hash
from gatte.web.problems import Problem, problem_response

log = structlog.get_logger(__name__)

# https://www.w3.org/TR/CSP3/: own scripts and styles only, nothing inline, nobody frames us
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; base-uri 'none'; connect-src 'self'; font-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; frame-src 'none'; img-src 'self'; "
    "manifest-src 'self'; object-src 'none'; script-src 'self'; style-src 'self'"
)
PERMISSIONS_POLICY = (
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()"
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": PERMISSIONS_POLICY,
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}
HSTS = "max-age=63072000; includeSubDomains"
NO_STORE = "no-store"
IMMUTABLE = "public, max-age=31536000, immutable"
REVALIDATE = "no-cache"
MACHINE_ROOTS = ("/webhook", "/health", "/metrics", "/api", "/openapi.json")

# What a person reads when something went wrong: what happened, and what to do now.
ERRORS: dict[int, tuple[str, str]] = {
    400: (
        "Pedido inválido",
        (
            "Algo no endereço ou no formulário não está certo. "
            "Volte à página anterior e tente de novo."
        ),
    ),
    403: (
        "Acesso negado",
        "Sua conta não tem permissão para isso. Se precisar, peça a quem administra o painel.",
    ),
    404: ("Página não encontrada", "O endereço não existe, ou o que estava aqui foi removido."),
    405: (
        "Ação não permitida",
        "Esta página não aceita esse tipo de pedido. Volte à página anterior e tente de novo.",
    ),
    409: (
        "Outra pessoa foi mais rápida",
        "A situação mudou enquanto você olhava. Atualize a página para ver como está agora.",
    ),
    413: (
        "Conteúdo grande demais",
        "O que você enviou passa do limite. Tente com um texto ou arquivo menor.",
    ),
    429: ("Muitas tentativas", "Espere um minuto e tente de novo."),
    500: (
        "Algo deu errado por aqui",
        "O erro foi registrado. Tente de novo; se continuar, informe o código abaixo ao suporte.",
    ),
    503: (
        "Serviço indisponível",
        "O banco de dados não respondeu. Nada foi perdido: tente de novo em instantes.",
    ),
}
# What a program's author reads, where the library's own words would not say what to do.
ADVICE: dict[int, str] = {
    404: "There is nothing at this address, or no longer: check the path and the id.",
    413: "The body is larger than 3 MiB: send less at a time.",
    429: "Too many requests: wait for the seconds in Retry-After, then go on.",
    500: "Our fault, and logged. Try again; if it stays, report the id in X-Request-ID.",
    503: "The database does not answer. Nothing was changed: send the same request again.",
}
SESSION_EXPIRED = (
    "Sua sessão expirou",
    "Por segurança, a página precisa ser aberta de novo. Volte, atualize a página e repita a ação.",
)


def init_app(app: Flask, settings: Settings) -> None:
    """Guard every answer of this application."""
    app.config.update(
        SESSION_COOKIE_NAME="__Host-gatte" if settings.production else "gatte",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=settings.production,
        PERMANENT_SESSION_LIFETIME=settings.gatte_panel_session_hours * 3600,
        # a token lives as long as its session: agents keep pages open all day
        WTF_CSRF_TIME_LIMIT=None,
    )
    hsts = {"Strict-Transport-Security": HSTS} if settings.production else {}

    @app.after_request
    def guard(response: Response) -> Response:
        own_policy = response.headers.get("Content-Security-Policy")
        response.headers.update(HEADERS | hsts)
        if own_policy == FILE_POLICY:
            response.headers["Content-Security-Policy"] = FILE_POLICY
        response.headers["Cache-Control"] = _cache_rule(response)
        return response

    app.register_error_handler(CSRFError, csrf_refused)
    register_error_handlers(app)


def register_error_handlers(app: Flask) -> None:
    """Let every error of a request end as an answer, and what is wrong as a line in the log."""
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(OperationalError, _database_unavailable)
    app.register_error_handler(InterfaceError, _database_unavailable)
    app.register_error_handler(LookupKeyRotating, _key_rotating)
    app.register_error_handler(Exception, _unhandled_error)


def _cache_rule(response: Response) -> str:
    """Static files under an address with their hash stay a year, under another they are asked for;
    all else is never stored.
    """
    if request.endpoint != "static" or response.status_code not in {200, 206, 304}:
        return NO_STORE
    filename = (request.view_args or {}).get("filename", "")
    return IMMUTABLE if request.args.get("v") == content_hash(filename) else REVALIDATE


def csrf_refused(error: CSRFError) -> Response:
    """The answer to a form whose token does not fit."""
    log.warning("csrf_refused", endpoint=request.endpoint, reason=error.description)
    return _page(400, SESSION_EXPIRED)


def _http_error(error: HTTPException) -> Response:
    code = error.code or 500
    if error.response is not None or code < 400:
        return make_response(error.get_response())
    return _answer(error, code)


def _database_unavailable(error: OperationalError | InterfaceError) -> Response:
    db.session.rollback()
    log.error(
        "database_unavailable",
        endpoint=request.endpoint,
        error=type(error.orig).__name__,
        sqlstate=getattr(error.orig, "pgcode", None),
    )
    return _answer(ServiceUnavailable(), 503)


def _key_rotating(_: LookupKeyRotating) -> Response:
    db.session.rollback()
    log.warning("lookup_key_rotating", endpoint=request.endpoint)
    return _answer(ServiceUnavailable(), 503)


def _unhandled_error(error: Exception) -> Response:
    """The last boundary: nothing below may end a request without a log line and an answer."""
    db.session.rollback()
    log.error("request_failed", endpoint=request.endpoint, exc_info=error)
    return _answer(InternalServerError(), 500)


def _answer(error: HTTPException, code: int) -> Response:
    if isinstance(error, Problem):
        return problem_response(
            code,
            error.description or "",
            kind=error.kind,
            headers=error.headers,
            **error.members,
        )
    if _is_for_machines(request.path):
        response = problem_response(code, ADVICE.get(code, error.description or ""))
    else:
        response = _page(code, ERRORS.get(code, (HTTPStatus(code).phrase, "")))
    for name, value in error.get_headers(request.environ):
        if name.lower() in {"allow", "retry-after"}:
            response.headers[name] = value
    return response


def _is_for_machines(path: str) -> bool:
    """Whether programs alone ask for this address, or for one below it."""
    return any(f"{path}/".startswith(f"{root}/") for root in MACHINE_ROOTS)


def _page(code: int, words: tuple[str, str]) -> Response:
    title, advice = words
    page = render_template(
        "error.html", code=code, title=title, advice=advice, request_id=tracing.current_request_id()
    )
    return make_response(page, code)
