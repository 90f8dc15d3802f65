"""What a text claims that must not be made up: links, numbers with their units, promises, names of
products, documents and places.
"""

import re
from dataclasses import dataclass

from gatte.conversation.parsing.dates import MONTHS
from gatte.conversation.parsing.normalize import fold, normalize_for_search
from gatte.infra.scoped_cache import scoped

_ENDINGS = "com|br|net|org|gov|io|app|me|link|info|online|site|shop|store|co|ly"
_LINK = re.compile(
    rf"(?:https?://|www\.)\S+|[\w.+-]*@?[\w-]+(?:\.[\w-]+)*\.(?:{_ENDINGS})\b\S*", re.I
)
# Every link holds one of these marks; looking for them first is many times faster.
_MAYBE_A_LINK = re.compile(rf"://|www\.|\.(?:{_ENDINGS})\b", re.I)
_NUMBER = re.compile(r"(?<![A-Za-z])\d+(?:[.,:/-]\d+)*")
_LIST_MARK = re.compile(r"^[^\S\n]*\d{1,2}[.)]\s|(?<=[:;,] )\d{1,2}\)\s", re.M)
_RANGE = re.compile(r"\b(?:de\s+)?(\d{1,4})\s+(?:a|ate|ou)\s+(\d{1,4})\b")
_UNITS = (
    r"(segundos?|minutos?|horas?|dias?|semanas?|mes|meses|anos?"
    r"|vezes|parcelas?|reais|real|por cento|uteis|perguntas?|copias?|maquinas?)"
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
_MONTH = re.compile(rf"\b({'|'.join(MONTHS)})\b")
_SPELLED = re.compile(rf"\b({'|'.join(_WORDS)})(?: ou (?:{'|'.join(_WORDS)}))? {_UNITS}\b")
_WITH_UNIT = re.compile(rf"\b(\d+) {_UNITS}\b")
_PROMISES = (
    "r$",
    "reais",
    "gratis",
    "gratuit",
    "de graca",
    "desconto",
    "promocao",
    "garanti",
    "garante",
    "reembols",
    "estorn",
    "devolv",
    "sem custo",
    "sem taxa",
    "na hora",
    "imediat",
    "hoje mesmo",
    "sempre",
    "com certeza",
    "vitalici",
    "ilimitad",
    "brinde",
    "cortesia",
    "sem problema",
    "qualquer",
    "quantas vezes",
    "quando quiser",
    "sem limite",
    "metade",
    "todos",
    "todas",
    "automaticamente",
    "prioridade",
)
"""Words that promise or make absolute: they count only where the passage has them."""
_NAME = re.compile(r"\b[a-z]{0,2}-?[A-Z]{2,}[\w-]*|\b[A-Z]\d\b")


@dataclass(frozen=True)
class Claims:
    """What a text claims that must not be made up; `measures` are numbers with their units."""

    links: frozenset[str]
    numbers: frozenset[str]
    measures: frozenset[str]
    promises: frozenset[str]
    names: frozenset[str]


@scoped
def extract_claims(text: str) -> Claims:
    """The claims of a text."""
    plain = normalize_for_search(text)
    return Claims(
        frozenset(_links(text)),
        frozenset(_numbers(text, plain)),
        frozenset(_measures(plain)),
        frozenset(_promises(text, plain)),
        frozenset(fold(name) for name in _NAME.findall(text) if len(name) > 1),
    )


def _links(text: str) -> set[str]:
    if not _MAYBE_A_LINK.search(text):
        return set()
    return {link.lower().rstrip(".,;:!?)\"'/") for link in _LINK.findall(text)}


def _numbers(text: str, plain: str) -> set[str]:
    """The numbers of a text as digits: as they stand, the parts of dates, months by their number,
    and small ones spelled out before a unit.
    """
    text = _LIST_MARK.sub("", text)
    digits = {number for match in _NUMBER.findall(text) for number in _readings(match)}
    digits |= {str(MONTHS.index(month) + 1) for month in _MONTH.findall(plain)}
    return digits | {str(_WORDS[found[1]]) for found in _SPELLED.finditer(plain)}


def _readings(number: str) -> set[str]:
    """A number without points of thousands and leading zeros; a date or a fraction such as 24/7 by
    its parts.
    """
    if "/" in number or "-" in number:
        return {reading for part in re.split(r"[/-]", number) for reading in _readings(part)}
    whole = re.sub(r"\.(?=\d{3}\b)", "", number)
    return {whole.lstrip("0") or "0"}


def _measures(plain: str) -> set[str]:
    """Numbers with the singular of their unit: "30 dia"; both ends of "1 a 5 anos"."""
    spelled = {f"{_WORDS[found[1]]} {_singular(found[2])}" for found in _SPELLED.finditer(plain)}
    together = _RANGE.sub(r"\1 a \2", plain)
    written = {f"{found[1]} {_singular(found[2])}" for found in _WITH_UNIT.finditer(together)}
    return spelled | written


def _singular(unit: str) -> str:
    return "mes" if unit == "meses" else unit.removesuffix("s") if unit != "mes" else unit


def _promises(text: str, plain: str) -> set[str]:
    return {
        promise
        for promise in _PROMISES
        if promise in plain or (promise == "r$" and "r$" in text.lower())
    }
