"""The jobs that send answers and settle what became of them."""

import time
from uuid import UUID

import structlog

from gatte.database import AWAY
from gatte.delivery import client_for, pausing, sending, window
from gatte.delivery.pacing import SHORT_SECONDS, pacer
from gatte.delivery.reasons import Cause
from gatte.delivery.sending import Sending
from gatte.extensions import db
from gatte.intake import inbox, statuses
from gatte.observability import tracing
from gatte.queue import job
from gatte.whatsapp import outbound, simulator
from gatte.whatsapp.channel import Channel, NotSent, Refused, Sent, Uncertain
from gatte.whatsapp.errors import Category
from gatte.whatsapp.events import Status
from gatte.whatsapp.simulator import SimulatorClient

log = structlog.get_logger(__name__)

NUMBER_TOO_FAST = 130429


@job
def deliver(conversation_id: str) -> None:
    """Send the answers of a conversation that are due, in order. Run twice at once, each is sent once."""
    deliver_due(UUID(conversation_id))


def deliver_due(conversation_id: UUID, claimed: Sending | None = None) -> None:
    """Send what is due of a conversation (first what the caller claimed) until nothing is, or an answer did not get through."""
    if claimed is None:
        claimed = sending.claim(conversation_id)
        db.session.commit()  # nothing stays open while we wait for Meta
    while claimed is not None:
        with tracing.bound(correlation_id=claimed.correlation_id):
            went = _send(claimed)
        claimed = sending.claim(conversation_id) if went else None
        db.session.commit()


def _send(claimed: Sending) -> bool:
    """Send one claimed answer and record the outcome (the caller commits it); whether a next one waits, and may follow."""
    channel = client_for(claimed.phone_number_id)
    if not isinstance(channel, SimulatorClient) and not _goes(claimed):
        return False
    started = time.perf_counter()
    try:
        body = outbound.body(claimed.reply, phone=claimed.phone, bsuid=claimed.bsuid, outbox_id=str(claimed.outbox_id))
        sent = channel.send(claimed.phone_number_id, body)
    except (outbound.LimitExceeded, outbound.NoAddress) as error:
        log.warning("answer_breaks_a_limit", outbox_id=str(claimed.outbox_id), limit=str(error))
        sending.refused(claimed, None, Cause.BREAKS_A_LIMIT, _since(started), retry_in=None, permanent=True)
    except Refused as error:
        _refused(claimed, error, _since(started))
    except Uncertain as error:
        pausing.unanswered(claimed.phone_number_id)
        sending.uncertain(claimed, str(error), _since(started))
    else:
        return _accepted(claimed, channel, sent, _since(started))
    return False


def _goes(claimed: Sending) -> bool:
    """Whether the answer leaves now; a claim under which nothing can leave any more is given up, so that another may send it."""
    try:
        if not _may_go(claimed):
            return False
    except AWAY as error:
        db.session.rollback()
        log.warning("claim_without_database", outbox_id=str(claimed.outbox_id), error=type(error).__name__)
    else:
        if not claimed.stale:
            return True
        log.warning("claim_stale", outbox_id=str(claimed.outbox_id))
    sending.put_back(claimed)
    return False


def _may_go(claimed: Sending) -> bool:
    """Whether the answer may leave now, after a short wait at most; else it comes back when its time has come."""
    if pausing.holds(claimed):
        return False
    wait = pacer().take(claimed.phone_number_id, str(claimed.contact_id), str(claimed.outbox_id))
    if wait > SHORT_SECONDS:
        sending.postpone(claimed, wait)
        return False
    time.sleep(wait)
    return True


def _accepted(claimed: Sending, channel: Channel, sent: Sent, latency_ms: float) -> bool:
    """Record it; whether more of this conversation wait to go."""
    more = sending.accepted(claimed, sent.wamid, latency_ms)
    pausing.answered(claimed.phone_number_id)
    if isinstance(channel, SimulatorClient):
        _simulate_statuses(claimed, sent.wamid)
    log.info("answer_sent", outbox_id=str(claimed.outbox_id), wamid=sent.wamid, latency_ms=round(latency_ms, 1))
    return more


def _refused(claimed: Sending, error: Refused, latency_ms: float) -> None:
    paused = pausing.after_refusal(claimed, error)
    wait = paused or (error.retry_in(claimed.attempt) if claimed.attempt < error.tries else None)
    if error.code == NUMBER_TOO_FAST:
        pacer().slow_down(claimed.phone_number_id)
    elif error.error.category is Category.PAIR_RATE:
        pacer().leave_alone(claimed.phone_number_id, str(claimed.contact_id), wait or 0.0)
    details = Cause.NUMBER_PAUSED if paused else Cause.NOT_CONNECTED if isinstance(error, NotSent) else error.details
    sending.refused(
        claimed, error.code, details, latency_ms, retry_in=wait, permanent=error.error.rule.permanent and error.code is not None
    )


def _simulate_statuses(claimed: Sending, wamid: str) -> None:
    """A simulated customer gets and reads everything at once; the news comes by the way that Meta's would."""
    customer = simulator.Customer(claimed.phone, "", claimed.bsuid)
    for status in (Status.DELIVERED, Status.READ):
        news = simulator.status_body(claimed.phone_number_id, customer, wamid, status, outbox_id=str(claimed.outbox_id))
        inbox.accept(simulator.encoded(news))


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000


@job
def settle() -> None:
    """Apply the statuses that the webhook stored, oldest first, each once; those of answers that we do not know yet stay."""
    after = 0
    while (applied := statuses.apply_some(after)) is not None:
        for outbox_id in applied.too_late:
            window.settle(outbox_id)
        db.session.commit()
        after = applied.last
    db.session.commit()
