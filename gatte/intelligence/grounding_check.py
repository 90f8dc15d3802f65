"""Checking what a model wrote against the passages it had: no number, price, term, promise or link
may be new.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from gatte.conversation.parsing.normalize import normalize_for_search

LONGEST_ANSWER = 600
KEPT_PASSAGES = 2_000  # about 2 kB each


class Violation(StrEnum):
    """Why a written answer is not sent."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NEW_LINK = "new_link"
    NEW_NUMBER = "new_number"
    NEW_PROMISE = "new_promise"


_ENDINGS = "com|br|net|org|gov|io|app|me|link|info|online|site|shop|store|co|ly"
_LINK = re.compile(
    rf"(?:https?://|www\.)\S+|[\w.+-]*@?[\w-]+(?:\.[\w-]+)*\.(?:{_ENDINGS})\b\S*", re.I
)
# Every link holds one of these marks; looking for them first is many times faster.
_MAYBE_A_LINK = re.compile(rf"://|www\.|\.(?:{_ENDINGS})\b", re.I)
_NUMBER = re.compile(r"(?<![A-Za-z])\d+(?:[.,:/-]\d+)*")
_LIST_MARK = re.compile(r"^[^\S\n]*\d{1,2}[.)]\s", re.M)
_UNITS = (
    r"(?:segundos?|minutos?|horas?|dias?|semanas?|mes|meses|anos?"
    r"|vezes|parcelas?|reais|real|por cento|uteis)"
)
_WORDS = dict.fromkeys(("um", "uma"), 1) | dict.fromkeys(("dois", "duas"), 2)
_WORDS |= {
    "tres": 3,
    "quatro": 4,
    "cinco": 5,
    "seis": 6,
    "sete": 7,
    "oito": 8,
    "nove": 9,
    "dez": 10,
    "doze": 12,
    "quinze": 15,
}
_WORDS |= {
    "vinte": 20,
    "trinta": 30,
    "quarenta": 40,
    "cinquenta": 50,
    "sessenta": 60,
    "noventa": 90,
    "cem": 100,
}
_SPELLED = re.compile(rf"\b({'|'.join(_WORDS)}) {_UNITS}\b")
_PROMISES = (
    "r$",
    "reais",
    "gratis",
    "gratuit",
    "desconto",
    "promocao",
    "garanti",
    "reembols",
    "estorn",
    "sem custo",
)


@dataclass(frozen=True)
class Claims:
    """What a text claims that must not be made up."""

    links: frozenset[str]
    numbers: frozenset[str]
    promises: frozenset[str]


def violations(answer: str, passages: Sequence[str]) -> tuple[Violation, ...]:
    """What is wrong with an answer made from these passages; empty when nothing is."""
    claimed = extract_claims(answer)
    known = [claims_of_passage(passage) for passage in passages]
    new_links = claimed.links.difference(*(one.links for one in known))
    new_numbers = claimed.numbers.difference(*(one.numbers for one in known))
    new_promises = claimed.promises.difference(*(one.promises for one in known))
    found = {
        Violation.EMPTY: not answer.strip(),
        Violation.TOO_LONG: len(answer) > LONGEST_ANSWER,
        Violation.NEW_LINK: bool(new_links),
        Violation.NEW_NUMBER: bool(new_numbers),
        Violation.NEW_PROMISE: bool(new_promises),
    }
    return tuple(problem for problem, present in found.items() if present)


def extract_claims(text: str) -> Claims:
    """The links, numbers and promises of a text."""
    plain = normalize_for_search(text)
    return Claims(
        frozenset(_links(text)), frozenset(_numbers(text, plain)), frozenset(_promises(text, plain))
    )


@lru_cache(maxsize=KEPT_PASSAGES)
def claims_of_passage(passage: str) -> Claims:
    """The claims of a passage, cached: the passages of a knowledge base come again and again."""
    return extract_claims(passage)


def _links(text: str) -> set[str]:
    if not _MAYBE_A_LINK.search(text):
        return set()
    return {link.lower().rstrip(".,;:!?)\"'/") for link in _LINK.findall(text)}


def _numbers(text: str, plain: str) -> set[str]:
    """The numbers of a text as digits: as they stand, the parts of dates, and small ones spelled
    out before a unit.
    """
    text = _LIST_MARK.sub("", text)
    digits = {number for match in _NUMBER.findall(text) for number in _readings(match)}
    return digits | {str(_WORDS[word]) for word in _SPELLED.findall(plain)}


def _readings(number: str) -> set[str]:
    """A number without points of thousands and leading zeros; a date or a fraction such as 24/7 by
    its parts.
    """
    if "/" in number or "-" in number:
        return {reading for part in re.split(r"[/-]", number) for reading in _readings(part)}
    whole = re.sub(r"\.(?=\d{3}\b)", "", number)
    return {whole.lstrip("0") or "0"}


def _promises(text: str, plain: str) -> set[str]:
    return {
        promise
        for promise in _PROMISES
        if promise in plain or (promise == "r$" and "r$" in text.lower())
    }
