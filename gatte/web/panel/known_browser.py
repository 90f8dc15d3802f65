"""A cookie by which a browser shows that it logged in to an account before; it logs nobody in.

Guessing at an account from elsewhere can then not keep its owner out (OWASP: device cookies).
"""

import secrets

from flask import current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer
from werkzeug.wrappers import Response as AnyResponse

from gatte import services
from gatte.privacy.crypto import derived_key, keyed_hash

KEPT_SECONDS = 365 * 24 * 3600
PATH = "/panel/login"


def device_of(account: str) -> str | None:
    """The id of this browser when it logged in to this account before; None for any other."""
    devices = [_device_by(secret, account) for secret in services.settings().secret_keys]
    return next((device for device in devices if device is not None), None)


def _device_by(secret: str, account: str) -> str | None:
    """The id in the cookie that this secret signed for the account."""
    account_id = _account_id(secret, account)
    cookie = request.cookies.get(_cookie_name(account_id), "")
    try:
        bound_to, device = _signer(secret).loads(cookie, max_age=KEPT_SECONDS)
    except (BadSignature, TypeError, ValueError):
        return None
    return str(device) if bound_to == account_id else None


def remember(response: AnyResponse, account: str) -> None:
    """Let this browser be known from now on."""
    device = device_of(account) or secrets.token_urlsafe(12)
    secret = str(current_app.secret_key)
    account_id = _account_id(secret, account)
    response.set_cookie(
        _cookie_name(account_id),
        _signer(secret).dumps([account_id, device]),
        max_age=KEPT_SECONDS,
        path=PATH,
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _account_id(secret: str, account: str) -> str:
    key = derived_key(secret, "known browser")
    return keyed_hash(key, "account", account).hex()


def _cookie_name(account_id: str) -> str:
    """Several people may share a browser: each account has a cookie of its own."""
    return f"gatte_known_{account_id[:8]}"


def _signer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="known browser")
