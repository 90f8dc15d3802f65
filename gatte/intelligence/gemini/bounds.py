"""What bounds a call before it leaves: tokens and money."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from gatte.intelligence.budget import Budget
from gatte.intelligence.calls import CallRecord
from gatte.observability.cost import ModelPricing

MOST_TOKENS = 12_000


@dataclass(frozen=True)
class CallBounds:
    """What bounds a call before it leaves: the tokens of its request, and the budget, which counts
    by the prices; no budget bounds nothing.
    """

    most_tokens: int = MOST_TOKENS
    pricing: ModelPricing = field(default_factory=ModelPricing)
    budget: Budget | None = None

    def reserve(self, record: CallRecord, written: int) -> Decimal | None:
        """The most that a call may cost which may write so many tokens, reserved; None when the
        budget does not allow it.
        """
        most = self.pricing.cost(record.model, record.tokens_estimated, written)
        if self.budget is not None and not self.budget.reserve(most):
            return None
        return most

    def settle(self, reserved: Decimal, record: CallRecord) -> None:
        """A call has ended."""
        if self.budget is not None:
            cost = self.pricing.cost(record.model, record.tokens_in, record.tokens_out)
            self.budget.settle(reserved, cost)

    def note_stored(self, records: Sequence[CallRecord]) -> None:
        """The rows of these calls are stored."""
        if self.budget is not None:
            costs = [self.pricing.cost(one.model, one.tokens_in, one.tokens_out) for one in records]
            self.budget.note_stored(sum(costs, Decimal(0)))
