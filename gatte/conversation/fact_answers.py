"""Answers to questions on facts, put together by code: each the shortest sentence that says it, and
the rows that it comes from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from gatte.business_hours import BusinessHours
from gatte.conversation.company_facts import (
    AddressValue,
    ChannelValue,
    CompanyFacts,
    Fact,
    FactKind,
    FactReference,
    PaymentValue,
    PriceValue,
    SentenceValue,
)
from gatte.conversation.fact_questions import FactQuestion, FactTopic
from gatte.conversation.hours_answers import describe_week, hours_sentence
from gatte.conversation.texts import render

LONGEST_ANSWER = 350
"""Characters of an answer on facts: what a phone shows without scrolling."""


@dataclass(frozen=True)
class FactAnswer:
    """What facts say to the questions of a turn.

    `open_questions` are those that no row answers: the knowledge base may. `offers_person` when a
    person should be offered beside the answer.
    """

    text: str = ""
    used: tuple[FactReference, ...] = ()
    open_questions: tuple[FactQuestion, ...] = ()
    offers_person: bool = False


@dataclass
class _Desk:
    """What the sentences of one answer are made from, and what they have used so far."""

    facts: CompanyFacts
    hours: BusinessHours
    now: datetime
    used: list[FactReference] = field(default_factory=list)
    offers_person: bool = False

    @property
    def today(self) -> date:
        return self.now.date()

    def all_of(self, kind: FactKind) -> list[Fact]:
        return self.facts.of(kind, self.today)

    def use(self, *facts: Fact) -> None:
        self.used += [one.reference for one in facts if one.reference not in self.used]

    def unknown(self, key: str, **variables: object) -> str:
        """A sentence that says that something is not known here; a person is offered."""
        self.offers_person = True
        return render(f"facts.{key}", **variables)


def answer(
    questions: Sequence[FactQuestion], facts: CompanyFacts, hours: BusinessHours, now: datetime
) -> FactAnswer:
    """The answer to the questions of a turn, none twice, within `LONGEST_ANSWER` characters."""
    desk = _Desk(facts, hours, now)
    sentences: list[str] = []
    unanswered: list[FactQuestion] = []
    for question in questions:
        sentence = SENTENCES[question.topic](question, desk)
        if sentence is None:
            unanswered.append(question)
        elif sentence not in sentences and _fits(sentences, sentence):
            sentences.append(sentence)
    text = " ".join(sentences)
    return FactAnswer(text, tuple(desk.used), tuple(unanswered), desk.offers_person)


def fallback_sentence(question: FactQuestion) -> str:
    """What is said where neither facts nor articles know: that it is not known here."""
    return render(f"facts.unknown_{question.topic}")


def _fits(sentences: Sequence[str], sentence: str) -> bool:
    return not sentences or len(" ".join([*sentences, sentence])) <= LONGEST_ANSWER


# --- hours ---


def _hours(question: FactQuestion, desk: _Desk) -> str | None:
    desk.use(*desk.all_of(FactKind.HOURS), *_holidays_on(question.day, desk))
    return hours_sentence(question, desk.hours, desk.now)


def _holidays_on(day: date | None, desk: _Desk) -> list[Fact]:
    if day is None:
        return []
    return [one for one in desk.all_of(FactKind.HOLIDAY) if one.key == day.isoformat()]


# --- address and channels ---


def _address(question: FactQuestion, desk: _Desk) -> str | None:
    places = [one for one in desk.all_of(FactKind.ADDRESS) if isinstance(one.value, AddressValue)]
    if not places:
        return None
    desk.use(places[0])
    value = places[0].value
    assert isinstance(value, AddressValue)  # noqa: S101 - those alone were taken
    where = render("facts.address", place=_place(value))
    if not question.detail:
        return where
    told: str = getattr(value, question.detail)
    if question.detail == "directions":
        return f"{where} {told}".strip()
    return told or desk.unknown(f"unknown_{question.detail}", place=_place(value))


def _place(value: AddressValue) -> str:
    """An address on one line."""
    town = f"{value.city}/{value.state}"
    code = f"CEP {value.postal_code}" if value.postal_code else ""
    return ", ".join(part for part in (value.street, value.district, town, code) if part)


def _channel(question: FactQuestion, desk: _Desk) -> str | None:
    known = {one.key: one for one in desk.all_of(FactKind.CHANNEL)}
    if not known:
        return None
    found = known.get(question.detail)
    if found is not None and isinstance(found.value, ChannelValue):
        desk.use(found)
        told = render(f"facts.channel_{question.detail}", contact=found.value.contact)
        return f"{told} {found.value.note}".strip()
    desk.use(*known.values())
    listed = _listed(
        [
            f"{render(f'facts.name_{key}')} {one.value.contact}"
            for key, one in known.items()
            if isinstance(one.value, ChannelValue)
        ]
    )
    if question.detail:
        name = render(f"facts.name_{question.detail}")
        return render("facts.channel_missing", name=name, listed=listed)
    return render("facts.channels", listed=listed)


# --- prices ---


def _price(question: FactQuestion, desk: _Desk) -> str | None:
    rows = [one for one in desk.all_of(FactKind.PRICE) if isinstance(one.value, PriceValue)]
    if not rows:
        return None
    wanted = [row for name in question.products for row in _matching(name, rows)]
    if question.products and not wanted:
        return desk.unknown("no_price_of", product=_listed(question.products))
    shown = list(dict.fromkeys(wanted)) or rows
    if question.detail == "cheapest":
        shown = [min(shown, key=_amount)]
    desk.use(*shown)
    if question.detail == "difference" and len(shown) == 2:
        return _difference(shown)
    renewal = _renewal(question, desk)
    if len(shown) == 1:
        return f"{_one_price(shown[0])}{renewal}"
    listed = "; ".join(f"{_product(one)}, {show_money(_amount(one))}" for one in shown)
    return render("facts.prices", listed=listed) + renewal


def _renewal(question: FactQuestion, desk: _Desk) -> str:
    found = desk.facts.find(FactKind.DISCOUNT, "renewal", desk.today)
    if question.detail != "renewal" or found is None:
        return ""
    desk.use(found)
    return f" {_text(found)}"


def _matching(name: str, rows: list[Fact]) -> list[Fact]:
    """The rows of a product; of all its models where none is named, of all kinds for a model."""
    plain = _plain(name)
    exact = [row for row in rows if _plain(_product(row)) == plain]
    return exact or [
        row
        for row in rows
        if _plain(_product(row)).startswith(f"{plain} ")
        or _plain(_product(row)).endswith(f" {plain}")
    ]


def _plain(product: str) -> str:
    return product.casefold().replace("-", "")


def _product(row: Fact) -> str:
    return row.value.product if isinstance(row.value, PriceValue) else row.key


def _amount(row: Fact) -> Decimal:
    return row.value.amount if isinstance(row.value, PriceValue) else Decimal(0)


def _one_price(row: Fact) -> str:
    condition = row.value.condition if isinstance(row.value, PriceValue) else ""
    told = render("facts.price", product=_product(row), amount=show_money(_amount(row)))
    return f"{told}, {condition}." if condition else f"{told}."


def _difference(shown: list[Fact]) -> str:
    first, second = sorted(shown, key=_amount)
    return render(
        "facts.price_difference",
        first=_product(first),
        first_amount=show_money(_amount(first)),
        second=_product(second),
        second_amount=show_money(_amount(second)),
        difference=show_money(_amount(second) - _amount(first)),
    )


def show_money(amount: Decimal) -> str:
    """An amount of reais as people write it: "R$ 1.199", "R$ 149,90"."""
    whole, _, cents = f"{amount:,.2f}".partition(".")
    reais = whole.replace(",", ".")
    return f"R$ {reais}" if cents == "00" else f"R$ {reais},{cents}"


def _discount(question: FactQuestion, desk: _Desk) -> str | None:
    known = {one.key: one for one in desk.all_of(FactKind.DISCOUNT)}
    found = known.get(question.detail) or (known.get("general") if question.detail else None)
    if found is not None:
        desk.use(found)
        return _text(found)
    if known and not question.detail:
        desk.use(*known.values())
        return " ".join(_text(one) for one in known.values())[:LONGEST_ANSWER]
    if not desk.facts.facts:
        return None
    return desk.unknown("unknown_discount")


# --- payment ---


def _payment(question: FactQuestion, desk: _Desk) -> str | None:
    rows = {
        one.key: one
        for one in desk.all_of(FactKind.PAYMENT)
        if isinstance(one.value, PaymentValue)
    }
    if not rows:
        return None
    if question.detail == "installments":
        return _installments(question, rows, desk)
    accepted = [one for one in rows.values() if _payment_value(one).accepted]
    listed = _listed([_payment_value(one).name for one in accepted])
    if question.detail in {"", "several"}:
        desk.use(*accepted)
        return render("facts.payments", listed=listed)
    found = rows.get(question.detail)
    if question.count is not None and question.detail in {"boleto", "invoice"}:
        return _term(question, found, desk)
    if found is None:
        desk.use(*accepted)
        return render("facts.payment_unknown", listed=listed)
    desk.use(found)
    if not _payment_value(found).accepted:
        desk.use(*accepted)
        return render("facts.payment_not", name=_payment_value(found).name, listed=listed)
    value = _payment_value(found)
    told = render("facts.payment_yes", name=value.name)
    return f"{told} {value.note}".strip()


def _payment_value(row: Fact) -> PaymentValue:
    assert isinstance(row.value, PaymentValue)  # noqa: S101 - rows of this kind alone come here
    return row.value


def _installments(question: FactQuestion, rows: dict[str, Fact], desk: _Desk) -> str:
    parted = [one for one in rows.values() if (_payment_value(one).installments or 1) > 1]
    if not parted:
        return desk.unknown("unknown_installments")
    desk.use(parted[0])
    value = _payment_value(parted[0])
    most = value.installments or 1
    interest = {True: " sem juros", False: " com juros", None: ""}[value.interest_free]
    told = render("facts.installments", name=value.name, most=most, interest=interest)
    if question.count is not None and question.count > most:
        return f"{render('facts.too_many_installments', count=question.count)} {told}"
    part = _part_of_price(question, value, desk)
    return f"{told} {part}".strip()


def _part_of_price(question: FactQuestion, value: PaymentValue, desk: _Desk) -> str:
    """What one instalment comes to, where product and number are known and there is no interest."""
    rows = desk.all_of(FactKind.PRICE)
    wanted = [row for name in question.products for row in _matching(name, rows)]
    if not value.interest_free or question.count is None or len(wanted) != 1:
        return ""
    desk.use(wanted[0])
    each = show_money((_amount(wanted[0]) / question.count).quantize(Decimal("0.01")))
    return render(
        "facts.each_installment", product=_product(wanted[0]), count=question.count, each=each
    )


def _term(question: FactQuestion, found: Fact | None, desk: _Desk) -> str:
    """Whether a boleto or an invoice can be paid after so many days."""
    days = _payment_value(found).term_days if found is not None else None
    if found is None or days is None:
        return desk.unknown("unknown_term")
    desk.use(found)
    if days == 0:
        return render("facts.no_term", name=_payment_value(found).name)
    return render("facts.term", name=_payment_value(found).name, days=days)


# --- partners and delivery ---


def _partner(question: FactQuestion, desk: _Desk) -> str | None:
    rows = desk.all_of(FactKind.PARTNER)
    if not rows and not desk.facts.facts:
        return None
    if not rows:
        return desk.unknown("unknown_partner")
    desk.use(*rows)
    return " ".join(_text(one) for one in rows)[:LONGEST_ANSWER]


def _delivery(key: str) -> Callable[[FactQuestion, _Desk], str | None]:
    def told(question: FactQuestion, desk: _Desk) -> str | None:
        wanted = question.detail or key
        found = desk.facts.find(FactKind.DELIVERY, wanted, desk.today)
        found = found or desk.facts.find(FactKind.DELIVERY, key, desk.today)
        if found is None:
            return None
        desk.use(found)
        return _text(found)

    return told


def _text(row: Fact) -> str:
    return row.value.text if isinstance(row.value, SentenceValue) else ""


def _listed(names: Sequence[str]) -> str:
    """Names as people list them: "Pix, boleto e cartão"."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} e {names[-1]}"


SENTENCES: dict[FactTopic, Callable[[FactQuestion, _Desk], str | None]] = {
    FactTopic.HOURS: _hours,
    FactTopic.ADDRESS: _address,
    FactTopic.CHANNEL: _channel,
    FactTopic.PRICE: _price,
    FactTopic.DISCOUNT: _discount,
    FactTopic.PAYMENT: _payment,
    FactTopic.PARTNER: _partner,
    FactTopic.ISSUE_TIME: _delivery("issue"),
    FactTopic.SHIPPING: _delivery("token"),
}
