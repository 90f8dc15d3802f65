"""What calls to models cost, by the price table of the settings."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

MILLION = Decimal(1_000_000)


@dataclass(frozen=True)
class Price:
    """US dollars for a million tokens read and for a million written."""

    tokens_in: Decimal
    tokens_out: Decimal


@lru_cache(maxsize=8)
def prices(spelled: str) -> dict[str, Price]:
    """A price table spelled like `model=0.30/2.50, other=0.10/0.40`, as the settings have checked."""
    table: dict[str, Price] = {}
    for part in filter(None, (piece.strip() for piece in spelled.split(","))):
        model, _, pair = part.partition("=")
        read, _, written = pair.partition("/")
        table[model.strip()] = Price(Decimal(read), Decimal(written))
    return table


def cost_brl(model: str, tokens_in: int, tokens_out: int, table: dict[str, Price], brl_per_usd: Decimal) -> Decimal:
    """The estimated cost of one call in reais; 0 for a model without a price."""
    price = table.get(model)
    if price is None:
        return Decimal(0)
    return (tokens_in * price.tokens_in + tokens_out * price.tokens_out) / MILLION * brl_per_usd
