"""Personal values become placeholders such as [CPF_1] before anything leaves for a model, and are
put back in what comes from it.

The same value has the same placeholder within a `Pseudonymizer`, which serves one call. What is
hidden: documents, phones, e-mails, keys, passwords, card and other long numbers, birth dates, and
the names of the record. A name that the customer tells just now, in words that no rule knows, is
not hidden: it is what the model is asked to find.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache

from stdnum import luhn

from gatte.conversation.parsing.names import EMAIL, find_name, parse_name
from gatte.conversation.parsing.normalize import ParseResult, fold, word_set, words
from gatte.conversation.secret_detection import SECRET
from gatte.privacy import masking_digits, masking_rules
from gatte.privacy.masking_digits import NumberKind


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
    PASSWORD = "SENHA"  # noqa: S105 - the name of a placeholder
    KEY = "CHAVE"
    OTHER = "TEXTO"


KIND_OF_NUMBER = {
    NumberKind.CPF: ValueKind.CPF,
    NumberKind.CNPJ: ValueKind.CNPJ,
    NumberKind.PHONE: ValueKind.PHONE,
}
CUSTOMER = "customer"
"""The author of the customer's lines."""
PLACEHOLDER = re.compile(r"\[(?:" + "|".join(ValueKind) + r")_\d{1,3}\]")
LOOKS_LIKE_PLACEHOLDER = re.compile(r"\[[A-ZÇÃ]+_\d+\]")
SPOKEN_EMAIL = re.compile(
    r"(?<![\w.+-])[\w.+-]+\s*[(\[]?\s*\barroba\b\s*[)\]]?\s*[\w-]+(?:(?:\s+ponto\s+|\s*\.\s*)[\w-]+)+",
    re.I,
)
HALF_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+\s?@\s?[\w-]+(?:\s?\.\s?\w+)*")
SECRET_WORD = re.compile(
    r"\b(?:senhas?|password|pin|puk|c[oó]digo de (?:acesso|seguran[cç]a))\b", re.I
)
AFTER_SECRET_WORD = 60
"""Characters behind a word for a password in which whatever may be one is hidden."""
MAYBE_PASSWORD = re.compile(r"(?<![^\s(\"'])(?=\S*\d|\S*[@#$%&*!_][^\s!])\S{4,64}")
BIRTH = re.compile(r"\bnasc\w*\D{0,25}(\d{1,2}[./-]\d{1,2}[./-]\d{2,4})", re.I)
DATE = re.compile(r"\d{1,2}[./-]\d{1,2}[./-](?:\d{4}|\d{2})|\d{4}-\d{2}-\d{2}")
MONEY = re.compile(r"R\$\s?\d[\d.,]*|\b\d[\d.,]*\s?(?:reais|mil\b)", re.I)
LONG_NUMBER = re.compile(r"(?<![\w,])[A-Z]{0,2}\d(?:[.\-/ ]{0,2}\d){5,60}(?:-?[Xx]\b)?")
SPACED_DIGITS = 8
"""Digits from which on a number with spaces in it is one number."""
CARD_DIGITS = range(13, 20)
SHORTEST_PART = 3
PARTICLES = word_set("da de do das dos e di del van von jr junior filho neto sobrinho")
ORDINARY_WORDS = word_set(
    "dias reis campos luz rosa flores costa rocha pinto leite lima neves ramos franco branco "
    "prado vale serra cruz paz amado bom boa nota certo certa novo nova guerra rh deus sol mar "
    "cliente contato empresa certificado digital ola oi bem mais sim amor vida fe casa ltda me "
    "epp eireli comercio servicos servico contabilidade padaria transportes distribuidora loja "
    "tres dois duas quatro irmaos mercado industria construcoes clinica escritorio oficina "
    "farmacia restaurante bar moda modas"
)
"""Words that are parts of names too: hidden only where they begin with a capital letter."""


class UnknownPlaceholder(Exception):
    """A model wrote a placeholder that stands for nothing."""


@dataclass(frozen=True)
class Record:
    """What is known of the contact before it speaks: names of people, companies, and other values
    (documents, phones, e-mails).
    """

    names: tuple[str, ...] = ()
    companies: tuple[str, ...] = ()
    others: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """A value in a text, from `start` up to and without `end`."""

    kind: ValueKind
    start: int
    end: int


