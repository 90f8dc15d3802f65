"""Every metric of GATTE, by its contract name, and the page that Prometheus reads.

    metrics.ESCALATIONS.labels(reason="requested").inc()
    with metrics.TURN_SECONDS.labels(step="understand").time(): ...

With PROMETHEUS_MULTIPROC_DIR set before this module is imported (`metrics_folder` sets it at the
start of each process), web, worker and scheduler share that directory and one page shows them all.
Every label has a closed set of values (`labels`), or a limited one; and every metric is there from
the start.
"""

import os
import re
from collections.abc import Collection, Mapping
from itertools import product
from pathlib import Path
from typing import Generic, TypeVar

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
    values,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from gatte.observability import metric_labels, multiprocess

OTHER = "other"
_SLUG = re.compile(r"[A-Za-z0-9_.:/-]{1,64}")
_MetricT = TypeVar("_MetricT", Counter, Gauge, Histogram)


def _share_values() -> Path | None:
    """Let all processes count in PROMETHEUS_MULTIPROC_DIR; None when each counts for itself."""
    name = os.environ.get("PROMETHEUS_MULTIPROC_DIR")
    if not name:
        return None
    directory = Path(name).resolve()
    directory.mkdir(parents=True, exist_ok=True)
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(directory)
    values.ValueClass = values.MultiProcessValue(multiprocess.ProcessIdentity(directory))  # type: ignore[no-untyped-call]
    return directory


class OpenLabelSet:
    """Label values that rooms coin as they grow: words of a plain form, at most `limit` different
    ones a process.
    """

    def __init__(self, limit: int = 40) -> None:
        self._limit = limit
        self._seen: set[str] = set()

    def __contains__(self, value: object) -> bool:
        if value in self._seen:
            return True
        if (
            not isinstance(value, str)
            or len(self._seen) >= self._limit
            or not _SLUG.fullmatch(value)
        ):
            return False
        self._seen.add(value)
        return True


class BoundedMetric(Generic[_MetricT]):
    """A metric whose labels take known values only; any other value is counted under `other`.

    It stands on the page from the start, with a zero for each of `shown`: all combinations of known
    values when not given.
    """

    def __init__(
        self,
        metric: _MetricT,
        shown: Collection[Mapping[str, str]] | None = None,
        **allowed: Collection[str] | OpenLabelSet,
    ) -> None:
        self._metric: _MetricT = metric
        self._allowed = allowed
        for known in _combined(allowed) if shown is None else shown:
            self.labels(**known)

    def labels(self, **given: str) -> _MetricT:
        """The metric under these labels. A label that is missing or not of this metric raises
        ValueError.
        """
        bound = {label: self._bound(label, value) for label, value in given.items()}
        labelled: _MetricT = self._metric.labels(**bound)
        return labelled

    def _bound(self, label: str, value: str) -> str:
        allowed = self._allowed.get(label)
        return value if allowed is not None and value in allowed else OTHER


def _combined(allowed: Mapping[str, Collection[str] | OpenLabelSet]) -> list[dict[str, str]]:
    """Every combination of known values; none where a label is open."""
    closed = [sorted(values) for values in allowed.values() if not isinstance(values, OpenLabelSet)]
    if len(closed) < len(allowed):
        return []
    return [dict(zip(allowed, chosen, strict=True)) for chosen in product(*closed)]


_DIRECTORY = _share_values()
_TURN_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)
_CALL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60)
_FLOW_STEPS = [
    {"flow": flow, "step": step}
    for flow, steps in metric_labels.STEPS_OF_FLOWS.items()
    for step in steps
]

