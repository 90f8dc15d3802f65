"""A turn that failed: tried again when the fault may pass, else an apology, the error state, and the turn kept for reprocessing.

A fault that does not pass in ATTEMPTS turns, and a turn that ends its process each time, are parked: no message may hold up a
conversation for ever.
"""

import traceback
from typing import Any

import structlog
from sqlalchemy import func, update
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gatte.conversation import course
from gatte.conversation.secrets_sent import holds_password
from gatte.conversation.snapshot import Happened
from gatte.conversation.states import Event
from gatte.desk import decisions
from gatte.desk.decisions import Record
from gatte.desk.snapshots import snapshot_of
from gatte.extensions import db
from gatte.models import Author, Conversation, TurnOutcome
from gatte.turns import leases
from gatte.turns.leases import Lease
from gatte.turns.reading import list_unread

log = structlog.get_logger(__name__)

PASSING = (OperationalError, PoolTimeout)
PASSING_SQLSTATES = ("40001", "40P01", "55P03", "57014")  # serialization, deadlock, lock and statement time-outs
LONGEST_BACKOFF_SECONDS = 60.0
ATTEMPTS = 10  # about five minutes


class GaveUp(Exception):
    """Turn after turn ended without a word: its process died, or its lease ran out."""


def check(lease: Lease) -> None:
    """Raise GaveUp when turns of this conversation ended without a word too often."""
    if lease.attempt > ATTEMPTS:
        raise GaveUp(f"{lease.attempt} turns")


def is_over(lease: Lease, error: Exception) -> bool:
    """Whether the turn is not tried again: the fault does not pass by itself, or did not in all attempts."""
    return lease.attempt >= ATTEMPTS or not may_pass(error)


def may_pass(error: Exception) -> bool:
    """Whether the same turn may well succeed a little later: the database was away, busy, or took another's side."""
    sqlstate = getattr(getattr(error, "orig", None), "pgcode", None)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return lost or isinstance(error, PASSING) or (isinstance(error, DBAPIError) and sqlstate in PASSING_SQLSTATES)


def postpone(lease: Lease) -> None:
    """Give the lease back and let the turn be due again after a pause that doubles."""
    pause = min(LONGEST_BACKOFF_SECONDS, 2.0 ** (lease.attempt - 1))
    values: dict[str, Any] = {"leased_until": None, "turn_due_at": func.clock_timestamp() + func.make_interval(0, 0, 0, 0, 0, 0, pause)}
    mine = update(Conversation).where(Conversation.id == lease.conversation_id, Conversation.lease_token == lease.token)
    db.session.execute(mine.values(**values).execution_options(synchronize_session=False))


def fail(lease: Lease, error: Exception) -> None:
    """Store the failed turn with its messages, and what the customer is told; LeaseLost when it is not ours any more."""
    conversation = leases.lock(lease)
    said = _said(conversation)
    record = _record(conversation, error, TurnOutcome.PARKED if isinstance(error, GaveUp) or may_pass(error) else TurnOutcome.FAILED)
    told = course.begin(snapshot_of(conversation)).then(Happened(Event.FAILED, type(error).__name__, said))
    decisions.carry_out(conversation, told, record)


def set_aside(lease: Lease, error: Exception) -> None:
    """Park the messages of a turn whose failure cannot be told either; LeaseLost when it is not ours any more."""
    conversation = leases.lock(lease)
    decisions.store(conversation, _record(conversation, error, TurnOutcome.PARKED))


def _said(conversation: Conversation) -> str:
    """What the customer wrote that stays without an answer, for the desk; nothing of a message that tells a password."""
    words = [row.body or "" for row in list_unread(conversation.id) if row.author is Author.CUSTOMER]
    return "\n".join(one for one in words if one and not holds_password(one))


def _record(conversation: Conversation, error: Exception, outcome: TurnOutcome) -> Record:
    """The failed turn, with its messages; the next ones go on."""
    unread = list_unread(conversation.id)
    trace = {"messages": [str(row.id) for row in unread], "stack": traceback.format_exception(error)}
    record = Record(outcome, conversation.turn_attempts, type(error).__name__, trace=trace)
    for row in unread:
        row.turn_id = record.id
    leases.release(conversation)
    conversation.turn_due_at, conversation.turn_attempts = None, 0
    return record
