"""One turn: process the inbox, take the lease, load, transcribe, process (no transaction open),
commit, send.

Start reading at `run_turn`.
"""

import time
from collections.abc import Callable
from functools import partial
from uuid import UUID

import structlog

from gatte.conversation.classifier_gate import expects_answer
from gatte.decisions import apply
from gatte.decisions.apply import PendingTurn
from gatte.delivery import claims, read_receipts
from gatte.delivery.claims import ClaimedReply
from gatte.delivery.send import send_due
from gatte.extensions import db
from gatte.infra.database.engine import retry_while_unavailable
from gatte.intelligence import calls
from gatte.intelligence.calls import CallRecord
from gatte.observability import metrics, spans, tracing
from gatte.observability.metric_labels import TurnStep
from gatte.store.appointments import AppointmentChanged, TimeTaken
from gatte.store.leases import Lease, LeaseLost
from gatte.turns import arrival, commit, llm_costs, load, process, retry
from gatte.turns.arrival import TurnSource, UnfinishedTurn, UnreadInbox
from gatte.turns.commit import CommitState
from gatte.turns.load import TurnInput
from gatte.turns.process import TurnResult
from gatte.turns.transcribe import VoiceTranscriber

log = structlog.get_logger(__name__)

# A newer message makes the turn think again, twice at most: an answer must not wait for ever. An
# appointment that somebody else took meanwhile makes it think again once more: the time is known
# to be full then, so that nobody hears of a booking that was not made.
MAX_RECOMPUTES = 3


def process_inbox_and_run(phone_number_id: str, sender_hash: bytes) -> None:
    """Process what a sender wrote, and run a turn over it."""
    run_turn(UnreadInbox(phone_number_id, sender_hash))


def resume(conversation_id: UUID) -> None:
    """Run a turn over what an earlier one left unread, and over what came since."""
    run_turn(UnfinishedTurn(conversation_id))


def run_turn(source: TurnSource) -> None:
    """Take a turn if nobody else has the conversation, then send what it said.

    What is processed and leased commits together with the first reading, so a fault before that
    leaves all as it was.
    """
    started = time.perf_counter()
    began = time.time_ns()
    lease = arrival.lease_turn(source)
    if lease is None:
        db.session.commit()
        return
    with spans.span("turn", began, conversation_id=str(lease.conversation_id)):
        spans.record("inbox", began)
        listening = VoiceTranscriber()
        claimed = _answer(source, lease, listening)
        metrics.TURN_SECONDS.labels(step=TurnStep.TOTAL).observe(time.perf_counter() - started)
        if claimed is not None:
            send_due(lease.conversation_id, claimed)
        listening.keep_files()


def _answer(source: TurnSource, lease: Lease, listening: VoiceTranscriber) -> ClaimedReply | None:
    """Compute a turn and store what came of it, be it a failure; what is to be sent, claimed."""
    with calls.collected() as made:
        try:
            claimed = _compute_and_commit(lease, listening, made)
        except LeaseLost:
            db.session.rollback()
            log.info("lease_lost", conversation_id=str(lease.conversation_id))
            llm_costs.store_unattached(made, lease.conversation_id)
            claimed = None
        except Exception as error:  # noqa: BLE001 - the boundary of a turn: the customer is told, the turn is kept
            db.session.rollback()
            claimed = retry_while_unavailable(partial(_after_failure, source, lease, error))
            llm_costs.store_unattached(made, lease.conversation_id)
    llm_costs.report(made)
    return claimed


def _after_failure(source: TurnSource, lease: Lease, error: Exception) -> ClaimedReply | None:
    """Store what becomes of a failed turn; what is to be sent, claimed. The lease ends with it, and
    does not have to run out.
    """
    # a fault before the first commit took the processed inbox and the lease back
    lease = arrival.lease_turn(source) or lease
    db.session.commit()
    _fail(lease, error)
    claimed = claims.claim_next(lease.conversation_id)
    db.session.commit()
    return claimed


