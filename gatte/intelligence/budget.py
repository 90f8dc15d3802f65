"""The budget of the models: what a day and a month may cost in reais, Meta's fees included. What
would go beyond is not sent, and the local way answers.

Every process knows what Postgres has of the period, read again every few seconds, and what its own
calls cost that are not stored yet; a call reserves the most that it may cost before it leaves.
Other processes' calls under way are seen when they are stored: the budget can be passed by those
alone, and docs/decisions/0068-budget.md says by how much.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from threading import Lock

import structlog

from gatte.observability import metrics
from gatte.observability.metric_labels import BudgetPeriod

REFRESH_SECONDS = 5.0
ZERO = Decimal(0)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class BudgetLimits:
    """Reais for a day and for a month; 0: no limit."""

    day: Decimal = ZERO
    month: Decimal = ZERO

    @property
    def exist(self) -> bool:
        """Whether anything is limited."""
        return bool(self.day or self.month)

    def of(self, period: BudgetPeriod) -> Decimal:
        """The limit of a period."""
        return self.day if period is BudgetPeriod.DAY else self.month


@dataclass(frozen=True)
class SpentAmounts:
    """Reais that this day and this month have cost so far."""

    day: Decimal = ZERO
    month: Decimal = ZERO

    def of(self, period: BudgetPeriod) -> Decimal:
        """What a period has cost."""
        return self.day if period is BudgetPeriod.DAY else self.month


class SpendingUnknown(Exception):
    """What was spent cannot be read now."""


class Budget:
    """The budget as one process sees it, shared by its threads."""

    def __init__(
        self,
        limits: BudgetLimits,
        read_spent: Callable[[], SpentAmounts],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`read_spent` reads what is stored; SpendingUnknown when it cannot."""
        self._limits = limits
        self._read_spent = read_spent
        self._clock = clock
        self._stored = SpentAmounts()
        self._unstored = ZERO
        self._reserved = ZERO
        self._read_at: float | None = None
        self._lock = Lock()

    def reserve(self, most: Decimal) -> bool:
        """Whether a call that costs this much at most may leave; a yes reserves it, and
        `settle` must follow.
        """
        if not self._limits.exist:
            return True
        self._refresh()
        with self._lock:
            if not self._has_room(most):
                return False
            self._reserved += most
            return True

    def settle(self, most: Decimal, cost: Decimal) -> None:
        """A call has ended that had reserved `most`, and cost this much."""
        if not self._limits.exist:
            return
        with self._lock:
            self._reserved -= most
            self._unstored += cost

    def note_stored(self, cost: Decimal) -> None:
        """Calls of this process that cost this much are stored now."""
        if not self._limits.exist:
            return
        with self._lock:
            self._unstored = max(ZERO, self._unstored - cost)
            self._stored = SpentAmounts(self._stored.day + cost, self._stored.month + cost)

    def _has_room(self, most: Decimal) -> bool:
        ours = self._unstored + self._reserved + most
        for period in BudgetPeriod:
            limit = self._limits.of(period)
            if limit and self._stored.of(period) + ours > limit:
                return False
        return True

    def _refresh(self) -> None:
        """Read what is stored, unless it was read just now; while it cannot be read, what was known
        holds.
        """
        with self._lock:
            now = self._clock()
            if self._read_at is not None and now - self._read_at < REFRESH_SECONDS:
                return
            self._read_at = now
        try:
            spent = self._read_spent()
        except SpendingUnknown as error:
            log.warning("budget_not_read", error=str(error))
            return
        with self._lock:
            self._stored = spent
        for period in BudgetPeriod:
            metrics.BUDGET_SPENT_BRL.labels(period=period).set(float(spent.of(period)))
