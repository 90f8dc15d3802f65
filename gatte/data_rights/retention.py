"""Retention: what has had its time goes, a batch at a time, and a count afterwards proves it.

The times are settings; the redelivery horizon is Meta's (WhatsApp Cloud API, webhooks: undelivered
ones are sent again for up to 7 days).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog

from gatte import services
from gatte.settings import Settings
from gatte.store import idempotent_requests, retention, webhook_deliveries

log = structlog.get_logger(__name__)

REDELIVERY_HORIZON = timedelta(days=7)
DAYS_OF_MONTH = 30.44
ROWS_AT_ONCE = 500
MOST_SECONDS = 600.0


@dataclass(frozen=True)
class RetentionStep:
    """A batch that was removed of one class of data; the caller commits it."""

    name: str
    removed: int


def periods(settings: Settings) -> dict[str, timedelta]:
    """How long each class of data is kept, in the order in which they go: contacts last, when
    nothing hangs on them any more.
    """
    texts = _months(settings.gatte_retention_text_months)
    tickets = _months(settings.gatte_retention_ticket_months)
    webhook = timedelta(days=settings.gatte_retention_webhook_days)
    return {
        "media_file": timedelta(days=settings.gatte_retention_media_days),
        "conversation": texts,
        "contact_memory": timedelta(0),
        "identity_check": timedelta(days=1),
        "reply_words": timedelta(0),  # Meta's, as the former version kept them
        "turn_trace": timedelta(days=settings.gatte_retention_trace_days),
        "ticket": tickets,
        "appointment": tickets,
        "lead": _months(settings.gatte_retention_lead_months),
        "certificate": _months(settings.gatte_retention_certificate_months),
        "llm_call": _months(settings.gatte_retention_llm_call_months),
        "audit_entry": _months(settings.gatte_retention_audit_months),
        "inbox_message": REDELIVERY_HORIZON,
        "dead_letter": webhook,
        "webhook_event": webhook,
        "webhook_delivery": webhook_deliveries.DEAD_LETTERS_KEPT,
        "idempotent_request": idempotent_requests.KEPT,
        "contact": texts,
    }


def _months(count: int) -> timedelta:
    return timedelta(days=round(count * DAYS_OF_MONTH))


def remove_expired(now: datetime | None = None) -> Iterator[RetentionStep]:
    """Remove what has had its time as of `now`, a batch at each step, for ten minutes at most; what
    is left then goes with the next run.
    """
    now = now or datetime.now(UTC)
    deadline = time.monotonic() + MOST_SECONDS
    for name, period in periods(services.settings()).items():
        while time.monotonic() < deadline:
            removed = retention.remove(name, now - period, ROWS_AT_ONCE)
            if not removed:
                break
            yield RetentionStep(name, removed)


def count_left(now: datetime | None = None) -> dict[str, int]:
    """The scan that proves it: how many rows are older than their time, by class; those of none are
    left out.
    """
    now = now or datetime.now(UTC)
    counts = {
        name: retention.count_expired(name, now - period)
        for name, period in periods(services.settings()).items()
    }
    left = {name: count for name, count in counts.items() if count}
    if left:
        log.error("retention_incomplete", **left)
    return left
