"""The jobs that send answers and settle what became of them."""

import time
from uuid import UUID

import structlog

from gatte.delivery import client_for, sending
from gatte.delivery.sending import Sending
from gatte.extensions import db
from gatte.intake import inbox, statuses
from gatte.observability import tracing
from gatte.queue import job
from gatte.whatsapp import outbound, simulator
from gatte.whatsapp.channel import Refused, Uncertain
from gatte.whatsapp.events import Status
from gatte.whatsapp.simulator import SimulatorClient

log = structlog.get_logger(__name__)


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
    """Send one claimed answer and record the outcome (the caller commits); whether the next one may follow."""
    started = time.perf_counter()
    try:
        body = outbound.body(claimed.reply, phone=claimed.phone, bsuid=claimed.bsuid, outbox_id=str(claimed.outbox_id))
        channel = client_for(claimed.phone_number_id)
        sent = channel.send(claimed.phone_number_id, body)
    except (outbound.LimitExceeded, outbound.NoAddress) as error:
        sending.refused(claimed, None, str(error), _since(started), retry_in=None, permanent=True)
    except Refused as error:
        wait, permanent = error.retry_in(claimed.attempt), error.error.rule.permanent
        sending.refused(claimed, error.code, error.details, _since(started), retry_in=wait, permanent=permanent)
    except Uncertain as error:
        sending.uncertain(claimed, str(error), _since(started))
    else:
        sending.accepted(claimed, sent.wamid, _since(started))
        if isinstance(channel, SimulatorClient):
            db.session.commit()
            _simulate_statuses(claimed, sent.wamid)
        log.info("answer_sent", outbox_id=str(claimed.outbox_id), wamid=sent.wamid, latency_ms=round(_since(started), 1))
        return True
    return False


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
    """Apply the statuses that the webhook stored, oldest first, until none is left."""
    while statuses.apply_some():
        db.session.commit()
    db.session.commit()