def _compute_and_commit(
    lease: Lease, listening: VoiceTranscriber, made: list[CallRecord]
) -> ClaimedReply | None:
    """Think and apply, again when the customer wrote more in the meantime; the first answer to be
    sent, claimed.

    `made` fills with the calls to models.
    """
    retry.raise_if_exhausted(lease)
    for attempt in range(1, MAX_RECOMPUTES + 2):
        with spans.span("postgres load"):
            state = load.load_turn(lease, first=attempt == 1)
        if attempt == 1:
            _show_as_read(state)
        flow = state.snapshot.flow
        with tracing.bound(correlation_id=state.correlation_id), calls.in_flow(flow):
            state = listening.transcribe_unread(state)
            with spans.span("understand and decide"):
                thought = process.process(state)
            listening.add_to_trace(thought)
            standing = commit.lock_and_recheck(state)
            if attempt < MAX_RECOMPUTES and standing.has_newer_messages:
                standing = _after_processing_inbox(state)
                if standing.has_newer_messages:
                    log.info("turn_recomputed", attempt=attempt)
                    continue
            try:
                return _apply(state, thought, listening, standing, made)
            except (TimeTaken, AppointmentChanged) as stale:
                if attempt > MAX_RECOMPUTES:
                    raise
                db.session.rollback()
                log.info("turn_recomputed", attempt=attempt, why=type(stale).__name__)
    raise AssertionError("the last attempt returns or raises")


def _show_as_read(state: TurnInput) -> None:
    """Show the customer's newest message, and with it the earlier ones, as read; and "typing…" when
    the bot is about to answer.
    """
    theirs = [unread for unread in state.unread if unread.wamid and not unread.from_company_phone]
    if theirs:
        answering = expects_answer(state.snapshot, [unread.kind for unread in theirs])
        read_receipts.mark_read_async(
            state.phone_number_id, theirs[-1].wamid or "", typing=answering
        )


def _after_processing_inbox(state: TurnInput) -> CommitState:
    """How the conversation stands when what came in the meantime is processed: what no turn shall
    read changes no answer.

    Whoever processes the inbox locks first the sender, then the conversation: so the conversation
    is let go before, or two of them would wait for each other.
    """
    db.session.commit()
    arrival.process_remaining_inbox(state.lease.conversation_id)
    return commit.lock_and_recheck(state)


def _apply(
    state: TurnInput,
    thought: TurnResult,
    listening: VoiceTranscriber,
    standing: CommitState,
    made: list[CallRecord],
) -> ClaimedReply | None:
    record = commit.stage_turn(state, thought, standing, made)
    listening.save()
    claimed = record.claimed
    if claimed is None and not standing.send_inline:
        record.batch.execute()
        claimed = claims.claim_next(state.lease.conversation_id)
    with spans.span("postgres batch"):
        record.batch.commit()
    llm_costs.note_stored(made)
    apply.count(record)
    counts = {"messages": len(state.unread), "answers": len(thought.history.decision.replies)}
    log.info("turn_completed", turn_id=str(record.id), **counts, **thought.step_durations_ms)
    for step, milliseconds in thought.step_durations_ms.items():
        metrics.TURN_SECONDS.labels(step=TurnStep(step)).observe(milliseconds / 1000)
    return claimed


def _fail(lease: Lease, error: Exception) -> None:
    """Let the turn be tried again, or tell the customer; should that fail too, the turn is tried
    again later, and a dead letter in the end.
    """
    log.error(
        "turn_failed",
        error=type(error).__name__,
        conversation_id=str(lease.conversation_id),
        exc_info=error,
    )
    if retry.is_final(lease, error):
        if _try_record(lease, error, retry.record_failure):
            return
        was_last_attempt = lease.attempt >= retry.MAX_ATTEMPTS
        if was_last_attempt and _try_record(lease, error, retry.dead_letter):
            return
    retry.schedule_retry(lease)
    db.session.commit()


def _try_record(
    lease: Lease, error: Exception, end: Callable[[Lease, Exception], PendingTurn]
) -> bool:
    """Store the end of a failed turn; False when that failed as well."""
    try:
        record = end(lease, error)
        db.session.commit()
        apply.count(record)
    except LeaseLost:
        db.session.rollback()
    except Exception:  # what could not be told is tried again, or given up, by the caller
        log.exception("turn_failure_not_stored", conversation_id=str(lease.conversation_id))
        db.session.rollback()
        return False
    return True
