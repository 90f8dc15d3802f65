"""The lease of a conversation: who holds it may take a turn; the fencing token tells a late holder that it lost it.

All times are the database's, so that hosts need not agree on the clock.
"""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from flask import current_app
from sqlalchemy import func, or_, select, text, update

from gatte.extensions import db
from gatte.models import Conversation
from gatte.turns import holding


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
    now = func.statement_timestamp()
    until = now + text("make_interval(secs => :seconds)").bindparams(seconds=current_app.extensions["gatte_settings"].gatte_lease_seconds)
    free = or_(Conversation.leased_until.is_(None), Conversation.leased_until < now)
    taking = update(Conversation).where(Conversation.id == conversation_id, free)
    values: dict[str, Any] = {
        "lease_token": Conversation.lease_token + 1,
        "leased_until": until,
        "turn_due_at": until,
        "turn_attempts": Conversation.turn_attempts + 1,
    }
    taken = taking.values(**values).returning(Conversation.lease_token, Conversation.turn_attempts)
    row = db.session.execute(taken.execution_options(synchronize_session=False)).first()
    return None if row is None else holding.hold(Lease(conversation_id, row.lease_token, row.turn_attempts))


def lock(lease: Lease) -> Conversation:
    """The conversation, locked until the transaction ends; LeaseLost when the lease is no longer ours."""
    held = select(Conversation).where(
        Conversation.id == lease.conversation_id,
        Conversation.lease_token == lease.token,
        Conversation.leased_until > func.clock_timestamp(),
    )
    conversation: Conversation | None = db.session.scalar(held.with_for_update(of=Conversation).execution_options(populate_existing=True))
    if conversation is None:
        raise LeaseLost(f"the lease {lease.token} of conversation {lease.conversation_id} is gone")
    return conversation


def release(conversation: Conversation) -> None:
    """Give the lease back; `turn_due_at` is left to the caller."""
    conversation.leased_until = None
