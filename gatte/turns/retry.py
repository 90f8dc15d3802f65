"""A turn that failed: tried again when the fault may pass, else an apology, the error state, and
the turn kept for reprocessing.

A fault that does not pass in ATTEMPTS turns, and a turn that ends its process each time, are a dead
letter: no message may hold up a conversation for ever.
"""

import traceback

import structlog
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from gatte.conversation import decision_history
from gatte.conversation.secret_detection import holds_password
from gatte.conversation.snapshot import ExternalEvent
from gatte.conversation.states import Event
from gatte.decisions import apply
from gatte.decisions.apply import CountedEvent, PendingTurn
from gatte.decisions.snapshots import load_snapshot
from gatte.models import Author, Conversation, TurnOutcome
from gatte.store import leases, messages
from gatte.store.leases import Lease

log = structlog.get_logger(__name__)

TRANSIENT_ERRORS = (OperationalError, PoolTimeout)
PASSING_SQLSTATES = (
    "40001",
    "40P01",
    "55P03",
    "57014",
)  # serialization, deadlock, lock and statement time-outs
LONGEST_BACKOFF_SECONDS = 60.0
MAX_ATTEMPTS = 10  # about five minutes


class RetriesExhausted(Exception):
    """Turn after turn ended without a word: its process died, or its lease ran out."""


def raise_if_exhausted(lease: Lease) -> None:
    """Raise RetriesExhausted when turns of this conversation ended without a word too often."""
    if lease.attempt > MAX_ATTEMPTS:
        raise RetriesExhausted(f"{lease.attempt} turns")


def is_final(lease: Lease, error: Exception) -> bool:
    """Whether the turn is not tried again: the fault does not pass by itself, or did not in all
    attempts.
    """
    return lease.attempt >= MAX_ATTEMPTS or not is_transient(error)


def is_transient(error: Exception) -> bool:
    """Whether the same turn may well succeed a little later: the database was away, busy, or took
    another's side.
    """
    sqlstate = getattr(getattr(error, "orig", None), "pgcode", None)
    lost = isinstance(error, DBAPIError) and error.connection_invalidated
    return (
        lost
        or isinstance(error, TRANSIENT_ERRORS)
        or (isinstance(error, DBAPIError) and sqlstate in PASSING_SQLSTATES)
    )


def schedule_retry(lease: Lease) -> None:
    """Give the lease back and let the turn be due again after a pause that doubles."""
    pause = min(LONGEST_BACKOFF_SECONDS, 2.0 ** (lease.attempt - 1))
    leases.release_for_retry(lease, pause)


def record_failure(lease: Lease, error: Exception) -> PendingTurn:
    """Store the failed turn with its messages, and what the customer is told; LeaseLost when it is
    not ours any more.
    """
    conversation = leases.lock(lease)
    said = _unanswered_text(conversation)
    record = _record(
        conversation,
        error,
        TurnOutcome.DEAD_LETTER
        if isinstance(error, RetriesExhausted) or is_transient(error)
        else TurnOutcome.FAILED,
    )
    told = decision_history.start(load_snapshot(conversation)).apply(
        ExternalEvent(Event.FAILED, type(error).__name__, said)
    )
    return apply.apply_decision(conversation, told, record)


def dead_letter(lease: Lease, error: Exception) -> PendingTurn:
    """Give up the messages of a turn whose failure cannot be told either; LeaseLost when it is not
    ours any more.
    """
    conversation = leases.lock(lease)
    record = _record(conversation, error, TurnOutcome.DEAD_LETTER)
    record.counted_events.append(
        CountedEvent(Event.FAILED, conversation.flow, conversation.requested_slot)
    )
    apply.insert_turn(conversation, record)
    return record


def _unanswered_text(conversation: Conversation) -> str:
    """What the customer wrote that stays without an answer, for the desk; nothing of a message that
    tells a password.
    """
    unread = messages.list_unread(conversation.id)
    words = [row.body or "" for row in unread if row.author is Author.CUSTOMER]
    return "\n".join(one for one in words if one and not holds_password(one))


def _record(conversation: Conversation, error: Exception, outcome: TurnOutcome) -> PendingTurn:
    """The failed turn, with its messages; the next ones go on."""
    unread = messages.list_unread(conversation.id)
    trace = {
        "messages": [str(row.id) for row in unread],
        "stack": traceback.format_exception(error),
    }
    record = PendingTurn(outcome, conversation.turn_attempts, type(error).__name__, trace=trace)
    for row in unread:
        row.turn_id = record.id
    leases.release_after_failure(conversation)
    return record
