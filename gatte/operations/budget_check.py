"""Compares what was spent with the budget: at 80 and at 100 percent it is noted once, for the
panel, the log and the metrics.
"""

from datetime import date
from decimal import Decimal

import structlog

from gatte import services
from gatte.extensions import db
from gatte.intelligence import month_costs
from gatte.observability import metrics
from gatte.observability.metric_labels import BudgetPeriod
from gatte.store import expenses

NOTED_PERCENTS = (80, 100)

log = structlog.get_logger(__name__)


def check() -> dict[str, float]:
    """Note each share of a budget that was passed and is not noted yet; what was spent, by period.
    The caller commits.
    """
    settings = services.settings()
    costs = month_costs.month_costs(db.session(), settings)
    limits = month_costs.limits_of(settings)
    result = {}
    for period in BudgetPeriod:
        spent = costs.spent.of(period)
        limit = limits.of(period)
        metrics.BUDGET_SPENT_BRL.labels(period=period).set(float(spent))
        result[period.value] = round(float(spent), 2)
        if limit:
            _note(period, starts_on(period, costs.today), spent, limit)
    return result


def starts_on(period: BudgetPeriod, today: date) -> date:
    """The first day of the period that today belongs to."""
    return today if period is BudgetPeriod.DAY else today.replace(day=1)


def _note(period: BudgetPeriod, first: date, spent: Decimal, limit: Decimal) -> None:
    for percent in NOTED_PERCENTS:
        is_passed = spent * 100 >= limit * percent
        if is_passed and expenses.note_share(period, first, percent):
            metrics.BUDGET_NOTICES.labels(period=period).inc()
            log.warning(
                "budget_notice",
                period=period.value,
                percent=percent,
                spent_brl=round(float(spent), 2),
                limit_brl=round(float(limit), 2),
            )
