"""What a text claims that must not be made up: links, numbers with their units, promises, names of
products, documents and places.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from gatte.conversation.parsing.dates import MONTHS
from gatte.conversation.parsing.normalize import fold, normalize_for_search
from gatte.conversation.parsing.times import NUMBERS
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
_TENS = {
    "trinta": 30,
    "quarenta": 40,
    "cinquenta": 50,
    "sessenta": 60,
    "noventa": 90,
    "cem": 100,
}
_WORDS = NUMBERS | _TENS
_SEVERAL = {word: number for word, number in _WORDS.items() if number > 1}
"""Words that can only be numbers; "um" is an article too."""
_YEAR = re.compile(rf"\bdois mil e (vinte e )?({'|'.join(NUMBERS)})\b")
_COUNTED = re.compile(rf"\b(\d{{1,3}}|{'|'.join(_SEVERAL)})((?: [a-z]{{4,}}){{1,3}})")
"""A number with up to three words of what there is so many of."""
COUNTED_STEM = 5
_SAME_MEASURE = {
    "12 mes": "1 ano",
    "24 mes": "2 ano",
    "36 mes": "3 ano",
    "7 dia": "1 semana",
    "24 hora": "1 dia",
    "60 minuto": "1 hora",
}
_MONTH = re.compile(rf"\b({'|'.join(MONTHS)})\b")
_SPELLED = re.compile(rf"\b({'|'.join(_WORDS)})(?: ou ({'|'.join(_WORDS)}))? {_UNITS}\b")
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
    """What a text claims that must not be made up; `measures` are numbers with their units,
    `counts` numbers with the beginnings of the words behind them.
    """

    links: frozenset[str]
    numbers: frozenset[str]
    measures: frozenset[str]
    counts: frozenset[tuple[str, str]]
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
        frozenset(_counts(plain)),
        frozenset(_promises(text, plain)),
        frozenset(fold(name) for name in _NAME.findall(text) if len(name) > 1),
    )


def _links(text: str) -> set[str]:
    if not _MAYBE_A_LINK.search(text):
        return set()
    return {link.lower().rstrip(".,;:!?)\"'/") for link in _LINK.findall(text)}


def _numbers(text: str, plain: str) -> set[str]:
    """The numbers of a text as digits: as they stand, the parts of dates, months by their number,
    years and small ones spelled out, those of a measure in its other unit too.
    """
    text = _LIST_MARK.sub("", text)
    digits = {number for match in _NUMBER.findall(text) for number in _readings(match)}
    digits |= {str(MONTHS.index(month) + 1) for month in _MONTH.findall(plain)}
    digits |= {_year(found) for found in _YEAR.finditer(plain)}
    return digits | {str(_WORDS[found[1]]) for found in _SPELLED.finditer(plain)}


def _year(found: re.Match[str]) -> str:
    """A year of this century that is spelled out."""
    return str(2000 + (20 if found[1] else 0) + NUMBERS[found[2]])


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
    spelled = {
        f"{_WORDS[word]} {_singular(found[3])}"
        for found in _SPELLED.finditer(plain)
        for word in (found[1], found[2])
        if word
    }
    together = _RANGE.sub(r"\1 a \2", plain)
    written = {f"{found[1]} {_singular(found[2])}" for found in _WITH_UNIT.finditer(together)}
    return spelled | written


def _counts(plain: str) -> Iterator[tuple[str, str]]:
    for found in _COUNTED.finditer(_YEAR.sub("", plain)):
        number = str(_SEVERAL.get(found[1], found[1]))
        yield from ((number, word[:COUNTED_STEM]) for word in found[2].split())


def in_other_units(measures: frozenset[str]) -> frozenset[str]:
    """These measures, and with them those that say the same: "12 mes" and "1 ano"."""
    other = {_SAME_MEASURE[one] for one in measures if one in _SAME_MEASURE}
    others = {one for one, same in _SAME_MEASURE.items() if same in measures}
    return measures | other | others


def _singular(unit: str) -> str:
    return "mes" if unit == "meses" else unit.removesuffix("s") if unit != "mes" else unit


def _promises(text: str, plain: str) -> set[str]:
    return {
        promise
        for promise in _PROMISES
        if promise in plain or (promise == "r$" and "r$" in text.lower())
    }
