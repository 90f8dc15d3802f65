"""The table `api_token`: with what programs call the API."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, update
from sqlalchemy.orm import joinedload

from gatte.extensions import db
from gatte.models import ApiToken, Scope, User

USE_INTERVAL_SECONDS = 60
"""A use is noted at most this often, so that a busy program does not write at each request."""


class NoSuchToken(Exception):
    """There is no token with this id, or it is revoked already."""


def add_token(
    name: str,
    prefix: str,
    token_hash: bytes,
    scopes: list[Scope],
    user: User,
    *,
    created_by_id: int | None,
    expires_at: datetime | None,
) -> ApiToken:
    """Store a token, whose id is known from then on."""
    token = ApiToken(
        name=name,
        prefix=prefix,
        token_hash=token_hash,
        scopes=[scope.value for scope in scopes],
        user_id=user.id,
        created_by_id=created_by_id,
        expires_at=expires_at,
    )
    db.session.add(token)
    db.session.flush()
    return token


def find_valid(token_hash: bytes) -> ApiToken | None:
    """The token with this hash, with its user; None when it is unknown, revoked or over, or its
    user may no longer log in.
    """
    query = select(ApiToken).join(ApiToken.user).where(ApiToken.token_hash == token_hash)
    valid = query.where(_is_valid(), User.active).options(joinedload(ApiToken.user))
    return db.session.scalar(valid)


def _is_valid() -> ColumnElement[bool]:
    lasting = or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > func.clock_timestamp())
    return and_(ApiToken.revoked_at.is_(None), lasting)


def record_use(token_id: UUID) -> None:
    """Note that a token is used now, unless that was noted less than a minute ago."""
    interval = func.make_interval(0, 0, 0, 0, 0, 0, USE_INTERVAL_SECONDS)
    long_ago = or_(
        ApiToken.last_used_at.is_(None),
        ApiToken.last_used_at < func.clock_timestamp() - interval,
    )
    used = update(ApiToken).where(ApiToken.id == token_id, long_ago)
    noted = used.values(last_used_at=func.clock_timestamp())
    db.session.execute(noted.execution_options(synchronize_session=False))


def list_tokens() -> list[ApiToken]:
    """All tokens with their users, the newest first; revoked ones too."""
    query = select(ApiToken).options(joinedload(ApiToken.user))
    return list(db.session.scalars(query.order_by(ApiToken.created_at.desc(), ApiToken.id.desc())))


def revoke(token_id: UUID) -> ApiToken:
    """Let a token open nothing any more; NoSuchToken when it does not."""
    found = select(ApiToken).where(ApiToken.id == token_id, ApiToken.revoked_at.is_(None))
    token = db.session.scalar(found.with_for_update())
    if token is None:
        raise NoSuchToken(str(token_id))
    token.revoked_at = func.now()
    return token
