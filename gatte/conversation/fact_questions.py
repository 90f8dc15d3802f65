"""Which facts a text asks for: hours, address, channels, prices, payment and the like, or records
of the contact's own.

Read by words, in clauses: what a fact cannot answer ("o horário da videoconferência pode mudar?")
stays a question for the knowledge base.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache
from itertools import islice

from gatte.conversation.fact_details import (
    channel_in,
    day_in,
    detail_of_address,
    detail_of_delivery,
    detail_of_discount,
    detail_of_hours,
    detail_of_price,
    names_instalments,
    payment_in,
    products_in,
)
from gatte.conversation.fact_look_alikes import LOOK_ALIKES
from gatte.conversation.fact_topics import ASKS, FactTopic
from gatte.conversation.parsing.abbreviations import expand_abbreviations
from gatte.conversation.parsing.normalize import normalize_text, union, words

LONGEST_CLAUSE = 160
"""Characters of a clause that asks for a fact: longer ones tell a story."""
MOST_CLAUSES = 20
"""Clauses of a text that are looked at: nobody asks more at once."""
LONGEST_ELLIPSIS = 7
"""Words of a question that lives on the one before: "e o A3?"."""


OWN_RECORDS = frozenset(
    {FactTopic.MY_CERTIFICATE, FactTopic.MY_TICKET, FactTopic.MY_DATA_REQUEST, FactTopic.QUEUE}
)
"""Topics that the snapshot of the conversation answers by itself."""


@dataclass(frozen=True)
class FactQuestion:
    """One question that a fact may answer, in the words of the customer.

    `products` are those that it names (or those of the question before); `day` the day it asks for;
    `detail` what of the topic: a channel, a way to pay, `now`, `lunch`, `parking`, `all` and the
    like; `count` a number of instalments or days.
    """

    topic: FactTopic
    text: str
    products: tuple[str, ...] = ()
    day: date | None = None
    detail: str = ""
    count: int | None = None


@dataclass(frozen=True)
class QuestionContext:
    """Where a question is asked: the time, topic and products of the fact asked for last, the
    products that a running form is about, whether one runs, and whether a person is awaited.
    """

    now: datetime
    topic: str = ""
    products: tuple[str, ...] = ()
    wanted: tuple[str, ...] = ()
    in_form: bool = False
    waiting: bool = False


@dataclass(frozen=True)
class ReadClauses:
    """What the clauses of a text ask of facts, and the rest that asks something else."""

    questions: tuple[FactQuestion, ...] = ()
    rest: tuple[str, ...] = ()


@dataclass(frozen=True)
class FactPatterns:
    """How topics are asked for: in normalised text, any of `asks` and none of `against`; and what
    makes a text a question at all.
    """

    asks: dict[FactTopic, re.Pattern[str]]
    against: dict[FactTopic, re.Pattern[str]]
    evidence: re.Pattern[str]


@cache
def patterns() -> FactPatterns:
    """The expressions of all topics."""
    return FactPatterns(
        asks={topic: union(*expressions) for topic, expressions in ASKS.items()},
        against={topic: union(*expressions) for topic, expressions in LOOK_ALIKES.items()},
        evidence=union(*EVIDENCE),
    )


OVERRULES: dict[FactTopic, frozenset[FactTopic]] = {
    FactTopic.DISCOUNT: frozenset({FactTopic.PRICE, FactTopic.PAYMENT}),
    FactTopic.PARTNER: frozenset({FactTopic.PRICE, FactTopic.DISCOUNT, FactTopic.PAYMENT}),
    FactTopic.SHIPPING: frozenset({FactTopic.ISSUE_TIME, FactTopic.PRICE, FactTopic.HOURS}),
    FactTopic.ISSUE_TIME: frozenset({FactTopic.PRICE, FactTopic.HOURS, FactTopic.PAYMENT}),
    FactTopic.MY_TICKET: frozenset(FactTopic) - {FactTopic.MY_TICKET},
    FactTopic.MY_CERTIFICATE: frozenset(FactTopic) - {FactTopic.MY_CERTIFICATE},
    FactTopic.MY_DATA_REQUEST: frozenset(FactTopic) - {FactTopic.MY_DATA_REQUEST},
    FactTopic.QUEUE: frozenset({FactTopic.ISSUE_TIME}),
    FactTopic.CHANNEL: frozenset({FactTopic.ADDRESS}),
}
"""A topic that is asked for in words of others: "desconto no Pix" asks nothing of payment."""

HOURS_SHORT = re.compile(r"\b(?:hrs?|hs)\b")
CLAUSE_ENDS = re.compile(r"[?!;\n]+|\.(?=\s|$)")
AND_ASKS = re.compile(
    r",? (?=(?:eu )?(?:e |ai )?(?:eu )?(?:queria|quero|gostaria de|preciso) saber\b)|"
    r",? e (?=(?:se (?:ha|tem)|qual|quais|quanto|que horas?|ate que horas?|como|onde|quando"
    r"|em quanto|por que|aceitam?|tem|voces|formas?|faz|fazem|abre|abrem|posso)\b)"
)
LOOKS_BACK = re.compile(
    r"^(?:e|mas|ah|entao)\b[ ,]*(?:e )?(?:o|a|os|no|na|do|da|de|pra|para|se|esse|em)\b"
)
BEGINS_WITH_AND = re.compile(r"^(?:e|mas|ah)\b[ ,]*")
EVIDENCE: tuple[str, ...] = (
    r"\?",
    (
        r"\b(?:qual|quais|quanto|quantos|quantas|que horas?|que dia|onde|adonde|aonde|como"
        r"|quando|em que)\b"
    ),
    (
        r"^(?:\W*(?:oi|ola|bom dia|boa tarde|boa noite|e|mas|ah|entao|so|opa|ei|moca|moco"
        r"|favor|por favor)\W+)*(?:voces|tem|ha|aceitam?|fazem?|faz|abrem?|fecham?|atendem?"
        r"|funcionam?|mandam?|entregam?|parcelam?|rola|posso|pode|podem|da (?:pra|para)|existe"
        r"|ja|sera|emitem?|cobram?|trabalham?|dividem?|sai|o senhor|a senhora|a loja|alguem"
        r"|demora|qualquer hora)\b"
    ),
    (
        r"\b(?:me (?:passa|manda|diz|diga|fala|informa|da)|manda (?:o|a|os|as)|passa (?:o|a)"
        r"|informar|poderia|gostaria de saber|quer(?:o|ia) saber|saber (?:o|se|quanto)"
        r"|ver (?:o )?preco|preciso saber|pergunt\w+|conferir)\b"
    ),
    r"\bou (?:tem|so|e|nao|preciso|precisa|fecha|sou|vou|some\w*)\b",
    r"\bexiste\b",
)
"""What makes a text a question in words; in a form, and in a longer text, there must be some."""
MONEY = frozenset({FactTopic.PRICE, FactTopic.DISCOUNT, FactTopic.PAYMENT})
LONGEST_BARE = 6
"""Words of a text that only names a topic ("valor do e-CNPJ A1"), outside of forms."""


def find(text: str, context: QuestionContext) -> ReadClauses:
    """What a text asks of facts, clause by clause."""
    questions: list[FactQuestion] = []
    rest: list[str] = []
    for clause in islice(_clauses(text), MOST_CLAUSES):
        found = list(_questions_in(clause, context))
        for one in found:
            context = replace(context, topic=one.topic, products=one.products or context.products)
        questions += found
        if not found:
            rest.append(clause)
    return ReadClauses(_without_doubles(questions), tuple(rest))


def _clauses(text: str) -> Iterator[str]:
    """The clauses of a text, each with its question mark."""
    begin = 0
    for end in (*(found.end() for found in CLAUSE_ENDS.finditer(text)), len(text)):
        sentence = text[begin:end].strip()
        begin = end
        if sentence:
            yield from (part.strip() for part in AND_ASKS.split(sentence) if part.strip(" ,"))


def _without_doubles(questions: list[FactQuestion]) -> tuple[FactQuestion, ...]:
    seen = {(one.topic, one.products, one.day, one.detail): one for one in reversed(questions)}
    return tuple(one for one in questions if one in seen.values())


def _questions_in(clause: str, context: QuestionContext) -> Iterator[FactQuestion]:
    plain = HOURS_SHORT.sub("horas", normalize_text(expand_abbreviations(clause.lower())))
    if len(clause) > LONGEST_CLAUSE or not words(plain):
        return
    bare_allowed = not context.in_form and len(words(plain)) <= LONGEST_BARE
    if not bare_allowed and not patterns().evidence.search(plain):
        return
    topics = _topics_of(plain, context)
    if not topics and (elliptical := _looks_back(plain, context)):
        topics = [elliptical]
    for topic in topics:
        yield _question(topic, clause, plain, context)


def _topics_of(plain: str, context: QuestionContext) -> list[FactTopic]:
    """The topics that a clause asks for, without those whose words belong to another."""
    known = patterns()
    asked = {topic for topic, pattern in known.asks.items() if pattern.search(plain)}
    asked = {topic for topic in asked if not known.against[topic].search(plain)}
    if not context.waiting:
        asked.discard(FactTopic.QUEUE)
    overruled = {other for topic in asked for other in OVERRULES.get(topic, ())}
    if FactTopic.PAYMENT in asked and names_instalments(plain):
        overruled.add(FactTopic.PRICE)  # "em 3x quanto fica?" asks what one instalment comes to
    return [topic for topic in known.asks if topic in asked - overruled]


def _looks_back(plain: str, context: QuestionContext) -> FactTopic | None:
    """The topic that a short question takes over from the one before: "e o A3?", "e sábado?"."""
    if not context.topic or len(words(plain)) > LONGEST_ELLIPSIS:
        return None
    last = FactTopic(context.topic)
    begins = bool(BEGINS_WITH_AND.search(plain))
    names_product = bool(LOOKS_BACK.search(plain) and products_in(plain, context.products))
    if names_product and last in MONEY:
        return FactTopic.PRICE
    if begins and last in MONEY and payment_in(plain):
        return FactTopic.PAYMENT
    if begins and last is FactTopic.HOURS and day_in(plain, context.now):
        return last
    if begins and last is FactTopic.CHANNEL and channel_in(plain):
        return last
    return None


def _question(topic: FactTopic, clause: str, plain: str, context: QuestionContext) -> FactQuestion:
    """A question of this topic with what it names."""
    asked = FactQuestion(topic, clause)
    if topic is FactTopic.HOURS:
        return replace(asked, day=day_in(plain, context.now), detail=detail_of_hours(plain))
    if topic is FactTopic.PRICE:
        return _price_question(asked, plain, context)
    if topic is FactTopic.PAYMENT:
        way, count = payment_in(plain) or ("", None)
        products = products_in(plain, context.products) or context.products or context.wanted
        return replace(asked, detail=way, count=count, products=products)
    read_detail = DETAILS.get(topic)
    return replace(asked, detail=read_detail(plain)) if read_detail else asked


def _price_question(asked: FactQuestion, plain: str, context: QuestionContext) -> FactQuestion:
    """A question for a price; one that names no product means that of the running form."""
    detail = detail_of_price(plain)
    products = products_in(plain, context.products or context.wanted)
    if not products and detail not in {"all", "cheapest", "difference"}:
        products = context.wanted
    return replace(asked, products=products, detail=detail)


DETAILS: dict[FactTopic, Callable[[str], str]] = {
    FactTopic.ADDRESS: detail_of_address,
    FactTopic.CHANNEL: channel_in,
    FactTopic.DISCOUNT: detail_of_discount,
    FactTopic.SHIPPING: detail_of_delivery,
    FactTopic.ISSUE_TIME: detail_of_delivery,
}