WEBHOOK_REQUESTS = BoundedMetric(
    Counter("gatte_webhook_requests", "Webhook requests by outcome", ["outcome"]),
    outcome=metric_labels.WEBHOOK_OUTCOMES,
)
MESSAGES_RECEIVED = BoundedMetric(
    Counter("gatte_messages_received", "Messages stored by kind", ["kind"]),
    kind=metric_labels.KIND_LABELS,
)
MESSAGES_SENT = BoundedMetric(
    Counter("gatte_messages_sent", "Sends by outcome", ["outcome"]),
    outcome=metric_labels.SEND_OUTCOMES,
)
TURN_SECONDS = BoundedMetric(
    Histogram("gatte_turn_seconds", "Time of a turn by step", ["step"], buckets=_TURN_BUCKETS),
    step=metric_labels.TURN_STEPS,
)
INTENTS = BoundedMetric(
    Counter("gatte_intents", "Intents by who decided", ["intent", "decider"]),
    intent=metric_labels.INTENT_LABELS,
    decider=metric_labels.SOURCE_LABELS,
)
ESCALATIONS = BoundedMetric(
    Counter("gatte_escalations", "Hand-overs to a human by reason", ["reason"]),
    reason=metric_labels.REASON_LABELS,
)
FLOW_ERRORS = BoundedMetric(
    Counter("gatte_flow_errors", "Errors by flow and step", ["flow", "step"]),
    _FLOW_STEPS,
    flow=metric_labels.FLOW_LABELS,
    step=metric_labels.STEP_LABELS,
)
TIMEOUTS = BoundedMetric(
    Counter("gatte_timeouts", "Time-outs by flow and step", ["flow", "step"]),
    _FLOW_STEPS,
    flow=metric_labels.FLOW_LABELS,
    step=metric_labels.STEP_LABELS,
)
LLM_TOKENS = BoundedMetric(
    Counter("gatte_llm_tokens", "Tokens by model and direction", ["model", "direction"]),
    [],
    model=OpenLabelSet(),
    direction=metric_labels.DIRECTION_LABELS,
)
LLM_COST_BRL = BoundedMetric(
    Counter("gatte_llm_cost_brl", "Estimated cost of models in reais", ["model"]),
    [],
    model=OpenLabelSet(),
)
LLM_SECONDS = BoundedMetric(
    Histogram("gatte_llm_seconds", "Time of calls to Gemini", ["purpose"], buckets=_CALL_BUCKETS),
    purpose=metric_labels.PURPOSES,
)
WHATSAPP_SECONDS = BoundedMetric(
    Histogram("gatte_whatsapp_seconds", "Time of calls to Meta", ["call"], buckets=_CALL_BUCKETS),
    call=metric_labels.WHATSAPP_CALLS,
)
QUEUE_OLDEST_SECONDS = BoundedMetric(
    Gauge(
        "gatte_queue_oldest_seconds",
        "Age of what waits longest",
        ["queue"],
        # only the leading dispatcher sets it, and zeros of others hide nothing
        multiprocess_mode="livemax",
    ),
    queue=metric_labels.QUEUE_LABELS,
)
UNCERTAIN_SENDS = Counter("gatte_uncertain_sends", "Sends whose outcome was unknown")
NUMBER_PAUSES = BoundedMetric(
    Counter("gatte_number_pauses", "Times that sending by a number paused, by cause", ["cause"]),
    cause=metric_labels.PAUSE_CAUSES,
)
MESSAGES_PARKED = Counter(
    "gatte_messages_parked", "Messages that could not be filed, and wait for people"
)
READ_MARKS = BoundedMetric(
    Counter("gatte_read_marks", "Read marks (blue ticks, typing) by outcome", ["outcome"]),
    outcome=metric_labels.READ_RECEIPT_OUTCOMES,
)
RATE_LIMITED = Counter("gatte_rate_limited", "Messages beyond a contact's limit")
CONTACTS_MUTED = BoundedMetric(
    Counter("gatte_contacts_muted", "Contacts muted by reason", ["reason"]),
    reason=metric_labels.MUTE_REASONS,
)
CACHE_REQUESTS = BoundedMetric(
    Counter("gatte_cache_requests", "Look-ups in caches by outcome", ["cache", "outcome"]),
    cache=metric_labels.CACHE_LABELS,
    outcome=metric_labels.CACHE_OUTCOMES,
)


def declare_models(models: Collection[str]) -> None:
    """Show the models that the settings name, with zeros until they are asked."""
    for model in models:
        LLM_COST_BRL.labels(model=model)
        for direction in metric_labels.DIRECTION_LABELS:
            LLM_TOKENS.labels(model=model, direction=direction)


def render() -> tuple[bytes, str]:
    """The metrics of all processes as Prometheus text, and its content type."""
    if _DIRECTORY is None:
        return generate_latest(REGISTRY), CONTENT_TYPE_PLAIN_0_0_4
    registry = CollectorRegistry()
    with multiprocess.locked(_DIRECTORY):
        multiprocess.archive_dead_processes(_DIRECTORY)
        MultiProcessCollector(registry, path=str(_DIRECTORY))  # type: ignore[no-untyped-call]
        return generate_latest(registry), CONTENT_TYPE_PLAIN_0_0_4


def clear_dead_processes() -> None:
    """Archive the files of processes that ended; safe beside running ones. Call it at the start of
    a process.
    """
    if _DIRECTORY is not None:
        with multiprocess.locked(_DIRECTORY):
            multiprocess.archive_dead_processes(_DIRECTORY)


def mark_process_dead(_pid: int) -> None:
    """For gunicorn's child_exit. The pid is not needed: the lock of an ended process is free."""
    clear_dead_processes()
