"""How one can pay, in sentences: ways, instalments, terms."""

from decimal import Decimal

from gatte.conversation.company_facts import Fact, FactKind, PaymentValue
from gatte.conversation.fact_lookup import FactLookup, list_in_words
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.price_answers import amount_of, matching_prices, product_of, show_money
from gatte.conversation.texts import render


def payment_sentence(question: FactQuestion, lookup: FactLookup) -> str | None:
    """The ways to pay that a question asks for; None where none is written down."""
    rows = {
        one.key: one
        for one in lookup.all_of(FactKind.PAYMENT)
        if isinstance(one.value, PaymentValue)
    }
    if not rows:
        return None
    if question.detail == "installments":
        return _installments(question, rows, lookup)
    accepted = [one for one in rows.values() if _payment_value(one).accepted]
    listed = list_in_words([_payment_value(one).name for one in accepted])
    if question.detail in {"", "several"}:
        lookup.use(*accepted)
        return render("facts.payments", listed=listed)
    found = rows.get(question.detail)
    if question.count is not None and question.detail in {"boleto", "invoice"}:
        return _term(found, lookup)
    return _way_to_pay(found, accepted, listed, lookup)


def _way_to_pay(found: Fact | None, accepted: list[Fact], listed: str, lookup: FactLookup) -> str:
    """Whether one way to pay is taken, and else which are."""
    if found is None:
        lookup.use(*accepted)
        return render("facts.payment_unknown", listed=listed)
    lookup.use(found)
    if not _payment_value(found).accepted:
        lookup.use(*accepted)
        return render("facts.payment_not", name=_payment_value(found).name, listed=listed)
    value = _payment_value(found)
    told = render("facts.payment_yes", name=value.name)
    return f"{told} {value.note}".strip()


def _payment_value(row: Fact) -> PaymentValue:
    """The value of a row of this kind."""
    assert isinstance(row.value, PaymentValue)  # noqa: S101 - rows of this kind alone come here
    return row.value


def _installments(question: FactQuestion, rows: dict[str, Fact], lookup: FactLookup) -> str:
    """In how many instalments one can pay, with what one comes to where that is known."""
    parted = [one for one in rows.values() if (_payment_value(one).installments or 1) > 1]
    if not parted:
        return lookup.unknown("unknown_installments")
    lookup.use(parted[0])
    value = _payment_value(parted[0])
    most = value.installments or 1
    interest = {True: " sem juros", False: " com juros", None: ""}[value.interest_free]
    told = render("facts.installments", name=value.name, most=most, interest=interest)
    if question.count is not None and question.count > most:
        return f"{render('facts.too_many_installments', count=question.count)} {told}"
    part = _part_of_price(question, value, lookup)
    return f"{told} {part}".strip()


def _part_of_price(question: FactQuestion, value: PaymentValue, lookup: FactLookup) -> str:
    """What one instalment comes to, where product and number are known and there is no interest."""
    rows = lookup.all_of(FactKind.PRICE)
    wanted = [row for name in question.products for row in matching_prices(name, rows)]
    if not value.interest_free or question.count is None or len(wanted) != 1:
        return ""
    lookup.use(wanted[0])
    each = show_money((amount_of(wanted[0]) / question.count).quantize(Decimal("0.01")))
    return render(
        "facts.each_installment", product=product_of(wanted[0]), count=question.count, each=each
    )


def _term(found: Fact | None, lookup: FactLookup) -> str:
    """Whether a boleto or an invoice can be paid after so many days."""
    days = _payment_value(found).term_days if found is not None else None
    if found is None or days is None:
        return lookup.unknown("unknown_term")
    lookup.use(found)
    if days == 0:
        return render("facts.no_term", name=_payment_value(found).name)
    return render("facts.term", name=_payment_value(found).name, days=days)
