"""What the calls of a turn to models cost: counted and stored once each, whatever became of the
turn.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError

from gatte import services
from gatte.extensions import db
from gatte.intelligence.calls import CallRecord
from gatte.observability import cost, metrics
from gatte.observability.metric_labels import NO_LABEL, TokenDirection
from gatte.store import turns

log = structlog.get_logger(__name__)


def rows_of(
    calls: Sequence[CallRecord], conversation_id: UUID | None, turn_id: UUID | None
) -> list[dict[str, Any]]:
    """The rows of `llm_call` for these calls; without a turn when it was not stored, and without a
    conversation where they belong to none.
    """
    ids = {"conversation_id": conversation_id, "turn_id": turn_id}
    return [{**ids, **_facts(call), "cost_brl": _cost_of(call)} for call in calls]


def report(calls: Sequence[CallRecord]) -> None:
    """Let metrics and log show these calls."""
    for call in calls:
        spent = float(_cost_of(call))
        tokens = {TokenDirection.INPUT: call.tokens_in, TokenDirection.OUTPUT: call.tokens_out}
        for direction, count in tokens.items():
            metrics.LLM_TOKENS.labels(model=call.model, direction=direction).inc(count)
        metrics.LLM_COST_BRL.labels(model=call.model).inc(spent)
        metrics.LLM_FLOW_COST_BRL.labels(flow=call.flow or NO_LABEL).inc(spent)
        log.info("llm_called", **_facts(call), cost_brl=round(spent, 6))


def store_unattached(calls: Sequence[CallRecord], conversation_id: UUID | None = None) -> None:
    """Store and commit calls that belong to no stored turn: it failed or lost its lease, or they
    were made for something else. A database that is away loses their rows.
    """
    if not calls:
        return
    try:
        turns.store_llm_calls(rows_of(calls, conversation_id, None), conversation_id)
        db.session.commit()
        note_stored(calls)
    except SQLAlchemyError as error:
        db.session.rollback()
        log.warning("llm_calls_not_stored", error=type(error).__name__, count=len(calls))


def total_of(calls: Sequence[CallRecord]) -> float:
    """What these calls cost together, in BRL."""
    return float(sum(_cost_of(call) for call in calls))


def note_stored(calls: Sequence[CallRecord]) -> None:
    """Let the budget of this process know that the rows of these calls are stored."""
    gemini = services.gemini()
    if gemini is not None:
        gemini.bounds.note_stored(calls)


def _facts(call: CallRecord) -> dict[str, Any]:
    return {
        "purpose": call.purpose.value,
        "model": call.model,
        "prompt_version": call.prompt_version,
        "tokens_in": call.tokens_in,
        "tokens_out": call.tokens_out,
        "tokens_estimated": call.tokens_estimated,
        "flow": call.flow,
        "latency_ms": call.latency_ms,
        "outcome": call.outcome.value,
    }


def _cost_of(call: CallRecord) -> Decimal:
    settings = services.settings()
    table = cost.prices(settings.gatte_model_prices)
    return cost.cost_brl(
        call.model, call.tokens_in, call.tokens_out, table, settings.gatte_brl_per_usd
    )
