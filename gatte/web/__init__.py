"""The doors that open over HTTP: the panel, the webhook, the API, health and metrics.

Only here and in `jobs` and `cli` are requests read, pages rendered and transactions committed. May
import every room but `jobs`. Start reading at `register`.
"""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from gatte.extensions import csrf, limiter
from gatte.settings import Settings
from gatte.web import (
    api,
    form_parser,
    health,
    htmx,
    metric_series,
    panel,
    production_gate,
    request_log,
    response_headers,
    webhook,
)
from gatte.web.webhook_middleware import install_middleware


def register(app: Flask) -> None:
    """Open every door on this application; webhooks pass in front of it."""
    form_parser.init_app(app)
    request_log.init_app(app)
    htmx.init_app(app)
    response_headers.init_app(app, app.extensions["gatte_settings"])
    metric_series.declare(app.extensions["gatte_settings"])
    app.register_blueprint(panel.bp)
    for machines in (webhook.bp, health.bp):
        csrf.exempt(machines)
        limiter.exempt(machines)
        app.register_blueprint(machines)
    for programs in api.BLUEPRINTS:
        csrf.exempt(programs)
        app.register_blueprint(programs)
    install_middleware(app, webhook.PATH, webhook.fast_path(app))
    _guard_production(app, app.extensions["gatte_settings"])


def _guard_production(app: Flask, settings: Settings) -> None:
    """The gate of production stands in front of everything, behind what reads the headers of our
    proxies.
    """
    if settings.production:
        guarded = production_gate.guard(app.wsgi_app, settings.gatte_domain)
        app.wsgi_app = guarded  # type: ignore[assignment, method-assign]
    proxies = settings.gatte_trusted_proxies
    if proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]
