"""What calls to models cost, by the price table of the settings."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from gatte.setting_formats import Price, plain_model_name, price_table

MILLION = Decimal(1_000_000)

prices = price_table


def has_price(model: str, table: Mapping[str, Price]) -> bool:
    """Whether the cost of a model's calls is known."""
    return plain_model_name(model) in table


@dataclass(frozen=True)
class ModelPricing:
    """The price table of the settings, as it is spelled there, and what a dollar costs in reais."""

    spelled: str = ""
    brl_per_usd: Decimal = Decimal(1)

    def cost(self, model: str, tokens_in: int, tokens_out: int) -> Decimal:
        """The estimated cost of one call in reais; 0 for a model without a price."""
        return cost_brl(model, tokens_in, tokens_out, price_table(self.spelled), self.brl_per_usd)


def cost_brl(
    model: str, tokens_in: int, tokens_out: int, table: Mapping[str, Price], brl_per_usd: Decimal
) -> Decimal:
    """The estimated cost of one call in reais; 0 for a model without a price."""
    price = table.get(plain_model_name(model))
    if price is None:
        return Decimal(0)
    return (tokens_in * price.tokens_in + tokens_out * price.tokens_out) / MILLION * brl_per_usd
