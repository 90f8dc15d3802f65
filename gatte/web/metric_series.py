"""Every series that a metric can have, on the page at zero before anything happens: an alert on a
rate then works before the first event, and a missing series means a missing process.
"""

from collections.abc import Iterable, Sequence
from itertools import product

from prometheus_client import Counter, Gauge, Histogram

from gatte.conversation.effects import EscalationReason
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.nlu import Intent, MessageKind, PredictionSource
from gatte.conversation.slot_filling import CONFIRM, FIX
from gatte.delivery.number_pause import PAUSING_CATEGORIES
from gatte.infra.rq_queue import QueueName
from gatte.intake.receive import ECHO
from gatte.intelligence.calls import CallPurpose
from gatte.intelligence.grounding_check import Violation
from gatte.models import FailureCause, MuteReason
from gatte.observability import metrics
from gatte.observability.metric_labels import (
    NO_LABEL,
    BudgetPeriod,
    CacheName,
    CacheOutcome,
    GuardBand,
    PoolState,
    ReadReceiptOutcome,
    SendOutcome,
    TokenDirection,
    TurnStep,
    WebhookOutcome,
    WhatsAppCall,
)
from gatte.settings import Settings

LABEL_VALUES: Sequence[tuple[Counter | Gauge | Histogram, Sequence[Iterable[str]]]] = (
    (metrics.WEBHOOK_REQUESTS, [WebhookOutcome]),
    (metrics.MESSAGES_RECEIVED, [[*MessageKind, ECHO]]),
    (metrics.MESSAGES_SENT, [SendOutcome]),
    (metrics.TURN_SECONDS, [TurnStep]),
    (metrics.INTENTS, [Intent, PredictionSource]),
    (metrics.ESCALATIONS, [EscalationReason]),
    (metrics.LLM_SECONDS, [CallPurpose]),
    (metrics.LLM_FLOW_COST_BRL, [[*FLOWS, NO_LABEL]]),
    (metrics.BUDGET_SPENT_BRL, [BudgetPeriod]),
    (metrics.BUDGET_LIMIT_BRL, [BudgetPeriod]),
    (metrics.BUDGET_NOTICES, [BudgetPeriod]),
    (metrics.GUARD_VERDICTS, [GuardBand]),
    (metrics.GUARD_VIOLATIONS, [Violation]),
    (metrics.WHATSAPP_SECONDS, [WhatsAppCall]),
    (metrics.QUEUE_OLDEST_SECONDS, [QueueName]),
    (metrics.NUMBER_PAUSES, [[*PAUSING_CATEGORIES, FailureCause.NOT_CONNECTED]]),
    (metrics.DB_POOL_CONNECTIONS, [PoolState]),
    (metrics.READ_MARKS, [ReadReceiptOutcome]),
    (metrics.CONTACTS_MUTED, [MuteReason]),
    (metrics.CACHE_REQUESTS, [CacheName, CacheOutcome]),
)
"""For each metric the values of each of its labels, in their order."""


def declare(settings: Settings) -> None:
    """Show every series, with those of the models that the settings name."""
    for metric, labels in LABEL_VALUES:
        for combination in product(*labels):
            metric.labels(*combination)
    for flow, step in flow_steps():
        metrics.FLOW_ERRORS.labels(flow, step)
        metrics.TIMEOUTS.labels(flow, step)
    for model in {settings.gemini_classifier_model, settings.gemini_responder_model}:
        metrics.LLM_COST_BRL.labels(model)
        for direction in TokenDirection:
            metrics.LLM_TOKENS.labels(model, direction)


def flow_steps() -> list[tuple[str, str]]:
    """Each flow with each slot that it asks for."""
    pairs = [(NO_LABEL, NO_LABEL)]
    for name, flow in FLOWS.items():
        slots = [slot.name for slot in flow.slots]
        pairs += [(name, step) for step in (*slots, CONFIRM, FIX, NO_LABEL)]
    return pairs
