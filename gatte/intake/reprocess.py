"""Webhook bodies that were kept whole, taken again because a person says so: what the database
refused, and what was too much at once.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import structlog

from gatte.intake import receive
from gatte.store import inbox
from gatte.whatsapp.payload_parts import REST_FIELD
from gatte.whatsapp.webhook_parser import InvalidPayload

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class KeptBody:
    """A body that waits for people: why it was kept (`unstorable` or `rest`), since when, and its
    size in bytes.
    """

    id: int
    why: str
    since: datetime
    size: int

    def __str__(self) -> str:
        since = f"{self.since:%Y-%m-%d %H:%M} UTC"
        return f"webhook body {self.id} ({self.why}, {self.size} bytes, since {since})"


class BodyOutcome(StrEnum):
    """What became of a body that was taken again."""

    STORED = "stored"
    REFUSED = "left: the database still refuses a part of it"
    UNREADABLE = "left: it is no webhook body"


def list_bodies(since: datetime | None = None, after: int = 0) -> list[KeptBody]:
    """The bodies that wait (since then), the oldest first; `after` an id only what is more of a
    body that was taken again.
    """
    fields = [REST_FIELD] if after else [REST_FIELD, receive.UNSTORABLE]
    return [KeptBody(*event) for event in inbox.list_events(fields, since, after)]


def requeue(body: KeptBody) -> BodyOutcome:
    """Store what a body brings; then it is gone, unless it cannot be read. The caller commits.
    Twice is as good as once.
    """
    event = inbox.lock_event(body.id)
    if event is None:
        return BodyOutcome.STORED
    try:
        refused = receive.store_webhook(receive.open_event(event.payload)).refused
    except InvalidPayload:
        return BodyOutcome.UNREADABLE
    inbox.delete_event(event)
    log.info("webhook_body_requeued", event_id=body.id, refused=refused)
    return BodyOutcome.REFUSED if refused else BodyOutcome.STORED
