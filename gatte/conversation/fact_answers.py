"""Answers to questions on facts, put together by code: each the shortest sentence that says it, and
the rows that it comes from.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from gatte.business_hours import BusinessHours
from gatte.conversation.company_facts import (
    AddressValue,
    ChannelValue,
    CompanyFacts,
    Fact,
    FactKind,
    FactReference,
)
from gatte.conversation.fact_lookup import FactLookup, list_in_words, sentence_of
from gatte.conversation.fact_questions import FactQuestion
from gatte.conversation.fact_topics import FactTopic
from gatte.conversation.hours_answers import hours_sentence
from gatte.conversation.payment_answers import payment_sentence
from gatte.conversation.price_answers import discount_sentence, price_sentence
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


def answer(
    questions: Sequence[FactQuestion], facts: CompanyFacts, hours: BusinessHours, now: datetime
) -> FactAnswer:
    """The answer to the questions of a turn, none twice, within `LONGEST_ANSWER` characters."""
    lookup = FactLookup(facts, hours, now)
    sentences: list[str] = []
    unanswered: list[FactQuestion] = []
    for question in questions:
        sentence = SENTENCES[question.topic](question, lookup)
        if sentence is None:
            unanswered.append(question)
        elif sentence not in sentences and _fits(sentences, sentence):
            sentences.append(sentence)
    text = " ".join(sentences)
    return FactAnswer(text, tuple(lookup.used), tuple(unanswered), lookup.offers_person)


def fallback_sentence(question: FactQuestion) -> str:
    """What is said where neither facts nor articles know: that it is not known here."""
    return render(f"facts.unknown_{question.topic}")


def _fits(sentences: Sequence[str], sentence: str) -> bool:
    """Whether one more sentence leaves the answer short enough."""
    return not sentences or len(" ".join([*sentences, sentence])) <= LONGEST_ANSWER


# --- hours ---


def _hours(question: FactQuestion, lookup: FactLookup) -> str | None:
    """When the company is open, from the rows of its hours."""
    lookup.use(*lookup.all_of(FactKind.HOURS), *_holidays_on(question.day, lookup))
    return hours_sentence(question, lookup.hours, lookup.now)


def _holidays_on(day: date | None, lookup: FactLookup) -> list[Fact]:
    """The rows that make a day special."""
    if day is None:
        return []
    return [one for one in lookup.all_of(FactKind.HOLIDAY) if one.key == day.isoformat()]


# --- address and channels ---


def _address(question: FactQuestion, lookup: FactLookup) -> str | None:
    """Where the company is, or what was asked about the place."""
    places = [one for one in lookup.all_of(FactKind.ADDRESS) if isinstance(one.value, AddressValue)]
    if not places:
        return None
    lookup.use(places[0])
    value = places[0].value
    assert isinstance(value, AddressValue)  # noqa: S101 - those alone were taken
    where = render("facts.address", place=_place(value))
    if not question.detail:
        return where
    told: str = getattr(value, question.detail)
    if question.detail == "directions":
        return f"{where} {told}".strip()
    return told or lookup.unknown(f"unknown_{question.detail}", place=_place(value))


def _place(value: AddressValue) -> str:
    """An address on one line."""
    town = f"{value.city}/{value.state}"
    code = f"CEP {value.postal_code}" if value.postal_code else ""
    return ", ".join(part for part in (value.street, value.district, town, code) if part)


def _channel(question: FactQuestion, lookup: FactLookup) -> str | None:
    """How to reach the company: by the way that was asked for, or all."""
    known = {one.key: one for one in lookup.all_of(FactKind.CHANNEL)}
    if not known:
        return None
    found = known.get(question.detail)
    if found is not None and isinstance(found.value, ChannelValue):
        lookup.use(found)
        told = render(f"facts.channel_{question.detail}", contact=found.value.contact)
        return f"{told} {found.value.note}".strip()
    lookup.use(*known.values())
    listed = list_in_words(
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


# --- partners and delivery ---


def _partner(_question: FactQuestion, lookup: FactLookup) -> str | None:
    """What partners get."""
    rows = lookup.all_of(FactKind.PARTNER)
    if not rows and not lookup.facts.facts:
        return None
    if not rows:
        return lookup.unknown("unknown_partner")
    lookup.use(*rows)
    return " ".join(sentence_of(one) for one in rows)


def _delivery(key: str) -> Callable[[FactQuestion, FactLookup], str | None]:
    def told(question: FactQuestion, lookup: FactLookup) -> str | None:
        wanted = question.detail or key
        found = lookup.facts.find(FactKind.DELIVERY, wanted, lookup.today)
        found = found or lookup.facts.find(FactKind.DELIVERY, key, lookup.today)
        if found is None:
            return None
        lookup.use(found)
        return sentence_of(found)

    return told


SENTENCES: dict[FactTopic, Callable[[FactQuestion, FactLookup], str | None]] = {
    FactTopic.HOURS: _hours,
    FactTopic.ADDRESS: _address,
    FactTopic.CHANNEL: _channel,
    FactTopic.PRICE: price_sentence,
    FactTopic.DISCOUNT: discount_sentence,
    FactTopic.PAYMENT: payment_sentence,
    FactTopic.PARTNER: _partner,
    FactTopic.ISSUE_TIME: _delivery("issue"),
    FactTopic.SHIPPING: _delivery("token"),
}
