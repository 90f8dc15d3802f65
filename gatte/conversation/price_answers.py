"""What products cost and what discounts there are, in sentences."""

from decimal import Decimal

from gatte.conversation.company_facts import Fact, FactKind, PriceValue
from gatte.conversation.fact_lookup import FactLookup, list_in_words, sentence_of
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.texts import render


def price_sentence(question: FactQuestion, lookup: FactLookup) -> str | None:
    """The prices that a question asks for; None where the company has written none down."""
    rows = [one for one in lookup.all_of(FactKind.PRICE) if isinstance(one.value, PriceValue)]
    if not rows:
        return None
    wanted = [row for name in question.products for row in matching_prices(name, rows)]
    if question.products and not wanted:
        return lookup.unknown("no_price_of", product=list_in_words(question.products))
    shown = list(dict.fromkeys(wanted)) or rows
    if question.detail == "cheapest":
        shown = [min(shown, key=amount_of)]
    lookup.use(*shown)
    if question.detail == "difference" and len(shown) == 2:
        return _difference(shown)
    renewal = _renewal(question, lookup)
    if len(shown) == 1:
        return f"{_one_price(shown[0])}{renewal}"
    listed = "; ".join(f"{product_of(one)}, {show_money(amount_of(one))}" for one in shown)
    return render("facts.prices", listed=listed) + renewal


def _renewal(question: FactQuestion, lookup: FactLookup) -> str:
    """What is said of renewals beside a price, where somebody asks for one."""
    found = lookup.facts.find(FactKind.DISCOUNT, "renewal", lookup.today)
    if question.detail != "renewal" or found is None:
        return ""
    lookup.use(found)
    return f" {sentence_of(found)}"


def matching_prices(name: str, rows: list[Fact]) -> list[Fact]:
    """The rows of a product; of all its models where none is named, of all kinds for a model."""
    plain = _plain(name)
    exact = [row for row in rows if _plain(product_of(row)) == plain]
    return exact or [
        row
        for row in rows
        if _plain(product_of(row)).startswith(f"{plain} ")
        or _plain(product_of(row)).endswith(f" {plain}")
    ]


def _plain(product: str) -> str:
    """The name of a product without hyphens, as it is compared."""
    return product.casefold().replace("-", "")


def product_of(row: Fact) -> str:
    """The name of the product of a price."""
    return row.value.product if isinstance(row.value, PriceValue) else row.key


def amount_of(row: Fact) -> Decimal:
    """What a product costs, in reais."""
    return row.value.amount if isinstance(row.value, PriceValue) else Decimal(0)


def _one_price(row: Fact) -> str:
    """The sentence for one price, with its condition."""
    condition = row.value.condition if isinstance(row.value, PriceValue) else ""
    told = render("facts.price", product=product_of(row), amount=show_money(amount_of(row)))
    return f"{told}, {condition}." if condition else f"{told}."


def _difference(shown: list[Fact]) -> str:
    """Two prices and the difference between them, the lower one first."""
    first, second = sorted(shown, key=amount_of)
    return render(
        "facts.price_difference",
        first=product_of(first),
        first_amount=show_money(amount_of(first)),
        second=product_of(second),
        second_amount=show_money(amount_of(second)),
        difference=show_money(amount_of(second) - amount_of(first)),
    )


def show_money(amount: Decimal) -> str:
    """An amount of reais as people write it: "R$ 1.199", "R$ 149,90"."""
    whole, _, cents = f"{amount:,.2f}".partition(".")
    reais = whole.replace(",", ".")
    return f"R$ {reais}" if cents == "00" else f"R$ {reais},{cents}"


def discount_sentence(question: FactQuestion, lookup: FactLookup) -> str | None:
    """The discounts that a question asks for; None where there are no facts at all."""
    known = {one.key: one for one in lookup.all_of(FactKind.DISCOUNT)}
    found = known.get(question.detail) or (known.get("general") if question.detail else None)
    if found is not None:
        lookup.use(found)
        return sentence_of(found)
    if known and not question.detail:
        lookup.use(*known.values())
        return " ".join(sentence_of(one) for one in known.values())
    if not lookup.facts.facts:
        return None
    return lookup.unknown("unknown_discount")