@dataclass(frozen=True)
class HiddenText:
    """A text with placeholders, and what each stands for there, in order."""

    text: str
    originals: tuple[str, ...] = ()

    def original_of(self, span: str) -> str | None:
        """The stretch of the original text that a stretch of the hidden one stands for; None when
        it does not stand in it, or begins or ends within a placeholder.
        """
        start = self.text.find(span) if span else -1
        if start < 0:
            return None
        end = start + len(span)
        pieces: list[str] = []
        position = 0
        placeholders = PLACEHOLDER.finditer(self.text)
        for placeholder, original in zip(placeholders, self.originals, strict=False):
            if placeholder.end() <= start:
                continue
            if placeholder.start() >= end:
                break
            if placeholder.start() < start or placeholder.end() > end:
                return None
            begin = max(position, start)
            pieces += [self.text[begin : placeholder.start()], original]
            position = placeholder.end()
        pieces.append(self.text[max(position, start) : end])
        return "".join(pieces)


@dataclass
class Pseudonymizer:
    """The placeholders of one call, by value."""

    record: Record = field(default_factory=Record)
    _placeholders: dict[tuple[ValueKind, str], str] = field(default_factory=dict)
    _values: dict[str, str] = field(default_factory=dict)
    _names: list[tuple[ValueKind, re.Pattern[str]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        for company in self.record.companies:
            self.learn(company, ValueKind.COMPANY)
        for name in self.record.names:
            self.learn(name)

    def learn(self, name: str, kind: ValueKind = ValueKind.NAME) -> None:
        """From now on hide this name, whole and by its parts."""
        self._names += [(kind, pattern) for pattern in _patterns_of_name(name)]

    def learn_from_dialogue(
        self, history: Sequence[tuple[str, str]], messages: Sequence[str]
    ) -> None:
        """Hide names that the customer introduces as such ("meu nome é ..."), and those that
        answered the question for a name. Lines of the history are pairs of author and text.
        """
        asked = False
        for author, text in history:
            if author != CUSTOMER:
                asked = "nome" in words(text) and "?" in text
                continue
            self._learn_found(find_name(text))
            if asked:
                self._learn_found(parse_name(text))
        for text in messages:
            self._learn_found(find_name(text))

    def _learn_found(self, found: ParseResult) -> None:
        if found.value:
            self.learn(found.value)

    def hide_lines(self, history: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """The lines of a history without personal values."""
        return [(author, self.hide(text).text) for author, text in history]

    def hide(self, text: str) -> HiddenText:
        """The text in compatibility form, with placeholders instead of personal values."""
        plain = _visible(unicodedata.normalize("NFKC", text))
        pieces: list[str] = []
        originals: list[str] = []
        position = 0
        for found in _without_overlap(self._find(plain)):
            original = plain[found.start : found.end]
            pieces += [plain[position : found.start], self._placeholder(found.kind, original)]
            originals.append(original)
            position = found.end
        pieces.append(plain[position:])
        return HiddenText("".join(pieces), tuple(originals))

    def restore(self, text: str) -> str:
        """The text with the values of its placeholders; UnknownPlaceholder for one that was never
        given.
        """
        return LOOKS_LIKE_PLACEHOLDER.sub(self._value, text)

    def without_placeholders(self, text: str) -> str:
        """The text without its placeholders: what is left says nothing of a person."""
        return " ".join(LOOKS_LIKE_PLACEHOLDER.sub("", text).split())

    def _value(self, placeholder: re.Match[str]) -> str:
        try:
            return self._values[placeholder[0]]
        except KeyError:
            raise UnknownPlaceholder(placeholder[0]) from None

    def _placeholder(self, kind: ValueKind, original: str) -> str:
        key = (kind, _comparable(kind, original))
        if key not in self._placeholders:
            number = 1 + sum(other is kind for other, _ in self._placeholders)
            placeholder = f"[{kind}_{number}]"
            self._placeholders[key] = placeholder
            self._values[placeholder] = original
        return self._placeholders[key]

    def _find(self, text: str) -> Iterator[Found]:
        """All values in a text; where two overlap, the one that comes first here says the kind."""
        lookalikes = LOOKS_LIKE_PLACEHOLDER.finditer(text)
        yield from _each(ValueKind.OTHER, (one.span() for one in lookalikes))
        yield from _each(ValueKind.KEY, masking_rules.find_keys(text))
        yield from _each(ValueKind.PASSWORD, _find_passwords(text))
        yield from _each(ValueKind.EMAIL, _find_emails(text))
        folded = _folded(text) if self._names else ""
        for kind, pattern in self._names:
            yield from _each(kind, _find_name(pattern, text, folded))
        yield from _each(ValueKind.BIRTH_DATE, (one.span(1) for one in BIRTH.finditer(text)))
        for value in self.record.others:
            yield from _each(ValueKind.OTHER, _find_literally(value, text))
        for number in masking_digits.find_numbers(text):
            yield Found(KIND_OF_NUMBER[number.kind], number.start, number.end)
        yield from _find_long_numbers(text)


def _visible(text: str) -> str:
    return "".join(mark for mark in text if unicodedata.category(mark) != "Cf" or mark == "\u200d")


def _comparable(kind: ValueKind, original: str) -> str:
    """A value as it is compared: forms of one value are the same value."""
    if kind in {ValueKind.NAME, ValueKind.COMPANY, ValueKind.EMAIL}:
        return " ".join(fold(original).split())
    if kind in {ValueKind.PASSWORD, ValueKind.KEY, ValueKind.OTHER}:
        return original
    return re.sub(r"[\W_]", "", original).upper()


def _each(kind: ValueKind, spans: Iterable[tuple[int, int]]) -> Iterator[Found]:
    return (Found(kind, start, end) for start, end in spans)


def _find_passwords(text: str) -> Iterator[tuple[int, int]]:
    """What a word for a password introduces, and whatever behind it may be one."""
    yield from (said.span("value") for said in SECRET.finditer(text))
    for word in SECRET_WORD.finditer(text):
        end = min(len(text), word.end() + AFTER_SECRET_WORD)
        yield from (maybe.span() for maybe in MAYBE_PASSWORD.finditer(text, word.end(), end))


def _find_emails(text: str) -> Iterator[tuple[int, int]]:
    yield from masking_rules.find_emails(text)
    for pattern in (EMAIL, SPOKEN_EMAIL, HALF_EMAIL):
        yield from (found.span() for found in pattern.finditer(text))


def _find_literally(value: str, text: str) -> Iterator[tuple[int, int]]:
    if value:
        yield from (one.span() for one in re.finditer(re.escape(value), text, re.I))


def _find_long_numbers(text: str) -> Iterator[Found]:
    """Numbers of six digits and more that are no date and no price."""
    others = [one.span() for pattern in (DATE, MONEY) for one in pattern.finditer(text)]
    for found in LONG_NUMBER.finditer(text):
        start, end = found.span()
        digits = re.sub(r"\D", "", found[0])
        is_other = any(begin <= start and end <= stop for begin, stop in others)
        if is_other or (" " in found[0] and len(digits) < SPACED_DIGITS):
            continue
        is_card = len(digits) in CARD_DIGITS and luhn.is_valid(digits)
        yield Found(ValueKind.CARD if is_card else ValueKind.NUMBER, start, end)


def _patterns_of_name(name: str) -> Iterator[re.Pattern[str]]:
    """Patterns for a folded text: the whole name first, then the words that belong to nobody
    else.
    """
    parts = re.findall(r"\w+", _folded(name))
    if len(parts) > 1:
        yield re.compile(r"(?<!\w)" + r"\W+".join(map(re.escape, parts)) + r"(?!\w)")
    for word in parts:
        if len(word) >= SHORTEST_PART and word not in PARTICLES:
            yield re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")


def _find_name(pattern: re.Pattern[str], text: str, folded: str) -> Iterator[tuple[int, int]]:
    for found in pattern.finditer(folded):
        written = text[found.start() : found.end()]
        if found[0] not in ORDINARY_WORDS or written[:1].isupper():
            yield found.span()


def _folded(text: str) -> str:
    """The text folded letter by letter, as long as it was."""
    return "".join(_folded_letter(letter) for letter in text)


@lru_cache(maxsize=2_048)
def _folded_letter(letter: str) -> str:
    folded = fold(letter)
    return folded if len(folded) == 1 else letter.lower()[:1] or letter


def _without_overlap(found: Iterable[Found]) -> list[Found]:
    """The values in the order of the text; overlapping ones become one, so that no end of one
    stays.
    """
    kept: list[Found] = []
    for one in found:
        start, end, kind = one.start, one.end, one.kind
        for other in [other for other in kept if other.start < end and start < other.end]:
            kept.remove(other)
            start, end, kind = min(start, other.start), max(end, other.end), other.kind
        kept.append(Found(kind, start, end))
    return sorted(kept, key=lambda one: one.start)
