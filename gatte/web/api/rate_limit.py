"""How many requests a token may make, and the headers that tell (RateLimit and RateLimit-Policy of
draft-ietf-httpapi-ratelimit-headers).

Counts are shared through Redis. While it is away each web process counts by itself, and nobody is
refused because of that.
"""

import time

from flask import Blueprint, Response
from flask_limiter.util import get_remote_address

from gatte import services
from gatte.extensions import limiter
from gatte.privacy.crypto import derived_key, keyed_hash
from gatte.web.api.authorization import find_token

POLICY = "per-minute"


def init_blueprint(bp: Blueprint) -> None:
    """Limit all routes of a blueprint together."""
    limiter.limit(_limit, key_func=_limit_key)(bp)
    bp.after_request(_tell_limit)


def _limit() -> str:
    return f"{services.settings().gatte_api_rate_per_minute} per minute"


def _limit_key() -> str:
    """The token; without a valid one the network address, hashed, for nobody shall read addresses
    out of Redis.
    """
    token = find_token()
    if token is not None:
        return f"token:{token.id}"
    secret = services.settings().secret_key.get_secret_value()
    key = derived_key(secret, "API addresses")
    return f"address:{keyed_hash(key, 'address', get_remote_address()).hex()}"


def _tell_limit(response: Response) -> Response:
    current = limiter.current_limit
    if current is None:
        return response
    seconds = max(int(current.reset_at - time.time()), 1)
    amount = current.limit.amount
    response.headers["RateLimit-Policy"] = f'"{POLICY}";q={amount};w=60'
    response.headers["RateLimit"] = f'"{POLICY}";r={max(current.remaining, 0)};t={seconds}'
    if response.status_code == 429:
        response.headers["Retry-After"] = str(seconds)
    return response
