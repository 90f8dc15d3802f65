"""The lease of a conversation: who holds it may take a turn; the fencing token tells a late holder that it lost it.

All times are the database's, so that hosts need not agree on the clock.
"""

from dataclasses import dataclass
from uuid import UUID

from flask import current_app
from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import joinedload

from gatte.database import ask
from gatte.extensions import db
from gatte.models import Conversation
from gatte.turns import holding

TAKE = """
    UPDATE conversation
    SET lease_token = lease_token + 1, turn_attempts = turn_attempts + 1,
        leased_until = statement_timestamp() + make_interval(secs => %(seconds)s),
        turn_due_at = statement_timestamp() + make_interval(secs => %(seconds)s)
    WHERE id = %(id)s AND (leased_until IS NULL OR leased_until < statement_timestamp())
    RETURNING lease_token, turn_attempts
"""
HELD = (
    select(Conversation)
    .options(joinedload(Conversation.contact))
    .where(Conversation.id == bindparam("id"), Conversation.lease_token == bindparam("token"))
    .where(Conversation.leased_until > func.clock_timestamp())
    .with_for_update(of=Conversation)
    .execution_options(populate_existing=True)
)


@dataclass(frozen=True)
class Lease:
    """The right to change one conversation, while `token` is the newest and the time has not run out.

    `attempt` counts the leases since the last turn that was committed: a turn that kills its process is known by it.
    """

    conversation_id: UUID
    token: int
    attempt: int = 1


class LeaseLost(Exception):
    """The lease ran out or was taken over: nothing of this turn may be stored."""


def acquire(conversation_id: UUID) -> Lease | None:
    """Take the lease when nobody holds it; should the holder die, the turn is due again when the lease has run out."""
    seconds = current_app.extensions["gatte_settings"].gatte_lease_seconds
    taken = ask(TAKE, {"id": conversation_id, "seconds": seconds})
    return holding.hold(Lease(conversation_id, taken[0].lease_token, taken[0].turn_attempts)) if taken else None


def lock(lease: Lease) -> Conversation:
    """The conversation, locked until the transaction ends; LeaseLost when the lease is no longer ours."""
    conversation: Conversation | None = db.session.scalar(HELD, {"id": lease.conversation_id, "token": lease.token})
    if conversation is None:
        raise LeaseLost(f"the lease {lease.token} of conversation {lease.conversation_id} is gone")
    return conversation


def release(conversation: Conversation) -> None:
    """Give the lease back; `turn_due_at` is left to the caller."""
    conversation.leased_until = None
