"""What Meta charges for messages: a dated price card, and the fees of a month by day."""

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Protocol

from gatte.setting_formats import fee_table

CARDS = Path(__file__).with_name("meta_fees.toml")
SERVICE = "service"
"""Meta's category of messages that are no template."""
CATEGORIES = (SERVICE, "utility", "authentication", "marketing")


@dataclass(frozen=True)
class FeeCard:
    """US dollars a message by category, from a day on, and how many service messages a month are
    free for each number.
    """

    since: date
    free_service_messages: int
    fees: Mapping[str, Decimal]

    def fee(self, category: str) -> Decimal:
        """The fee of a category; one that is unknown costs as much as the dearest."""
        return self.fees.get(category, max(self.fees.values()))


class CountedMessages(Protocol):
    """Messages of a day, number and category."""

    @property
    def day(self) -> date: ...
    @property
    def phone_number_id(self) -> str: ...
    @property
    def category(self) -> str: ...
    @property
    def count(self) -> int: ...


@cache
def cards() -> tuple[FeeCard, ...]:
    """All price cards, the oldest first."""
    stored = tomllib.loads(CARDS.read_text(encoding="utf-8"))["card"]
    found = [
        FeeCard(
            one["since"],
            one["free_service_messages"],
            {name: Decimal(one[name]) for name in CATEGORIES},
        )
        for one in stored
    ]
    return tuple(sorted(found, key=lambda card: card.since))


def card_of(day: date, own: str = "") -> FeeCard:
    """The price card of a day, with the fees of the settings (`own`) in place of the file's."""
    found = cards()[0]
    for card in cards():
        if card.since <= day:
            found = card
    return FeeCard(found.since, found.free_service_messages, {**found.fees, **fee_table(own)})


def fees_by_day(
    counts: Iterable[CountedMessages], brl_per_usd: Decimal, own: str = ""
) -> dict[date, Decimal]:
    """Reais by day for the messages of one month; each number's first service messages are free,
    but for those that Meta has said it bills (`service:billed`).
    """
    spent: defaultdict[date, Decimal] = defaultdict(Decimal)
    used: defaultdict[str, int] = defaultdict(int)
    for one in sorted(counts, key=lambda counted: (counted.day, counted.phone_number_id)):
        card = card_of(one.day, own)
        billed = one.count
        category, _, is_billed = one.category.partition(":")
        if category == SERVICE and not is_billed:
            left = max(0, card.free_service_messages - used[one.phone_number_id])
            used[one.phone_number_id] += one.count
            billed = max(0, one.count - left)
        spent[one.day] += billed * card.fee(category) * brl_per_usd
    return dict(spent)
