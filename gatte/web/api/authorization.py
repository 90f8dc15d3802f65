"""Who calls the API: bearer tokens (RFC 6750), their scopes, and an audit of what they read."""

from collections.abc import Iterable
from typing import cast
from uuid import UUID

import structlog
from flask import g, request

from gatte.desk.api_tokens import hash_of_token
from gatte.models import ApiToken, Scope
from gatte.store import api_tokens, audit
from gatte.web.problems import Problem

log = structlog.get_logger(__name__)
REALM = 'Bearer realm="gatte"'
LONGEST_TOKEN = 200


def find_token() -> ApiToken | None:
    """The token of this request; None when it has none that is valid."""
    if "api_token" not in g:
        g.api_token = _find_token()
    return cast("ApiToken | None", g.api_token)


def _find_token() -> ApiToken | None:
    secret = _given_secret()
    return api_tokens.find_valid(hash_of_token(secret)) if secret else None


def _given_secret() -> str | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not 0 < len(secret.strip()) <= LONGEST_TOKEN:
        return None
    return secret.strip()


def authorize(scope: Scope) -> None:
    """A Problem unless the request has a valid token (401) with this scope (403)."""
    token = find_token()
    if token is None:
        raise _unauthorized()
    if scope.value not in token.scopes:
        log.warning("api_scope_missing", token=token.prefix, scope=scope.value)
        challenge = f'{REALM}, error="insufficient_scope", scope="{scope.value}"'
        raise Problem(
            403,
            f"The token lacks the scope {scope.value}: make one that has it.",
            kind="insufficient-scope",
            headers={"WWW-Authenticate": challenge},
        )
    api_tokens.record_use(token.id)


def _unauthorized() -> Problem:
    if "Authorization" not in request.headers:
        challenge = REALM
        detail = "Send a token: `Authorization: Bearer gatte_…`."
    else:
        challenge = f'{REALM}, error="invalid_token"'
        detail = "The token is unknown, revoked or over, or its user may no longer log in."
    log.warning("api_unauthorized", endpoint=request.endpoint)
    headers = {"WWW-Authenticate": challenge}
    return Problem(401, detail, kind="unauthorized", headers=headers)


def current_token() -> ApiToken:
    """The token of this request, which was authorized."""
    return cast("ApiToken", g.api_token)


def current_secret() -> bytes:
    """The token of this request itself, which was authorized: no table has it."""
    return (_given_secret() or "").encode("utf-8", "surrogatepass")


def current_user_id() -> int:
    """The id of the user in whose name the program acts."""
    return current_token().user_id


def audit_read(subject: str) -> None:
    """Note that the program read personal data of a subject, such as `contact:<id>`."""
    audit.record(current_user_id(), audit.API_READ, subject)


def audit_list(kind: str, ids: Iterable[UUID]) -> None:
    """Note of which rows of a kind the program read personal data; nothing when there are none."""
    listed = [str(one) for one in ids]
    if not listed:
        return
    subject = f"api_token:{current_token().id}"
    audit.record(current_user_id(), "api.list", subject, {"kind": kind, "ids": listed})
