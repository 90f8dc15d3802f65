"""A turn that failed: tried again when the fault may pass, else an apology, the error state, and the turn kept for reprocessing."""

import traceback
from typing import Any

import structlog
from sqlalchemy import func, text, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gatte.conversation import course
from gatte.conversation.snapshot import Happened
from gatte.conversation.states import Event
from gatte.desk import decisions
from gatte.desk.snapshots import snapshot_of
from gatte.extensions import db
from gatte.models import Conversation, Turn, TurnOutcome
from gatte.turns import leases
from gatte.turns.leases import Lease
from gatte.turns.reading import list_unread

log = structlog.get_logger(__name__)

PASSING = (OperationalError, PoolTimeout)
PASSING_SQLSTATES = ("40001", "40P01", "55P03", "57014")  # serialization, deadlock, lock and statement time-outs
LONGEST_BACKOFF_SECONDS = 60.0


def may_pass(error: Exception) -> bool:
    """Whether the same turn may well succeed a little later: the database was away, busy, or took another's side."""
    sqlstate = getattr(getattr(error, "orig", None), "pgcode", None)
    return isinstance(error, PASSING) or (isinstance(error, DBAPIError) and sqlstate in PASSING_SQLSTATES)


def postpone(lease: Lease) -> None:
    """Give the lease back and let the turn be due again after a pause that doubles."""
    pause = func.least(text(str(LONGEST_BACKOFF_SECONDS)), func.power(2, Conversation.turn_attempts))
    values: dict[str, Any] = {
        "leased_until": None,
        "turn_attempts": Conversation.turn_attempts + 1,
        "turn_due_at": func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, pause),
    }
    mine = update(Conversation).where(Conversation.id == lease.conversation_id, Conversation.lease_token == lease.token)
    db.session.execute(mine.values(**values).execution_options(synchronize_session=False))


def fail(lease: Lease, error: Exception) -> Turn:
    """Store the failed turn with its messages, and what the customer is told; LeaseLost when it is not ours any more."""
    conversation = leases.lock(lease)
    unread = list_unread(conversation.id)
    trace = {"messages": [str(row.id) for row in unread], "stack": traceback.format_exception(error)}
    turn = decisions.begin_turn(conversation, outcome=TurnOutcome.FAILED, error=type(error).__name__, trace=trace)
    for row in unread:
        row.turn_id = turn.id
    decisions.carry_out(conversation, course.begin(snapshot_of(conversation)).then(Happened(Event.FAILED, type(error).__name__)), turn)
    leases.release(conversation)
    conversation.turn_due_at = None
    return turn
