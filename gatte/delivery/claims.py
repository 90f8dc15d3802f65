"""One answer on its way: claimed, sent with no transaction open, recorded.

A row is `sending` from its claim until its outcome is recorded. Who finds it `sending` after its
time takes it for crashed: Meta may have accepted it, so it becomes `uncertain`, and a status with
its id settles it. When none came within the grace time it is sent again, or left to an agent, by
policy: the Cloud API knows no idempotency key, and a lost answer is worse.
"""

import time
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

import structlog

from gatte import services
from gatte.conversation.replies import Reply, from_json
from gatte.delivery import service_window
from gatte.infra.database.engine import retry_while_unavailable
from gatte.models import Author, Conversation, DeliveryState, FailureCause, Outbox
from gatte.models.message import UNFINISHED_STATES
from gatte.observability import metrics
from gatte.observability.metric_labels import SendOutcome
from gatte.settings import UncertainPolicy
from gatte.store import consents, conversations, outbox, status_events
from gatte.store.outbox import RecordedAcceptance
from gatte.whatsapp.errors import ErrorCategory, rule_for

log = structlog.get_logger(__name__)

# who comes back to its claim later than this (a stopped process) must not act on it any more
CLAIM_USABLE_SECONDS = 10.0
# calls to Meta whose outcome nobody knows; each is waited for twice as long as the one before
MAX_UNCERTAIN_ATTEMPTS = 6
LONGEST_DOUBT_SECONDS = 900.0
STATUS_WAIT_SECONDS = 1.0


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
    conversation = conversations.find_locked_for_delivery(conversation_id)
    while conversation is not None:
        found = outbox.lock_next_unfinished(conversation_id)
        if found is None:
            return None
        row, now = found
        if row.next_attempt_at is None:
            continue  # somebody settled it since the statement began
        if row.next_attempt_at > now:
            return None
        if row.state is DeliveryState.SENDING:
            mark_uncertain(row, "its process ended")
            return None
        if row.state is DeliveryState.UNCERTAIN and status_events.has_unapplied(row.id):
            # it settles the doubt, however late we get to it
            outbox.wait_for_status(row, STATUS_WAIT_SECONDS)
            return None
        if not _drop_if_undeliverable(row, conversation, now):
            return _claimed(row, conversation)
    return None


def _drop_if_undeliverable(row: Outbox, conversation: Conversation, now: datetime) -> bool:
    """Whether this answer must not be sent (any more): the next one is looked at instead."""
    if _bot_must_be_silent(row, conversation):
        outbox.cancel(row, FailureCause.OWNER_CHANGED)
        log.info(
            "reply_cancelled",
            outbox_id=str(row.id),
            why="the bot does not own the conversation any more",
        )
    elif (refused := _notice_refusal(row, conversation, now)) is not None:
        outbox.cancel(row, refused)
        log.info("notice_cancelled", outbox_id=str(row.id), why=refused.value)
    elif row.state is DeliveryState.UNCERTAIN and _needs_human(row):
        outbox.mark_dead_letter(row, FailureCause.NOT_CONFIRMED)
        log.warning("reply_dead_lettered", outbox_id=str(row.id))
    elif service_window.is_closed(conversation, now) and not service_window.is_template(row):
        service_window.handle_window_closed(row, conversation)
    return row.state not in UNFINISHED_STATES


def _bot_must_be_silent(row: Outbox, conversation: Conversation) -> bool:
    return row.author is Author.BOT and row.owner_version != conversation.owner_version


def _notice_refusal(row: Outbox, conversation: Conversation, now: datetime) -> FailureCause | None:
    """Why a notice must not be sent (any more), be it again; None for other answers."""
    if row.expires_at is None:
        return None
    if conversation.contact.opted_out_at is not None:
        return FailureCause.NOTICES_REFUSED
    return FailureCause.NOTICE_EXPIRED if now >= row.expires_at else None


def _needs_human(row: Outbox) -> bool:
    """Whether an answer in doubt is left to people."""
    return (
        row.attempts >= MAX_UNCERTAIN_ATTEMPTS
        or services.settings().gatte_uncertain_policy is UncertainPolicy.AGENT
    )


