"""What was stored, for operators: counted, and logged a line a batch, with the ids by which a message is searched."""

from collections import Counter
from collections.abc import Sequence

import structlog

from gatte.intake import identity
from gatte.intake.rows import Rows
from gatte.observability import metrics

log = structlog.get_logger(__name__)

IDS_A_LINE = 100


def tell(bodies: Sequence[Rows]) -> None:
    """Count the messages of these bodies, and log them: every correlation id and request id stands on a line."""
    messages = [message for body in bodies for message in body.messages]
    for kind, count in Counter(message.kind for message in messages).items():
        metrics.MESSAGES_RECEIVED.labels(kind=kind).inc(count)
    requests = [body.request_id for body in bodies if body.request_id]
    senders = list(dict.fromkeys(identity.correlation_id(message.sender_hash) for message in messages))
    log.info(
        "webhook_stored",
        bodies=len(bodies),
        messages=len(messages),
        statuses=sum(len(body.statuses) for body in bodies),
        events=sum(len(body.events) for body in bodies),
        request_ids=requests[:IDS_A_LINE],
        correlation_ids=senders[:IDS_A_LINE],
    )
    for start in range(IDS_A_LINE, max(len(requests), len(senders)), IDS_A_LINE):
        more = slice(start, start + IDS_A_LINE)
        log.info("webhook_stored_more", request_ids=requests[more], correlation_ids=senders[more])
