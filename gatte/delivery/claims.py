"""One answer on its way: claimed, sent with no transaction open, recorded.

A row is `sending` from its claim until its outcome is recorded. Who finds it `sending` after its
time takes it for crashed: Meta may have accepted it, so it becomes `uncertain`, and a status with
its id settles it. When none came within the grace time it is sent again, or parked for an agent, by
policy: the Cloud API knows no idempotency key, and a lost answer is worse.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog
from flask import current_app
from sqlalchemy import func, select, text

from gatte.conversation.replies import Reply, from_json
from gatte.delivery import service_window
from gatte.delivery.failure_reasons import FailureCause
from gatte.delivery.outbox import CLAIM_SECONDS
from gatte.extensions import db
from gatte.infra.database.statement_batch import fetch_rows_autocommit, retry_while_unavailable
from gatte.models import (
    Author,
    Conversation,
    DeliveryAttempt,
    DeliveryState,
    Outbox,
    StatusEvent,
    keyring,
)
from gatte.models.message import UNFINISHED_STATES
from gatte.observability import metrics
from gatte.observability.metric_labels import SendOutcome
from gatte.privacy import masking
from gatte.settings import Settings, UncertainPolicy
from gatte.whatsapp.errors import ErrorCategory, rule_for

log = structlog.get_logger(__name__)

# who comes back to its claim later than this (a stopped process) must not act on it any more
CLAIM_USABLE_SECONDS = 10.0
# calls to Meta whose outcome nobody knows; each is waited for twice as long as the one before
MAX_UNCERTAIN_ATTEMPTS = 6
LONGEST_DOUBT_SECONDS = 900.0
STATUS_WAIT_SECONDS = 1.0
RECORD_ACCEPTED_SQL = """
    WITH noted AS (
        INSERT INTO delivery_attempt (outbox_id, outcome, latency_ms)
        SELECT %(id)s, 'accepted', %(latency)s
        WHERE NOT EXISTS (SELECT FROM outbox WHERE id = %(id)s AND wamid_hash = %(hash)s)
    ), mine AS (
        UPDATE outbox SET
            wamid_hash = %(hash)s,
            wamid_sealed = %(wamid)s,
            accepted_at = CASE
                WHEN state IN ('pending', 'sending', 'uncertain') THEN clock_timestamp()
                ELSE accepted_at END,
            error_code = CASE
                WHEN state IN ('pending', 'sending', 'uncertain') THEN NULL
                ELSE error_code END,
            error_details = CASE
                WHEN state IN ('pending', 'sending', 'uncertain') THEN NULL
                ELSE error_details END,
            state = CASE
                WHEN state IN ('pending', 'sending', 'uncertain') THEN 'accepted'
                ELSE state END
        WHERE id = %(id)s AND attempts = %(attempt)s
        RETURNING id
    )
    SELECT EXISTS (SELECT FROM mine) AS mine,
        EXISTS (
            SELECT FROM outbox
            WHERE conversation_id = %(conversation)s AND id <> %(id)s
                AND state IN ('pending', 'sending', 'uncertain')
        ) AS more
"""
# The claim counts as an attempt: with its number used again, a second try of this statement could
# hit the claim of another.
PUT_BACK = """
    UPDATE outbox SET state = 'pending', due_at = clock_timestamp()
    WHERE id = %(id)s AND attempts = %(attempt)s AND state IN ('sending', 'uncertain')
    RETURNING id
