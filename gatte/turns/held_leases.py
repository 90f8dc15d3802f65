"""The leases that this process holds: one that ends in the middle of a turn gives them back, and
nobody waits for them to run out.
"""

import threading
from typing import TYPE_CHECKING, Any
from uuid import UUID

import structlog
from sqlalchemy import func, update

from gatte.extensions import db
from gatte.models import Conversation

if TYPE_CHECKING:
    from gatte.turns.lease import Lease

log = structlog.get_logger(__name__)

_held: dict[
    int, tuple[UUID, int]
] = {}  # a thread takes one turn at a time, and its last lease may be over: then its token says so


def register_held(lease: "Lease") -> "Lease":
    """The lease, noted as the one that this thread works under."""
    _held[threading.get_ident()] = (lease.conversation_id, lease.token)
    return lease


def release_all_held() -> int:
    """End the leases of turns that are still running, which therefore change nothing any more; how
    many there were.

    The turns are due at once, and this try is not counted: it was not the messages' fault.
    """
    given = sum(_end(conversation_id, token) for conversation_id, token in list(_held.values()))
    db.session.commit()
    if given:
        log.info("leases_given_back", count=given)
    return given


def _end(conversation_id: UUID, token: int) -> int:
    values: dict[str, Any] = {
        "leased_until": None,
        "turn_due_at": func.clock_timestamp(),
        "turn_attempts": func.greatest(Conversation.turn_attempts - 1, 0),
    }
    mine = update(Conversation).where(
        Conversation.id == conversation_id, Conversation.lease_token == token
    )
    running = (
        mine.where(Conversation.leased_until.is_not(None))
        .values(**values)
        .returning(Conversation.id)
    )
    return len(db.session.execute(running.execution_options(synchronize_session=False)).all())
