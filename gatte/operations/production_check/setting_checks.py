"""Checks of what the settings say (16.1, 16.2, 16.7, 16.8)."""

import logging

from flask import current_app

from gatte import secret_strength, services
from gatte.extensions import limiter
from gatte.notices import template_choice
from gatte.notices.template_choice import NoNoticeNumber
from gatte.operations.production_check.findings import Finding, failure, warning
from gatte.setting_formats import LEAST_SECRET_LENGTH

MOST_MESSAGES_A_MINUTE = 120
"""A contact's limit above this holds nobody back."""
DEVELOPMENT_PREFIX = "dev"


def check_environment() -> list[Finding]:
    """Production, and nothing that belongs to development."""
    settings = services.settings()
    found = []
    if not settings.production:
        found.append(failure("not_production"))
    if settings.simulator:
        found.append(warning("simulator"))
    if settings.gatte_domain == "localhost":
        found.append(failure("no_domain"))
    if not settings.whatsapp_access_token.get_secret_value():
        is_elsewhere = settings.production and settings.whatsapp_phone_number_id
        found.append(warning("no_token_here" if is_elsewhere else "no_whatsapp"))
    if not _has_notice_number():
        found.append(warning("no_notice_number"))
    return found


def _has_notice_number() -> bool:
    """Whether the company can begin conversations: reminders and templates leave from a number."""
    try:
        template_choice.notice_number()
    except NoNoticeNumber:
        return False
    return True


def check_secrets() -> list[Finding]:
    """Secrets that nobody can guess, and none that development made."""
    settings = services.settings()
    found = []
    if secret_strength.is_guessable(settings.secret_key.get_secret_value()):
        found.append(failure("guessable", name="SECRET_KEY"))
    for key_id, key in settings.master_keys.items():
        if secret_strength.is_typed_key(key):
            found.append(failure("typed_key", id=key_id))
    if DEVELOPMENT_PREFIX in settings.master_keys:
        found.append(failure("development_key", id=DEVELOPMENT_PREFIX))
    verify_token = settings.whatsapp_verify_token.get_secret_value()
    for name, secrets in (
        ("WHATSAPP_VERIFY_TOKEN", (verify_token,)),
        ("WHATSAPP_APP_SECRET", settings.app_secrets or ("",)),
    ):
        if any(len(secret) < LEAST_SECRET_LENGTH for secret in secrets):
            found.append(failure("short", name=name, least=LEAST_SECRET_LENGTH))
    return found


def check_logs() -> list[Finding]:
    """One JSON object a line, and no debugging."""
    settings = services.settings()
    found = []
    named = settings.gatte_log_format
    if named == "text" or (not named and not settings.production):
        found.append(failure("not_json"))
    if logging.getLogger().getEffectiveLevel() < logging.INFO:
        found.append(warning("debugging"))
    return found


def check_rate_limits() -> list[Finding]:
    """Contacts, logins and tokens are held back, by counts that all processes share."""
    settings = services.settings()
    found = []
    if not limiter.enabled:
        found.append(failure("limiter_off"))
    elif not limiter.storage.check():
        found.append(failure("limits_not_shared"))
    if settings.gatte_contact_rate_per_minute > MOST_MESSAGES_A_MINUTE:
        rate = settings.gatte_contact_rate_per_minute
        found.append(warning("contacts_unlimited", rate=rate))
    return found


def check_error_boundary() -> list[Finding]:
    """An error of a request ends as a page and a log line, and shows nothing of its inside."""
    handlers = current_app.error_handler_spec[None][None]
    found = []
    if Exception not in handlers:
        found.append(failure("no_boundary"))
    if current_app.debug or current_app.config["PROPAGATE_EXCEPTIONS"]:
        found.append(failure("debugger"))
    return found