"""


@dataclass(frozen=True)
class ClaimedReply:
    """An answer that this process alone may send now."""

    outbox_id: UUID
    conversation_id: UUID
    contact_id: UUID
    data_key_id: UUID | None
    correlation_id: str
    phone_number_id: str
    attempt: int
    reply: Reply
    phone: str | None
    bsuid: str | None
    claimed_at: float = field(default_factory=time.monotonic)

    @property
    def is_expired(self) -> bool:
        """Whether the claim is so old that another process may soon take it for crashed."""
        return time.monotonic() - self.claimed_at >= CLAIM_USABLE_SECONDS


def claim_next(conversation_id: UUID) -> ClaimedReply | None:
    """Claim the next answer of a conversation; None when nothing is due, or another process has one
    of its answers in hand.
    """
    locked = (
        select(Conversation)
        .filter_by(id=conversation_id)
        .with_for_update(of=Conversation, key_share=True)
    )
    conversation = db.session.scalar(locked.execution_options(populate_existing=True))
    while conversation is not None:
        found = _next_due(conversation_id)
        if found is None:
            return None
        row, now = found
        if row.state not in UNFINISHED_STATES:
            continue  # somebody settled it since the statement began
        if row.due_at > now:
            return None
        if row.state is DeliveryState.SENDING:
            mark_uncertain(row)
            return None
        if row.state is DeliveryState.UNCERTAIN and _has_unapplied_status(row):
            row.due_at = _after(STATUS_WAIT_SECONDS)
            return None
        if not _drop_if_undeliverable(row, conversation, now):
            return _claimed(row, conversation)
    return None


def _next_due(conversation_id: UUID) -> tuple[Outbox, datetime] | None:
    """The first answer that is not settled, locked and as it is now, and the time of the database;
    None while another has it locked.

    Who has it locked is noting what became of it, be it in a commit that takes long: it must not be
    taken for crashed meanwhile.
    """
    unfinished = select(Outbox.id).where(
        Outbox.conversation_id == conversation_id, Outbox.state.in_(UNFINISHED_STATES)
    )
    first = unfinished.order_by(Outbox.position).limit(1).scalar_subquery()
    locked = (
        select(Outbox, func.clock_timestamp())
        .where(Outbox.id == first)
        .with_for_update(skip_locked=True, key_share=True)
    )
    found = db.session.execute(locked.execution_options(populate_existing=True)).first()
    return None if found is None else (found[0], found[1])


def _has_unapplied_status(row: Outbox) -> bool:
    """Whether a status of this answer was stored that nobody applied yet: it settles the doubt,
    however late we get to it.
    """
    return bool(db.session.scalar(select(select(StatusEvent).filter_by(outbox_id=row.id).exists())))


def _drop_if_undeliverable(row: Outbox, conversation: Conversation, now: datetime) -> bool:
    """Whether this answer must not be sent (any more): the next one is looked at instead."""
    if _bot_must_be_silent(row, conversation):
        row.state = DeliveryState.CANCELLED
        row.error_details = FailureCause.OWNER_CHANGED
        log.info(
            "answer_cancelled",
            outbox_id=str(row.id),
            why="the bot does not own the conversation any more",
        )
    elif row.state is DeliveryState.UNCERTAIN and _needs_human(row):
        row.state = DeliveryState.PARKED
        row.error_details = FailureCause.NOT_CONFIRMED
        log.warning("answer_parked", outbox_id=str(row.id))
    elif service_window.is_closed(conversation, now) and not service_window.is_template(row):
        service_window.handle_window_closed(row, conversation)
    return row.state not in UNFINISHED_STATES


def _bot_must_be_silent(row: Outbox, conversation: Conversation) -> bool:
    return row.author is Author.BOT and row.owner_version != conversation.owner_version


def _needs_human(row: Outbox) -> bool:
    """Whether an answer in doubt is left to people."""
    return (
        row.attempts >= MAX_UNCERTAIN_ATTEMPTS
        or _settings().gatte_uncertain_policy is UncertainPolicy.AGENT
    )


def _claimed(row: Outbox, conversation: Conversation) -> ClaimedReply | None:
    contact = conversation.contact
    if row.data_key_id is None or row.reply is None or not (contact.phone or contact.bsuid):
        row.state = DeliveryState.CANCELLED
        row.error_details = FailureCause.CONTACT_ERASED
        return None
    row.state = DeliveryState.SENDING
    row.attempts += 1
    row.due_at = _after(CLAIM_SECONDS)
    return _of(conversation, row.id, from_json(row.reply), row.attempts)


def claim_inline(conversation: Conversation, outbox_id: UUID, reply: Reply) -> ClaimedReply:
    """An answer that was written as claimed, for this process to send once it is committed."""
    return _of(conversation, outbox_id, reply, attempt=1)


def _of(conversation: Conversation, outbox_id: UUID, reply: Reply, attempt: int) -> ClaimedReply:
    contact = conversation.contact
    return ClaimedReply(
        outbox_id=outbox_id,
        conversation_id=conversation.id,
        contact_id=contact.id,
        data_key_id=conversation.data_key_id,
        correlation_id=conversation.correlation_id,
        phone_number_id=conversation.phone_number_id,
        attempt=attempt,
        reply=reply,
        phone=contact.phone,
        bsuid=contact.bsuid,
    )


def _lock_claimed_row(sending: ClaimedReply) -> Outbox | None:
    """The row of a sending, locked, while it is still this attempt that has it in hand."""
    row = db.session.scalar(
        select(Outbox)
        .filter_by(id=sending.outbox_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return row if row is not None and row.attempts == sending.attempt else None


def release_claim(sending: ClaimedReply, seconds: float) -> None:
    """Nothing left: the answer waits its turn, and this claim does not count as an attempt."""
    row = _lock_claimed_row(sending)
    if row is not None and row.state is DeliveryState.SENDING:
        row.state = DeliveryState.PENDING
        row.due_at = _after(seconds)
        row.attempts -= 1


def put_back(sending: ClaimedReply) -> None:
    """Commit that nothing left under this claim: whoever looks next sends the answer at once, and
    nobody need wait for a status.
    """
    retry_while_unavailable(
        lambda: fetch_rows_autocommit(
            PUT_BACK, {"id": sending.outbox_id, "attempt": sending.attempt}
        )
    )


def record_accepted(sending: ClaimedReply, wamid: str, latency_ms: float) -> bool:
    """Commit that Meta took the answer; whether more of this conversation wait to go.

    A status may have come first: then the row has moved on already, and only its wamid is noted.
    """
    sealed = (
        Outbox.wamid.encrypt(sending.outbox_id, sending.data_key_id, wamid)
        if sending.data_key_id
        else None
    )
    values = {
        "id": sending.outbox_id,
        "attempt": sending.attempt,
        "conversation": sending.conversation_id,
        "latency": latency_ms,
        "hash": keyring().lookup_hash("wamid", wamid),
        "wamid": sealed,
    }
    # nobody else knows that Meta took it
    noted = retry_while_unavailable(lambda: fetch_rows_autocommit(RECORD_ACCEPTED_SQL, values)[0])
    if noted.mine:
        metrics.MESSAGES_SENT.labels(outcome=SendOutcome.ACCEPTED).inc()
    return bool(noted.more)


def record_rejected(
    sending: ClaimedReply,
    code: int | None,
    details: str,
    latency_ms: float,
    *,
    retry_in: float | None,
    permanent: bool,
) -> None:
    """Meta certainly did not take the answer: try again after `retry_in` seconds; without it fail
    for good, or park for people.
    """
    _attempt(sending, "refused", latency_ms, code)
    row = _lock_claimed_row(sending)
    if row is None or row.state not in UNFINISHED_STATES:
        return
    row.error_code = code
    row.error_details = masking.mask(details[:500])
    if retry_in is not None:
        row.state = DeliveryState.PENDING
        row.due_at = _after(retry_in)
        metrics.MESSAGES_SENT.labels(outcome=SendOutcome.RETRIED).inc()
    elif rule_for(code).category is ErrorCategory.WINDOW_CLOSED:
        conversation = db.session.get_one(Conversation, row.conversation_id)
        service_window.handle_window_closed(row, conversation)
    else:
        _give_up(row, permanent=permanent)


def _give_up(row: Outbox, *, permanent: bool) -> None:
    row.state = DeliveryState.FAILED if permanent else DeliveryState.PARKED
    row.failed_at = func.clock_timestamp()
    metrics.MESSAGES_SENT.labels(outcome=SendOutcome.FAILED).inc()
    log.warning(
        "answer_failed", outbox_id=str(row.id), error_code=row.error_code, state=row.state.value
    )


def record_uncertain(sending: ClaimedReply, why: str, latency_ms: float) -> None:
    """Nobody knows whether Meta took the answer: wait for a status."""
    _attempt(sending, "uncertain", latency_ms)
    row = _lock_claimed_row(sending)
    if row is not None and row.state in UNFINISHED_STATES:
        row.error_details = why[:500]
        mark_uncertain(row)


def mark_uncertain(row: Outbox) -> None:
    """Wait the grace time for a status of this answer before anything else is done with it."""
    first_grace = _settings().gatte_uncertain_grace_seconds
    longest_grace = max(LONGEST_DOUBT_SECONDS, first_grace)
    grace = first_grace * 2.0 ** max(0, row.attempts - 1)
    row.state = DeliveryState.UNCERTAIN
    row.due_at = _after(min(grace, longest_grace))
    metrics.UNCERTAIN_SENDS.inc()
    log.warning(
        "answer_uncertain", outbox_id=str(row.id), attempt=row.attempts, why=row.error_details
    )


def _attempt(
    sending: ClaimedReply, outcome: str, latency_ms: float, code: int | None = None
) -> None:
    db.session.add(
        DeliveryAttempt(
            outbox_id=sending.outbox_id, outcome=outcome, error_code=code, latency_ms=latency_ms
        )
    )


def _after(seconds: float) -> Any:  # noqa: ANN401 - an SQL expression
    return func.clock_timestamp() + text("make_interval(secs => :seconds)").bindparams(
        seconds=seconds
    )


def _settings() -> Settings:
    settings: Settings = current_app.extensions["gatte_settings"]
    return settings
