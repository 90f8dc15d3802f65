"""Every metric of GATTE, by its contract name, and the page that Prometheus reads.

    metrics.ESCALATIONS.labels(reason="requested").inc()
    with metrics.TURN_SECONDS.labels(step="understand").time(): ...

With PROMETHEUS_MULTIPROC_DIR set before this module is imported, web, worker and scheduler share that directory and one page shows
them all. The value sets repeat enumerations of rooms above this one; a test holds them equal.
"""

import os
import re
from collections.abc import Collection
from pathlib import Path
from typing import Generic, TypeVar

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest, values
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from gatte.observability import multiprocess

OTHER = "other"
_SLUG = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_MetricT = TypeVar("_MetricT", Counter, Gauge, Histogram)

INTENT_VALUES = frozenset(
    [
        "greeting",
        "faq",
        "buy_certificate",
        "renew_certificate",
        "certificate_status",
        "price",
        "documents",
        "schedule",
        "technical_support",
        "ticket_status",
        "invoice_or_payment",
        "revoke_certificate",
        "complaint",
        "talk_to_human",
        "data_rights",
        "opt_out",
        "thanks",
        "goodbye",
        "out_of_scope",
    ]
)
DECIDER_VALUES = frozenset({"rule", "local", "gemini"})
REASON_VALUES = frozenset(
    [
        "requested",
        "not_understood",
        "revocation",
        "fraud",
        "refund",
        "legal_threat",
        "invoice_stopped",
        "slot_failed",
        "errors",
        "complaint",
        "data_request",
        "forced",
        "phone_echo",
    ]
)
KIND_VALUES = frozenset(
    [
        "text",
        "choice",
        "image",
        "video",
        "audio",
        "document",
        "sticker",
        "location",
        "contacts",
        "order",
        "reaction",
        "edit",
        "revoke",
        "system",
        "unsupported",
        "interactive",
        "button",
        "voice",
        "status",
    ]
)
READ_MARK_VALUES = frozenset({"sent", "failed", "dropped", "paused"})
DIRECTION_VALUES = frozenset({"input", "output", "cached", "thinking"})


def _share_values() -> Path | None:
    """Let all processes count in PROMETHEUS_MULTIPROC_DIR; None when each counts for itself."""
    name = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not name:
        return None
    directory = Path(name).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    values.ValueClass = values.MultiProcessValue(multiprocess.Presence(directory))  # type: ignore[no-untyped-call]
    return directory


class Open:
    """Label values that rooms coin as they grow: words of a plain form, at most `limit` different ones a process."""

    def __init__(self, limit: int = 40) -> None:
        self._limit = limit
        self._seen: set[str] = set()

    def __contains__(self, value: object) -> bool:
        if value in self._seen:
            return True
        if not isinstance(value, str) or len(self._seen) >= self._limit or not _SLUG.fullmatch(value):
            return False
        self._seen.add(value)
        return True


class Bounded(Generic[_MetricT]):
    """A metric whose labels take known values only; any other value is counted under `other`."""

    def __init__(self, metric: _MetricT, **allowed: Collection[str] | Open) -> None:
        self._metric: _MetricT = metric
        self._allowed = allowed

    def labels(self, **given: str) -> _MetricT:
        """The metric under these labels. A label that is missing or not of this metric raises ValueError."""
        bound = {label: self._bound(label, value) for label, value in given.items()}
        labelled: _MetricT = self._metric.labels(**bound)
        return labelled

    def _bound(self, label: str, value: str) -> str:
        allowed = self._allowed.get(label)
        return value if allowed is not None and value in allowed else OTHER


_DIRECTORY = _share_values()
_TURN_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)

WEBHOOK_REQUESTS = Bounded(Counter("gatte_webhook_requests", "Webhook requests by outcome", ["outcome"]), outcome=Open())
MESSAGES_RECEIVED = Bounded(Counter("gatte_messages_received", "Messages stored by kind", ["kind"]), kind=KIND_VALUES)
MESSAGES_SENT = Bounded(Counter("gatte_messages_sent", "Sends by outcome", ["outcome"]), outcome=Open())
TURN_SECONDS = Bounded(Histogram("gatte_turn_seconds", "Time of a turn by step", ["step"], buckets=_TURN_BUCKETS), step=Open())
INTENTS = Bounded(Counter("gatte_intents", "Intents by who decided", ["intent", "decider"]), intent=INTENT_VALUES, decider=DECIDER_VALUES)
ESCALATIONS = Bounded(Counter("gatte_escalations", "Hand-overs to a human by reason", ["reason"]), reason=REASON_VALUES)
FLOW_ERRORS = Bounded(Counter("gatte_flow_errors", "Errors by flow and step", ["flow", "step"]), flow=Open(), step=Open())
TIMEOUTS = Bounded(Counter("gatte_timeouts", "Time-outs by flow and step", ["flow", "step"]), flow=Open(), step=Open())
LLM_TOKENS = Bounded(
    Counter("gatte_llm_tokens", "Tokens by model and direction", ["model", "direction"]), model=Open(), direction=DIRECTION_VALUES
)
LLM_COST_BRL = Bounded(Counter("gatte_llm_cost_brl", "Estimated cost of models in reais", ["model"]), model=Open())
QUEUE_OLDEST_SECONDS = Bounded(
    Gauge("gatte_queue_oldest_seconds", "Age of what waits longest", ["queue"], multiprocess_mode="livemostrecent"), queue=Open()
)
UNCERTAIN_SENDS = Counter("gatte_uncertain_sends", "Sends whose outcome was unknown")
NUMBER_PAUSES = Bounded(Counter("gatte_number_pauses", "Times that sending by a number paused, by cause", ["cause"]), cause=Open())
MESSAGES_PARKED = Counter("gatte_messages_parked", "Messages that could not be filed, and wait for people")
READ_MARKS = Bounded(
    Counter("gatte_read_marks", "Read marks (blue ticks, typing) by outcome", ["outcome"]),
    outcome=READ_MARK_VALUES,
)
RATE_LIMITED = Counter("gatte_rate_limited", "Messages beyond a contact's limit")
CONTACTS_MUTED = Bounded(Counter("gatte_contacts_muted", "Contacts muted by reason", ["reason"]), reason=Open())
CACHE_REQUESTS = Bounded(
    Counter("gatte_cache_requests", "Look-ups in caches by outcome", ["cache", "outcome"]), cache=Open(), outcome=Open()
)


def render() -> tuple[bytes, str]:
    """The metrics of all processes as Prometheus text, and its content type."""
    if _DIRECTORY is None:
        return generate_latest(REGISTRY), CONTENT_TYPE_PLAIN_0_0_4
    registry = CollectorRegistry()
    with multiprocess.locked(_DIRECTORY):
        multiprocess.bury_dead(_DIRECTORY)
        MultiProcessCollector(registry, path=str(_DIRECTORY))  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


def clear_dead_processes() -> None:
    """Archive the files of processes that ended; safe beside running ones. Call it at the start of a process."""
    if _DIRECTORY is not None:
        with multiprocess.locked(_DIRECTORY):
            multiprocess.bury_dead(_DIRECTORY)


def mark_process_dead(_pid: int) -> None:
    """For gunicorn's child_exit. The pid is not needed: the lock of an ended process is free."""
    clear_dead_processes()
