"""The sending loop: claim, send, record, one reply of a conversation at a time.

Start reading at `send_due`.
"""

import time
from uuid import UUID

import structlog

from gatte import services
from gatte.delivery import claims, client_for, number_pause
from gatte.delivery.claims import ClaimedReply
from gatte.delivery.rate_limiter import MAX_SLEEP_SECONDS
from gatte.extensions import db
from gatte.infra.database.engine import UNAVAILABLE_ERRORS
from gatte.models import FailureCause
from gatte.observability import spans, tracing
from gatte.whatsapp import outbound, simulator
from gatte.whatsapp.channel import Channel, NotSent, OutcomeUncertain, Rejected, Sent
from gatte.whatsapp.errors import ErrorCategory
from gatte.whatsapp.events import Status
from gatte.whatsapp.simulator import SimulatorClient

log = structlog.get_logger(__name__)

RATE_LIMIT_CODE = 130429


def send_due(conversation_id: UUID, claimed: ClaimedReply | None = None) -> None:
    """Send what is due of a conversation (first what the caller claimed) until nothing is, or an
    answer did not get through.
    """
    if claimed is None:
        claimed = claims.claim_next(conversation_id)
        db.session.commit()  # nothing stays open while we wait for Meta
    while claimed is not None:
        with tracing.bound(correlation_id=claimed.correlation_id), spans.span("delivery"):
            went = _send(claimed)
        claimed = claims.claim_next(conversation_id) if went else None
        db.session.commit()


def _send(claimed: ClaimedReply) -> bool:
    """Send one claimed answer and record the outcome (the caller commits it); whether a next one
    waits, and may follow.
    """
    channel = client_for(claimed.phone_number_id)
    if not isinstance(channel, SimulatorClient) and not _goes(claimed):
        return False
    started = time.perf_counter()
    try:
        body = outbound.message_body(
            claimed.reply,
            phone=claimed.phone,
            bsuid=claimed.bsuid,
            outbox_id=str(claimed.outbox_id),
        )
        sent = channel.send(claimed.phone_number_id, body)
    except (outbound.LimitExceeded, outbound.NoRecipient) as error:
        log.warning("reply_exceeds_limit", outbox_id=str(claimed.outbox_id), limit=str(error))
        claims.record_rejected(
            claimed,
            None,
            FailureCause.BREAKS_A_LIMIT,
            _since(started),
            retry_in=None,
            permanent=True,
        )
    except Rejected as error:
        _refused(claimed, error, _since(started))
    except OutcomeUncertain as error:
        number_pause.record_no_response(claimed.phone_number_id)
        claims.record_uncertain(claimed, str(error), _since(started))
    else:
        return _accepted(claimed, channel, sent, _since(started))
    return False


def _goes(claimed: ClaimedReply) -> bool:
    """Whether the answer leaves now; a claim under which nothing can leave any more is given up, so
    that another may send it.
    """
    try:
        if not _reserve_or_postpone(claimed):
            return False
    except UNAVAILABLE_ERRORS as error:
        db.session.rollback()
        log.warning(
            "claim_without_database", outbox_id=str(claimed.outbox_id), error=type(error).__name__
        )
    else:
        if not claimed.is_expired:
            return True
        log.warning("claim_expired", outbox_id=str(claimed.outbox_id))
    claims.put_back(claimed)
    return False


def _reserve_or_postpone(claimed: ClaimedReply) -> bool:
    """Whether the answer may leave now, after a short wait at most; else it comes back when its
    time has come.
    """
    if number_pause.postpone_if_paused(claimed):
        return False
    wait = services.rate_limiter().reserve(
        claimed.phone_number_id, str(claimed.contact_id), str(claimed.outbox_id)
    )
    if wait > MAX_SLEEP_SECONDS:
        claims.release_claim(claimed, wait)
        return False
    time.sleep(wait)
    return True


def _accepted(claimed: ClaimedReply, channel: Channel, sent: Sent, latency_ms: float) -> bool:
    """Record it; whether more of this conversation wait to go."""
    more = claims.record_accepted(claimed, sent.wamid, latency_ms)
    number_pause.record_response(claimed.phone_number_id)
    if isinstance(channel, SimulatorClient):
        _simulate_statuses(claimed, sent.wamid)
    log.info(
        "reply_sent",
        outbox_id=str(claimed.outbox_id),
        wamid=sent.wamid,
        latency_ms=round(latency_ms, 1),
    )
    return more


def _refused(claimed: ClaimedReply, error: Rejected, latency_ms: float) -> None:
    paused = number_pause.retry_delay_after_rejection(claimed, error)
    wait = paused
    if not paused:
        wait = error.retry_delay(claimed.attempt) if claimed.attempt < error.tries else None
    if error.code == RATE_LIMIT_CODE:
        services.rate_limiter().decrease_rate(claimed.phone_number_id)
    elif error.error.category is ErrorCategory.PAIR_RATE:
        services.rate_limiter().block_recipient(
            claimed.phone_number_id, str(claimed.contact_id), wait or 0.0
        )
    cause = None
    if paused:
        cause = FailureCause.NUMBER_PAUSED
    elif isinstance(error, NotSent):
        cause = FailureCause.NOT_CONNECTED
    claims.record_rejected(
        claimed,
        error.code,
        cause,
        latency_ms,
        retry_in=wait,
        permanent=error.error.rule.permanent and error.code is not None,
    )


def _simulate_statuses(claimed: ClaimedReply, wamid: str) -> None:
    """A simulated customer gets and reads everything at once; the news comes by the way that Meta's
    would.
    """
    customer = simulator.SimulatedContact(claimed.phone, "", claimed.bsuid)
    for status in (Status.DELIVERED, Status.READ):
        news = simulator.status_body(
            claimed.phone_number_id, customer, wamid, status, outbox_id=str(claimed.outbox_id)
        )
        services.webhook_store()(simulator.encode(news))


def _since(started: float) -> float:
    return (time.perf_counter() - started) * 1000
