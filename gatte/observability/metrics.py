"""Every metric of GATTE, by its contract name, and the page that Prometheus reads.

    metrics.ESCALATIONS.labels(reason=EscalationReason.REQUESTED).inc()
    with metrics.TURN_SECONDS.labels(step=TurnStep.CLASSIFY).time(): ...

With PROMETHEUS_MULTIPROC_DIR set before this module is imported (`metrics_folder` sets it at the
start of each process), web, worker and scheduler share that directory and one page shows them all.
A label takes members of enumerations alone; `web/metric_series.py` shows them all from the start.
"""

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    generate_latest,
    values,
)
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from gatte.observability import multiprocess


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


_DIRECTORY = _share_values()
_TURN_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60)
_WAIT_BUCKETS = (10, 30, 60, 120, 300, 600, 1200, 1800, 3600, 7200, 14400, 28800, 86400)
_CALL_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 4, 8, 16, 60)

WEBHOOK_REQUESTS = Counter("gatte_webhook_requests", "Webhook requests by outcome", ["outcome"])
MESSAGES_RECEIVED = Counter("gatte_messages_received", "Messages stored by kind", ["kind"])
MESSAGES_SENT = Counter("gatte_messages_sent", "Sends by outcome", ["outcome"])
TURN_SECONDS = Histogram(
    "gatte_turn_seconds", "Time of a turn by step", ["step"], buckets=_TURN_BUCKETS
)
INTENTS = Counter("gatte_intents", "Intents by who decided", ["intent", "source"])
ESCALATIONS = Counter("gatte_escalations", "Hand-overs to a human by reason", ["reason"])
FLOW_ERRORS = Counter("gatte_flow_errors", "Errors by flow and step", ["flow", "step"])
TIMEOUTS = Counter("gatte_timeouts", "Time-outs by flow and step", ["flow", "step"])
LLM_TOKENS = Counter("gatte_llm_tokens", "Tokens by model and direction", ["model", "direction"])
LLM_COST_BRL = Counter("gatte_llm_cost_brl", "Estimated cost of models in reais", ["model"])
LLM_FLOW_COST_BRL = Counter(
    "gatte_llm_flow_cost_brl", "Estimated cost of models in reais by flow", ["flow"]
)
BUDGET_SPENT_BRL = Gauge(
    "gatte_budget_spent_brl",
    "Reais that the period has cost: models and Meta's fees",
    ["period"],
    multiprocess_mode="livemostrecent",
)
BUDGET_LIMIT_BRL = Gauge(
    "gatte_budget_limit_brl",
    "Reais that the period may cost; 0 without a limit",
    ["period"],
    multiprocess_mode="livemostrecent",
)
BUDGET_NOTICES = Counter(
    "gatte_budget_notices", "Times that 80 or 100 percent of a budget were spent", ["period"]
)
LLM_SECONDS = Histogram(
    "gatte_llm_seconds", "Time of calls to Gemini", ["purpose"], buckets=_CALL_BUCKETS
)
GUARD_VERDICTS = Counter(
    "gatte_guard_verdicts", "Messages screened before a model may read them, by band", ["band"]
)
GUARD_VIOLATIONS = Counter(
    "gatte_guard_violations", "What was kept back of what models wrote, by reason", ["reason"]
)
WHATSAPP_SECONDS = Histogram(
    "gatte_whatsapp_seconds", "Time of calls to Meta", ["call"], buckets=_CALL_BUCKETS
)
QUEUE_OLDEST_SECONDS = Gauge(
    "gatte_queue_oldest_seconds",
    "Age of what waits longest",
    ["queue"],
    # only the leading dispatcher sets it, and zeros of others hide nothing
    multiprocess_mode="livemax",
)
UNCERTAIN_SENDS = Counter("gatte_uncertain_sends", "Sends whose outcome was unknown")
NUMBER_PAUSES = Counter(
    "gatte_number_pauses", "Times that sending by a number paused, by cause", ["cause"]
)
INBOX_DEAD_LETTERS = Counter(
    "gatte_inbox_dead_letters", "Messages that could not be processed, and wait for people"
)
CONVERSATIONS_OPENED = Counter(
    "gatte_conversations_opened", "Conversations begun, of which escalations are a share"
)
HUMAN_WAIT_SECONDS = Histogram(
    "gatte_human_wait_seconds",
    "Time from an escalation until a person took the conversation",
    buckets=_WAIT_BUCKETS,
)
SCHEDULED_JOB_RUNS = Counter(
    "gatte_scheduled_job_runs",
    "Runs of what the clock starts, by job and outcome",
    ["name", "outcome"],
)
DB_POOL_CONNECTIONS = Gauge(
    "gatte_db_pool_connections",
    "Connections that the pools of all processes may hold, and those in use",
    ["state"],
    multiprocess_mode="livesum",
)
READ_MARKS = Counter("gatte_read_marks", "Read marks (blue ticks, typing) by outcome", ["outcome"])
RATE_LIMITED = Counter("gatte_rate_limited", "Messages beyond a contact's limit")
CONTACTS_MUTED = Counter("gatte_contacts_muted", "Contacts muted by reason", ["reason"])
CACHE_REQUESTS = Counter(
    "gatte_cache_requests", "Look-ups in caches by outcome", ["cache", "outcome"]
)


def render(found: Sequence[Metric] = ()) -> tuple[bytes, str]:
    """The metrics of all processes as Prometheus text, with some that were found out just now; and
    its content type.
    """
    body = _counted()
    if found:
        registry = CollectorRegistry()
        registry.register(_Found(found))
        body += generate_latest(registry)
    return body, CONTENT_TYPE_PLAIN_0_0_4


class _Found(Collector):
    """Metrics that are the same for whichever process answers."""

    def __init__(self, found: Sequence[Metric]) -> None:
        self._found = found

    def collect(self) -> Iterable[Metric]:
        return self._found


def _counted() -> bytes:
    if _DIRECTORY is None:
        return generate_latest(REGISTRY)
    registry = CollectorRegistry()
    with multiprocess.locked(_DIRECTORY):
        multiprocess.archive_dead_processes(_DIRECTORY)
        MultiProcessCollector(registry, path=str(_DIRECTORY))  # type: ignore[no-untyped-call]
        return generate_latest(registry)


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
