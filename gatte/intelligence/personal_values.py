"""Personal values in a text of a customer: documents, phones, e-mails, keys, passwords, card and
other long numbers, birth dates, and names that are known.

The shapes of documents, phones, e-mails and keys are those of the log masking
(`privacy/masking_rules.py`, `privacy/masking_digits.py`). Here more is found than there: a number
of six digits is hidden although it may be nobody's, since it comes back unharmed.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from operator import attrgetter

from stdnum import luhn

from gatte.conversation.parsing.names import EMAIL
from gatte.conversation.parsing.normalize import fold, word_set
from gatte.conversation.secret_detection import SECRET
from gatte.privacy import masking_digits, masking_rules
from gatte.privacy.masking_digits import NumberKind

Span = tuple[int, int]


class ValueKind(StrEnum):
    """What a hidden value is; the name of its placeholder."""

    NAME = "NOME"
    COMPANY = "EMPRESA"
    CPF = "CPF"
    CNPJ = "CNPJ"
    PHONE = "TELEFONE"
    EMAIL = "EMAIL"
    CARD = "CARTAO"
    NUMBER = "NUMERO"
    BIRTH_DATE = "NASCIMENTO"
    CODE = "CODIGO"
    PASSWORD = "SENHA"  # noqa: S105 - the name of a placeholder
    KEY = "CHAVE"
    OTHER = "TEXTO"


KIND_OF_NUMBER = {
    NumberKind.CPF: ValueKind.CPF,
    NumberKind.CNPJ: ValueKind.CNPJ,
    NumberKind.PHONE: ValueKind.PHONE,
}
SPOKEN_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]+"
    r"\s{0,3}[(\[]?\s{0,3}\barroba\b\s{0,3}[)\]]?\s{0,3}"
    r"[\w-]+(?:(?:\s{1,3}ponto\s{1,3}|\s{0,3}\.\s{0,3})[\w-]+)+",
    re.IGNORECASE,
)
HALF_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]+"
    r"\s?@\s?"
    r"[\w-]+(?:\s?\.\s?\w+)*",
)
SECRET_WORD = re.compile(
    r"\b(?:senhas?|password|pin|puk|c[oó]digo de (?:acesso|seguran[cç]a))\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"\w+")
AFTER_SECRET_WORD = 60
"""Characters behind a word for a password in which whatever may be one is hidden."""
MAYBE_PASSWORD = re.compile(
    r"(?<!\S)"
    r"(?=\S{0,63}\d|\S{0,63}[@#$%&*!_][^\s!])"
    r"\S{4,64}",
)
MIXED_CODE = re.compile(
    r"(?<!\S)"
    r"(?=(?:\S{0,39}?[^\W\d_]){2})"
    r"(?=(?:\S{0,39}?\d){2})"
    r"(?!\S{0,39}[@/])"
    r"\S{5,40}",
)
"""Letters and digits together, as in many passwords that no word introduces."""
BIRTH = re.compile(
    r"\bnasc\w*\D{0,25}"
    r"(\d{1,2}[./-]\d{1,2}[./-]\d{2,4})",
    re.IGNORECASE,
)
DATE = re.compile(
    r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})"
    r"|\d{4}-\d{2}-\d{2}",
)
MONEY = re.compile(
    r"R\$\s?\d[\d.,]*"
    r"|(?<![\w.,])\d[\d.,]*\s?(?:reais|mil\b)",
    re.IGNORECASE,
)
LONG_NUMBER = re.compile(
    r"(?<![\w,])[A-Z]{0,2}"
    r"\d(?:[.\-/ ]{0,2}\d){5,60}"
    r"(?:-?[Xx]\b)?",
)
SPACED_DIGITS = 8
"""Digits from which on a number with spaces in it is one number."""
CARD_DIGITS = range(13, 20)
SHORTEST_PART = 3
PARTICLES = word_set("da de do das dos e di del van von jr junior filho neto sobrinho")
ORDINARY_WORDS = word_set(
    "dias reis campos luz rosa flores costa rocha pinto leite lima neves ramos serra vale cruz "
    "franco branco amado prado bom boa novo nova certo certa guerra paz "
    "deus sol mar vida amor fe casa "
    "ola oi bem mais sim nota rh me "
    "tres dois duas quatro irmaos "
    "cliente contato empresa certificado digital "
    "ltda epp eireli comercio industria servicos servico construcoes transportes "
    "contabilidade escritorio clinica oficina farmacia distribuidora "
    "loja mercado padaria restaurante bar moda modas"
)
"""Words that are parts of names too: hidden only where they begin with a capital letter."""


@dataclass(frozen=True)
class PersonalValue:
    """A value in a text, from `start` up to and without `end`."""

    kind: ValueKind
    start: int
    end: int


@dataclass(frozen=True)
class KnownName:
    """A name, or a word of one, as its words are looked for in a folded text."""

    kind: ValueKind
    words: tuple[str, ...]


def known_names(name: str, kind: ValueKind) -> list[KnownName]:
    """What a name is looked for by: the whole of it first, then its words."""
    parts = _WORD.findall(_folded(name))
    telling = [part for part in parts if len(part) >= SHORTEST_PART and part not in PARTICLES]
    whole = [KnownName(kind, tuple(parts))] if len(parts) > 1 else []
    return whole + [KnownName(kind, (part,)) for part in telling]


def find_values(
    text: str,
    names: Iterable[KnownName],
    literals: Iterable[str],
    before: str = "",
) -> list[PersonalValue]:
    """All values in a text, in its order; `literals` are known values that have no shape of their
    own, `before` is what was said just before, which may have spoken of a password. Overlapping
    values are one, of the kind that comes first here.
    """
    found = [
        *_each(ValueKind.KEY, masking_rules.find_keys(text)),
        *_each(ValueKind.PASSWORD, _find_passwords(text, before)),
        *_each(ValueKind.EMAIL, _find_emails(text)),
        *_find_names(text, names),
        *_each(ValueKind.CODE, _find_codes(text)),
        *_each(ValueKind.BIRTH_DATE, _find_birth_dates(text)),
        *_each(ValueKind.OTHER, _find_literals(text, literals)),
        *_find_documents_and_phones(text),
        *_find_long_numbers(text),
    ]
    return _without_overlap(found)


def _each(kind: ValueKind, spans: Iterable[Span]) -> Iterator[PersonalValue]:
    for start, end in spans:
        yield PersonalValue(kind, start, end)


def _find_passwords(text: str, before: str) -> Iterator[Span]:
    """What a word for a password introduces, and whatever behind it may be one."""
    for said in SECRET.finditer(text):
        yield said.span("value")
    context = f"{before[-AFTER_SECRET_WORD:]} "
    shift = len(context)
    whole = context + text
    for word in SECRET_WORD.finditer(whole):
        start = max(word.end(), shift)
        end = min(len(whole), word.end() + AFTER_SECRET_WORD)
        for maybe in MAYBE_PASSWORD.finditer(whole, start, end):
            yield maybe.start() - shift, maybe.end() - shift


def _find_emails(text: str) -> Iterator[Span]:
    """E-mail addresses, written in full, spoken or half."""
    yield from masking_rules.find_emails(text)
    for pattern in (EMAIL, SPOKEN_EMAIL, HALF_EMAIL):
        for found in pattern.finditer(text):
            yield found.span()


def _find_names(text: str, names: Iterable[KnownName]) -> Iterator[PersonalValue]:
    """Where names stand, word by word, whatever is between the words of one; a word that is no name
    in small letters counts only with a capital.
    """
    spoken = list(_WORD.finditer(_folded(text)))
    said = [word[0] for word in spoken]
    for name in names:
        count = len(name.words)
        for at in range(len(said) - count + 1):
            if tuple(said[at : at + count]) != name.words:
                continue
            start, end = spoken[at].start(), spoken[at + count - 1].end()
            is_capital = text[start].isupper()
            if is_capital or name.words[0] not in ORDINARY_WORDS or count > 1:
                yield PersonalValue(name.kind, start, end)


def _find_codes(text: str) -> Iterator[Span]:
    for found in MIXED_CODE.finditer(text):
        yield found.span()


def _find_birth_dates(text: str) -> Iterator[Span]:
    for found in BIRTH.finditer(text):
        yield found.span(1)


def _find_literals(text: str, literals: Iterable[str]) -> Iterator[Span]:
    for value in literals:
        for found in re.finditer(re.escape(value), text, re.IGNORECASE):
            yield found.span()


def _find_documents_and_phones(text: str) -> Iterator[PersonalValue]:
    for number in masking_digits.find_numbers(text):
        kind = KIND_OF_NUMBER[number.kind]
        yield PersonalValue(kind, number.start, number.end)


def _find_long_numbers(text: str) -> Iterator[PersonalValue]:
    """Numbers of six digits and more that are no date and no price."""
    others = _spans_of_dates_and_prices(text)
    for found in LONG_NUMBER.finditer(text):
        start, end = found.span()
        digits = re.sub(r"\D", "", found[0])
        is_other = any(begin <= start and end <= stop for begin, stop in others)
        is_list = " " in found[0] and len(digits) < SPACED_DIGITS
        if is_other or is_list:
            continue
        is_card = len(digits) in CARD_DIGITS and luhn.is_valid(digits)
        kind = ValueKind.CARD if is_card else ValueKind.NUMBER
        yield PersonalValue(kind, start, end)


def _spans_of_dates_and_prices(text: str) -> list[Span]:
    found: list[Span] = []
    for pattern in (DATE, MONEY):
        found += [one.span() for one in pattern.finditer(text)]
    return found


def _folded(text: str) -> str:
    """The text folded letter by letter, as long as it was."""
    return "".join(_folded_letter(letter) for letter in text)


@lru_cache(maxsize=2_048)
def _folded_letter(letter: str) -> str:
    folded = fold(letter)
    if len(folded) == 1:
        return folded
    return letter


def _without_overlap(found: Iterable[PersonalValue]) -> list[PersonalValue]:
    """The values in the order of the text; overlapping ones become one, so that no end of one
    stays.
    """
    kept: list[PersonalValue] = []
    for one in found:
        joined = one
        for other in _overlapping(one, kept):
            kept.remove(other)
            start = min(joined.start, other.start)
            end = max(joined.end, other.end)
            joined = PersonalValue(other.kind, start, end)
        kept.append(joined)
    return sorted(kept, key=attrgetter("start"))


def _overlapping(one: PersonalValue, others: Iterable[PersonalValue]) -> list[PersonalValue]:
    return [other for other in others if other.start < one.end and one.start < other.end]
