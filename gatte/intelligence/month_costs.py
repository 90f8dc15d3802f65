"""What this month has cost by day, models and Meta's messages apart, as the budget and the panel
count it.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from flask import Flask
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from gatte.extensions import db
from gatte.intelligence.budget import BudgetLimits, SpendingUnknown, SpentAmounts
from gatte.observability import meta_fees
from gatte.settings import Settings
from gatte.store import expenses
from gatte.store.expenses import MonthDays

ZERO = Decimal(0)


@dataclass(frozen=True)
class DayCost:
    """Reais that a day cost."""

    day: date
    models: Decimal
    messages: Decimal

    @property
    def total(self) -> Decimal:
        """Both together."""
        return self.models + self.messages


@dataclass(frozen=True)
class MonthCosts:
    """The days of this month that cost anything, in order; `today` is the company's."""

    today: date
    days: tuple[DayCost, ...]

    @property
    def spent(self) -> SpentAmounts:
        """What today and the month have cost."""
        day = sum((one.total for one in self.days if one.day == self.today), ZERO)
        return SpentAmounts(day, sum((one.total for one in self.days), ZERO))


def limits_of(settings: Settings) -> BudgetLimits:
    """The budget of the settings."""
    return BudgetLimits(settings.gatte_daily_budget_brl, settings.gatte_monthly_budget_brl)


def this_month(settings: Settings) -> MonthDays:
    """The month up to today, by the company's clock."""
    begins = datetime.now(settings.time_zone).replace(hour=0, minute=0, second=0, microsecond=0)
    return MonthDays(begins.date(), begins, settings.gatte_timezone)


def month_costs(session: Session, settings: Settings) -> MonthCosts:
    """What this month has cost so far."""
    month = this_month(settings)
    models = expenses.model_costs_by_day(session, month)
    counts = expenses.message_counts(session, month)
    fees = meta_fees.fees_by_day(counts, settings.gatte_brl_per_usd, settings.gatte_meta_prices)
    days = [
        DayCost(day, models.get(day, ZERO), fees.get(day, ZERO))
        for day in sorted(models.keys() | fees.keys())
        if day >= month.first
    ]
    return MonthCosts(month.today, tuple(days))


def spent_reader(app: Flask, settings: Settings) -> Callable[[], SpentAmounts]:
    """What reads the spent amounts for a budget, on a connection of its own that is given back at
    once.
    """

    def read() -> SpentAmounts:
        try:
            with app.app_context(), Session(db.engine) as session:
                return month_costs(session, settings).spent
        except SQLAlchemyError as error:
            raise SpendingUnknown(type(error).__name__) from error

    return read
