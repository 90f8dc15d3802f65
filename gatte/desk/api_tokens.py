"""Tokens of the API in the hands of an admin: made, shown once, revoked."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import UUID

from gatte.models import ApiToken, Scope, User
from gatte.store import api_tokens as stored
from gatte.store import audit

MARK = "gatte_"
"""What every token begins with, so that programs that look for leaked secrets know it."""
SHOWN_LENGTH = len(MARK) + 6
LONGEST_NAME = 100


class BadToken(Exception):
    """A token cannot be made like this; the message says why."""


@dataclass(frozen=True)
class IssuedToken:
    """A new token; `secret` is what the program sends, and is known only now."""

    token: ApiToken
    secret: str


def issue(
    name: str,
    scopes: list[Scope],
    user: User,
    *,
    created_by_id: int | None = None,
    expires_at: datetime | None = None,
) -> IssuedToken:
    """Make a token with which a program acts in the name of a user; BadToken without a name or
    scopes, or when it would be over already.
    """
    if not name.strip() or len(name) > LONGEST_NAME:
        raise BadToken(f"a token has a name of 1 to {LONGEST_NAME} characters")
    if not scopes:
        raise BadToken("a token has at least one scope")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise BadToken("a token ends in the future")
    secret = MARK + secrets.token_urlsafe(32)
    token = stored.add_token(
        name.strip(),
        secret[:SHOWN_LENGTH],
        hash_of_token(secret),
        sorted(set(scopes)),
        user,
        created_by_id=created_by_id,
        expires_at=expires_at,
    )
    audit.record(created_by_id, "token.issue", _subject(token.id), {"user": user.id})
    return IssuedToken(token, secret)


def revoke(token_id: UUID, user_id: int | None = None) -> ApiToken:
    """Let a token open nothing any more; NoSuchToken when it does not."""
    token = stored.revoke(token_id)
    audit.record(user_id, "token.revoke", _subject(token_id))
    return token


def hash_of_token(secret: str) -> bytes:
    """The hash by which a token is found. It needs no salt and no slow hash, for nobody guesses 256
    random bits.
    """
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _subject(token_id: UUID) -> str:
    return f"api_token:{token_id}"
