"""GATTE: a customer-service bot for WhatsApp with AI, and the panel in which people work.

The rooms follow the way of a message: `web` (the webhook) → `intake` → `turns` (which asks
`conversation` and `intelligence`) → `delivery` → `whatsapp`. `create_app` below is the only wiring.
"""

import os
from typing import TYPE_CHECKING

from flask import Flask

from gatte.settings import Settings, former_names_given, settings_or_exit

if TYPE_CHECKING:
    from redis import Redis

__version__ = "0.1.0"

# Turns run side by side; numpy reads this when it is first loaded, and more threads a sentence made
# it 100 times slower.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

MAX_BODY_BYTES = 3 * 1024 * 1024  # the largest webhook that Meta sends


def create_app(settings: Settings | None = None, process: str = "web") -> Flask:
    """The application, ready to serve or to work: the same for web, worker, scheduler and commands.

    Without `settings` they are read from the environment; bad ones end the process with exit code
    78.
    """
    read_here = settings is None
    settings = settings or settings_or_exit()
    app = Flask("gatte")
    app.extensions["gatte_settings"] = settings
    start_logging(settings, process)
    _start_reports(settings, process)
    if read_here:
        _warn_of_former_setting_names()
    app.logger.propagate = True
    _flask_settings(app, settings, process)
    _extensions(app, settings, process)
    _init_packages(app, settings)
    _register_entry_points(app)
    return app


def start_logging(settings: Settings, process: str) -> None:
    """From now on every line of this process is masked, and in the form that the settings want.
    Safe to call again.
    """
    from gatte.observability.logging import configure_logging
    from gatte.privacy import crypto, masking

    masking.configure(crypto.derived_key(settings.secret_key.get_secret_value(), "log identifiers"))
    as_json = settings.gatte_log_format == "json" or (
        settings.production and settings.gatte_log_format != "text"
    )
    configure_logging(json=as_json, level=settings.gatte_log_level, process=process)


def _start_reports(settings: Settings, process: str) -> None:
    """Traces and reports of errors, where the settings say to whom."""
    from gatte.observability import error_reports, spans

    spans.start(settings, process)
    error_reports.start(settings, process)


def _warn_of_former_setting_names() -> None:
    import structlog

    log = structlog.get_logger(__name__)
    for former, name in former_names_given().items():
        log.warning(
            "setting_renamed",
            former=former,
            name=name,
            what="the former name is read for this release only, and not where both are given",
        )


def _flask_settings(app: Flask, settings: Settings, process: str) -> None:
    from gatte.infra.database import engine

    app.config.from_mapping(
        SECRET_KEY=settings.secret_key.get_secret_value(),
        SECRET_KEY_FALLBACKS=list(settings.secret_keys[1:]),
        WTF_CSRF_SECRET_KEY=list(reversed(settings.secret_keys)),  # of itsdangerous: the last signs
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        SQLALCHEMY_DATABASE_URI=engine.engine_url(settings),
        SQLALCHEMY_ENGINE_OPTIONS=engine.engine_options(settings, process),
        RATELIMIT_STORAGE_URI=settings.limits_url,
        RATELIMIT_STORAGE_OPTIONS={"socket_timeout": 0.5},  # holds for connecting too
        RATELIMIT_IN_MEMORY_FALLBACK_ENABLED=True,
        SESSION_COOKIE_SECURE=settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=None,
        GATTE_SIMULATOR=settings.simulator,
        TEMPLATES_AUTO_RELOAD=not settings.production,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]


def _extensions(app: Flask, settings: Settings, process: str) -> None:
    from gatte import extensions, models
    from gatte.desk.login_attempts import LoginAttempts
    from gatte.infra.database import engine
    from gatte.infra.redis import fail_fast
    from gatte.privacy import crypto

    extensions.db.init_app(app)
    extensions.migrate.init_app(app, extensions.db)
    extensions.login.init_app(app)
    extensions.csrf.init_app(app)
    extensions.htmx.init_app(app)
    extensions.limiter.init_app(app)
    beside = engine.unpooled_engine(settings, process)
    app.extensions["gatte_keyring"] = models.Keyring(
        crypto.MasterKeys(settings.master_keys), beside
    )
    app.extensions["gatte_redis"] = _redis(settings)
    app.extensions["gatte_memory"] = fail_fast.FailFastRedis(settings)
    app.extensions["gatte_login_attempts"] = LoginAttempts(settings)


def _redis(settings: Settings) -> "Redis":
    from redis import Redis
    from redis.backoff import ExponentialBackoff
    from redis.retry import Retry

    return Redis.from_url(
        settings.redis_url.get_secret_value(),
        socket_connect_timeout=2,
        socket_timeout=10,
        health_check_interval=30,
        retry=Retry(ExponentialBackoff(cap=0.5, base=0.05), 2),
    )


def _init_packages(app: Flask, settings: Settings) -> None:
    from gatte import delivery, intake, intelligence
    from gatte.data_rights import erasure_ledger_check
    from gatte.extensions import db
    from gatte.infra.database import engine
    from gatte.intake import receive
    from gatte.observability import pool_metrics

    engine.log_first_connection(app, settings)
    with app.app_context():
        pool_metrics.watch(db.engine, settings.gatte_db_pool_size)
    erasure_ledger_check.guard_first_connection(app, settings)
    intake.init_app(app, settings)
    intelligence.init_app(app, settings)
    delivery.init_app(app, settings, receive.store_webhook)


def _register_entry_points(app: Flask) -> None:
    from gatte import cli, web

    web.register(app)
    cli.register(app)
