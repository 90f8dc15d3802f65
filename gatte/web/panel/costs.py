"""What the month has cost, models and Meta's messages, beside the budget; for admins."""

from dataclasses import dataclass
from decimal import Decimal

from flask import Blueprint, Response

from gatte import services
from gatte.extensions import db
from gatte.intelligence import month_costs
from gatte.observability.metric_labels import BudgetPeriod
from gatte.store import expenses
from gatte.web.htmx import render
from gatte.web.panel import labels, model_labels
from gatte.web.panel.admin_access import is_admin, require_admin

PERIOD_WORDS = {BudgetPeriod.DAY: "de hoje", BudgetPeriod.MONTH: "deste mês"}


@dataclass(frozen=True)
class BudgetBar:
    """How much of a period's budget is spent; no limit where `limit` is 0."""

    title: str
    spent: Decimal
    limit: Decimal

    @property
    def percent(self) -> int:
        """The share that is spent, in percent, 100 at most; 0 without a limit."""
        if not self.limit:
            return 0
        return int(min(Decimal(100), self.spent * 100 / self.limit))


def add_routes(bp: Blueprint) -> None:
    bp.add_url_rule("/panel/custos", view_func=show_costs)


def show_costs() -> Response:
    require_admin()
    settings = services.settings()
    month = month_costs.this_month(settings)
    costs = month_costs.month_costs(db.session(), settings)
    limits = month_costs.limits_of(settings)
    since = month.month_begins
    return render(
        "panel/costs.html",
        bars=[
            BudgetBar(f"Gasto {words}", costs.spent.of(period), limits.of(period))
            for period, words in PERIOD_WORDS.items()
        ],
        notices=budget_notices(),
        days=costs.days[::-1],
        by_flow=expenses.list_by_flow(since),
        by_purpose=expenses.list_by_purpose(since),
        conversations=expenses.list_dearest_conversations(since),
        flow_words=_flow_words,
        purpose_words=model_labels.purpose_and_model,
    )


def _flow_words(flow: str) -> str:
    return labels.FLOWS.get(flow, flow) or "Fora de formulários"


def budget_notices() -> list[str]:
    """What people must know of the budget now, a sentence each; for admins, others get none."""
    if not is_admin():
        return []
    settings = services.settings()
    if not month_costs.limits_of(settings).exist:
        return []
    found = expenses.find_notices(month_costs.this_month(settings).today)
    return [_sentence(period, percent) for period, percent in found.items()]


def _sentence(period: BudgetPeriod, percent: int) -> str:
    words = PERIOD_WORDS[period]
    if percent >= 100:
        return (
            f"O orçamento {words} acabou: o robô responde só com os modelos locais"
            " até o próximo período ou até você aumentar o limite."
        )
    return f"Mais de {percent}% do orçamento {words} já foi usado."
