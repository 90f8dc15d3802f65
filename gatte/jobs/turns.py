"""The jobs that take turns: claim, read, think (no transaction open), apply, and send what was said."""

import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

import structlog

from gatte.database import until_taken
from gatte.delivery import sending, typing
from gatte.delivery.sending import Sending
from gatte.extensions import db
from gatte.intake import retrying
from gatte.jobs.delivery import deliver_due
from gatte.observability import metrics, tracing
from gatte.queue import job
from gatte.turns import applying, arrival, failing, leases, reading, thinking, watchdog
from gatte.turns.applying import Standing
from gatte.turns.leases import Lease, LeaseLost
from gatte.turns.listening import Listening
from gatte.turns.reading import Reading
from gatte.turns.thinking import Thought

log = structlog.get_logger(__name__)

THINKING_LIMIT = 3  # a newer message makes the turn think again, twice at most: an answer must not wait for ever


@job
def take_turn(phone_number_id: str, sender: str) -> None:
    """File what a sender wrote and answer it. Run twice at once, it is answered once."""

    def start() -> Lease | None:
        try:
            return arrival.take_in(phone_number_id, bytes.fromhex(sender))
        except Exception as error:  # noqa: BLE001 - no sender may be tried without end
            retrying.note(phone_number_id, bytes.fromhex(sender), error, passing=failing.may_pass(error))
            return None

    answer(start)


@job
def resume_turn(conversation_id: str) -> None:
    """Answer the messages of a conversation that an earlier turn left unread."""

    def start() -> Lease | None:
        arrival.take_in_rest(UUID(conversation_id))
        return leases.acquire(UUID(conversation_id))

    answer(start)


@job
def watch_over(conversation_id: str) -> None:
    """Do what the watchdog has to do with a conversation in which nobody speaks: nudge, time out, close, or warn the desk."""
    watchdog.bark(UUID(conversation_id))
    db.session.commit()
    deliver_due(UUID(conversation_id))


def answer(start: Callable[[], Lease | None]) -> None:
    """Take a turn if nobody else has the conversation, then send what it said.

    What `start` files and claims commits together with the first reading, so a fault before that leaves all as it was.
    """
    started = time.perf_counter()
    lease = start()
    if lease is None:
        db.session.commit()
        return
    try:
        claimed = _take(lease)
    except LeaseLost:
        db.session.rollback()
        log.info("lease_lost", conversation_id=str(lease.conversation_id))
        claimed = None
    except Exception as error:  # noqa: BLE001 - the boundary of a turn: the customer is told, the turn is kept
        db.session.rollback()
        claimed = until_taken(partial(_after_failure, start, lease, error))
    metrics.TURN_SECONDS.labels(step="whole").observe(time.perf_counter() - started)
    if claimed is not None:
        deliver_due(lease.conversation_id, claimed)


def _after_failure(start: Callable[[], Lease | None], lease: Lease, error: Exception) -> Sending | None:
    """Store what becomes of a failed turn; what is to be sent, claimed. The lease ends with it, and does not have to run out."""
    lease = start() or lease  # when the fault came before the first commit
    db.session.commit()
    _fail(lease, error)
    claimed = sending.claim(lease.conversation_id)
    db.session.commit()
    return claimed


def _take(lease: Lease) -> Sending | None:
    """Think and apply, again when the customer wrote more in the meantime; the first answer to be sent, claimed."""
    failing.check(lease)
    listening = Listening()
    for attempt in range(1, THINKING_LIMIT + 1):
        state = reading.read(lease, first=attempt == 1)
        if attempt == 1:
            typing.show(state.phone_number_id, [unread.wamid for unread in state.unread if unread.wamid and not unread.echo])
        with tracing.bound(correlation_id=state.correlation_id):
            state = listening.hear(state)
            thought = thinking.think(state)
            listening.note(thought)
            standing = applying.look_again(state)
            if attempt < THINKING_LIMIT and standing.superseded:
                standing = _after_filing(state)
                if standing.superseded:
                    log.info("turn_superseded", attempt=attempt)
                    continue
            return _apply(state, thought, listening, standing)
    raise AssertionError("the last attempt returns")


def _after_filing(state: Reading) -> Standing:
    """How the conversation stands when what came in the meantime is filed: what no turn shall read changes no answer.

    Who files locks first the sender, then the conversation: so it is let go before, or two such would wait for each other.
    """
    db.session.commit()
    arrival.take_in_rest(state.lease.conversation_id)
    return applying.look_again(state)


def _apply(state: Reading, thought: Thought, listening: Listening, standing: Standing) -> Sending | None:
    record = applying.apply(state, thought, standing)
    listening.keep()
    claimed = record.sending
    if claimed is None and not standing.hand_over:
        record.trip.send()
        claimed = sending.claim(state.lease.conversation_id)
    record.trip.commit()
    counts = {"messages": len(state.unread), "answers": len(thought.course.decision.replies)}
    log.info("turn_done", turn_id=str(record.id), **counts, **thought.times)
    for step, milliseconds in thought.times.items():
        metrics.TURN_SECONDS.labels(step=step).observe(milliseconds / 1000)
    return claimed


def _fail(lease: Lease, error: Exception) -> None:
    """Let the turn be tried again, or tell the customer; should that fail too, the turn is tried again later, and parked in the end."""
    log.error("turn_failed", error=type(error).__name__, conversation_id=str(lease.conversation_id), exc_info=error)
    over = failing.is_over(lease, error)
    if over and _ended(lease, error, failing.fail):
        return
    if over and lease.attempt >= failing.ATTEMPTS and _ended(lease, error, failing.set_aside):
        return
    failing.postpone(lease)
    db.session.commit()


def _ended(lease: Lease, error: Exception, end: Callable[[Lease, Exception], None]) -> bool:
    """Store the end of a failed turn; False when that failed as well."""
    try:
        end(lease, error)
        db.session.commit()
    except LeaseLost:
        db.session.rollback()
    except Exception:
        log.exception("turn_failure_not_stored", conversation_id=str(lease.conversation_id))
        db.session.rollback()
        return False
    return True
