"""The leases that this process holds: one that ends in the middle of a turn gives them back, and
nobody waits for them to run out.
"""

import threading
from uuid import UUID

import structlog

from gatte import services
from gatte.extensions import db
from gatte.store import StatementBatch, leases
from gatte.store.conversations import Arrival
from gatte.store.leases import Lease

log = structlog.get_logger(__name__)

# a thread takes one turn at a time, and its last lease may be over: then its token says so
_held: dict[int, Lease] = {}


def acquire(
    conversation_id: UUID, batch: StatementBatch | None = None, arrival: Arrival | None = None
) -> Lease | None:
    """The lease of a conversation for this thread to work under, sent for with what a batch holds,
    and with it the record of what came in; None when somebody has it.
    """
    seconds = services.settings().gatte_lease_seconds
    lease = leases.acquire(conversation_id, seconds, batch or StatementBatch(), arrival)
    if lease is not None:
        # a copy that does not keep the rows of the lease's session
        _held[threading.get_ident()] = Lease(lease.conversation_id, lease.token)
    return lease


def release_all_held() -> int:
    """End the leases of turns that are still running, which therefore change nothing any more; how
    many there were.

    The turns are due at once, and this try is not counted: it was not the messages' fault.
    """
    count = sum(leases.end_unfinished(lease) for lease in list(_held.values()))
    db.session.commit()
    if count:
        log.info("leases_released", count=count)
    return count
