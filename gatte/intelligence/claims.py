"""Checking what a model wrote against the passages it had: no number, price, term, promise or link may be new."""

import re
from collections.abc import Sequence
from enum import StrEnum

from gatte.intelligence.wording import normalised

LONGEST_ANSWER = 600


class Problem(StrEnum):
    """Why a written answer is not sent."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NEW_LINK = "new_link"
    NEW_NUMBER = "new_number"
    NEW_PROMISE = "new_promise"


_LINK = re.compile(
    r"(?:https?://|www\.)\S+|[\w.+-]*@?[\w-]+(?:\.[\w-]+)*\.(?:com|br|net|org|gov|io|app|me|link|info|online|site|shop|store|co|ly)\b\S*",
    re.I,
)
_NUMBER = re.compile(r"(?<![A-Za-z])\d+(?:[.,:/-]\d+)*")
_LIST_MARK = re.compile(r"^\s*\d{1,2}[.)]\s", re.M)
_UNITS = r"(?:segundos?|minutos?|horas?|dias?|semanas?|mes|meses|anos?|vezes|parcelas?|reais|real|por cento|uteis)"
_WORDS = dict.fromkeys(("um", "uma"), 1) | dict.fromkeys(("dois", "duas"), 2)
_WORDS |= {"tres": 3, "quatro": 4, "cinco": 5, "seis": 6, "sete": 7, "oito": 8, "nove": 9, "dez": 10, "doze": 12, "quinze": 15}
_WORDS |= {"vinte": 20, "trinta": 30, "quarenta": 40, "cinquenta": 50, "sessenta": 60, "noventa": 90, "cem": 100}
_SPELLED = re.compile(rf"\b({'|'.join(_WORDS)}) {_UNITS}\b")
_PROMISES = ("r$", "reais", "gratis", "gratuit", "desconto", "promocao", "garanti", "reembols", "estorn", "sem custo")


def problems(answer: str, passages: Sequence[str]) -> tuple[Problem, ...]:
    """What is wrong with an answer, given the passages it was to be made of; empty when nothing is."""
    source = "\n".join(passages)
    found = {
        Problem.EMPTY: not answer.strip(),
        Problem.TOO_LONG: len(answer) > LONGEST_ANSWER,
        Problem.NEW_LINK: bool(_links(answer) - _links(source)),
        Problem.NEW_NUMBER: bool(_numbers(answer) - _numbers(source)),
        Problem.NEW_PROMISE: bool(_promises(answer) - _promises(source)),
    }
    return tuple(problem for problem, present in found.items() if present)


def _links(text: str) -> set[str]:
    return {link.lower().rstrip(".,;:!?)\"'/") for link in _LINK.findall(text)}


def _numbers(text: str) -> set[str]:
    """The numbers of a text as digits: as they stand, the parts of dates, and small ones spelled out before a unit."""
    text = _LIST_MARK.sub("", text)
    digits = {number for match in _NUMBER.findall(text) for number in _readings(match)}
    return digits | {str(_WORDS[word]) for word in _SPELLED.findall(normalised(text))}


def _readings(number: str) -> set[str]:
    """A number without points of thousands and leading zeros; a date or a fraction such as 24/7 by its parts."""
    if "/" in number or "-" in number:
        return {reading for part in re.split(r"[/-]", number) for reading in _readings(part)}
    whole = re.sub(r"\.(?=\d{3}\b)", "", number)
    return {whole.lstrip("0") or "0"}


def _promises(text: str) -> set[str]:
    plain = normalised(text)
    return {promise for promise in _PROMISES if promise in plain or (promise == "r$" and "r$" in text.lower())}
