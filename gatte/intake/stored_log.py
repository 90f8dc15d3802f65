"""What was stored, for operators: counted, and logged a line a batch, with the ids by which a
message is searched.
"""

from collections.abc import Mapping, Sequence

import structlog

from gatte.intake import contact_identity
from gatte.intake.webhook_rows import WebhookRows
from gatte.observability import metrics

log = structlog.get_logger(__name__)

IDS_A_LINE = 100


def tell(bodies: Sequence[WebhookRows], new: Mapping[str, int]) -> None:
    """Count the messages that are new, and log these bodies: every request id and the hash of every
    wamid stands on a line.

    To which conversation a message belongs is not known here; `inbox_processed` names it beside the
    same hashes.
    """
    for kind, count in new.items():
        metrics.MESSAGES_RECEIVED.labels(kind=kind).inc(count)
    requests = [body.request_id for body in bodies if body.request_id]
    messages = [row for body in bodies for row in body.messages]
    statuses = [row for body in bodies for row in body.statuses]
    hashes = [row.wamid_hash for row in messages] + [row.wamid_hash for row in statuses]
    wamids = [contact_identity.short_hash(one) for one in hashes]
    log.info(
        "webhook_stored",
        bodies=len(bodies),
        messages=len(messages),
        new_messages=sum(new.values()),
        statuses=len(statuses),
        events=sum(len(body.events) for body in bodies),
        request_ids=requests[:IDS_A_LINE],
        wamid_hashes=wamids[:IDS_A_LINE],
    )
    for start in range(IDS_A_LINE, max(len(requests), len(wamids)), IDS_A_LINE):
        more = slice(start, start + IDS_A_LINE)
        log.info("webhook_stored_ids", request_ids=requests[more], wamid_hashes=wamids[more])