def _claimed(row: Outbox, conversation: Conversation) -> ClaimedReply | None:
    contact = conversation.contact
    if row.data_key_id is None or row.reply is None or not (contact.phone or contact.bsuid):
        outbox.cancel(row, FailureCause.CONTACT_ERASED)
        return None
    outbox.claim(row)
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


def release_claim(sending: ClaimedReply, seconds: float) -> None:
    """Nothing left: the answer waits its turn, and this claim does not count as an attempt."""
    row = outbox.lock_claimed(sending.outbox_id, sending.attempt)
    if row is not None and row.state is DeliveryState.SENDING:
        outbox.release(row, seconds)


def put_back(sending: ClaimedReply) -> None:
    """Commit that nothing left under this claim: whoever looks next sends the answer at once, and
    nobody need wait for a status.
    """
    retry_while_unavailable(lambda: outbox.put_back(sending.outbox_id, sending.attempt))


def record_accepted(sending: ClaimedReply, wamid: str, latency_ms: float) -> bool:
    """Commit that Meta took the answer; whether more of this conversation wait to go."""

    def record() -> RecordedAcceptance:
        return outbox.record_accepted(
            sending.outbox_id,
            sending.attempt,
            wamid,
            latency_ms,
            conversation_id=sending.conversation_id,
            data_key_id=sending.data_key_id,
        )

    # nobody else knows that Meta took it
    recorded = retry_while_unavailable(record)
    if recorded.is_current:
        metrics.MESSAGES_SENT.labels(outcome=SendOutcome.ACCEPTED).inc()
    return recorded.has_more


def record_rejected(
    sending: ClaimedReply,
    code: int | None,
    cause: FailureCause | None,
    latency_ms: float,
    *,
    retry_in: float | None,
    permanent: bool,
) -> None:
    """Meta certainly did not take the answer: try again after `retry_in` seconds; without it fail
    for good, or a dead letter for people. `cause` is ours; of Meta's error the code alone is kept,
    since its words may name the customer.
    """
    outbox.add_attempt(sending.outbox_id, "refused", latency_ms, code)
    row = outbox.lock_claimed(sending.outbox_id, sending.attempt)
    if row is None or row.state not in UNFINISHED_STATES:
        return
    row.error_code = code
    row.error_details = cause
    if rule_for(code).category is ErrorCategory.OPTED_OUT:
        consents.record_marketing_stop_of(row.id)
    if retry_in is not None:
        outbox.retry_later(row, retry_in)
        metrics.MESSAGES_SENT.labels(outcome=SendOutcome.RETRIED).inc()
    elif rule_for(code).category is ErrorCategory.WINDOW_CLOSED:
        conversation = conversations.get_conversation(row.conversation_id)
        service_window.handle_window_closed(row, conversation)
    else:
        _give_up(row, permanent=permanent)


def _give_up(row: Outbox, *, permanent: bool) -> None:
    outbox.give_up(row, DeliveryState.FAILED if permanent else DeliveryState.DEAD_LETTER)
    metrics.MESSAGES_SENT.labels(outcome=SendOutcome.FAILED).inc()
    log.warning(
        "reply_failed", outbox_id=str(row.id), error_code=row.error_code, state=row.state.value
    )


def record_uncertain(sending: ClaimedReply, why: str, latency_ms: float) -> None:
    """Nobody knows whether Meta took the answer: wait for a status."""
    outbox.add_attempt(sending.outbox_id, "uncertain", latency_ms)
    row = outbox.lock_claimed(sending.outbox_id, sending.attempt)
    if row is not None and row.state in UNFINISHED_STATES:
        row.error_details = None
        mark_uncertain(row, why)


def mark_uncertain(row: Outbox, why: str) -> None:
    """Wait the grace time for a status of this answer before anything else is done with it."""
    first_grace = services.settings().gatte_uncertain_grace_seconds
    longest_grace = max(LONGEST_DOUBT_SECONDS, first_grace)
    grace = first_grace * 2.0 ** max(0, row.attempts - 1)
    outbox.mark_uncertain(row, min(grace, longest_grace))
    metrics.UNCERTAIN_SENDS.inc()
    log.warning("reply_uncertain", outbox_id=str(row.id), attempt=row.attempts, why=why)
