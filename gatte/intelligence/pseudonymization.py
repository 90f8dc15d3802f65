"""Personal values become placeholders such as [CPF_1] before anything leaves for a model, and are
put back in what comes from it.

The same value has the same placeholder within a `Pseudonymizer`, which serves one call. A name that
the customer tells just now, in words that no rule knows, is not hidden: it is what the model is
asked to find.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from gatte.conversation.parsing.names import find_name, parse_name
from gatte.conversation.parsing.normalize import ParseResult, fold, words
from gatte.intelligence.personal_values import (
    KnownName,
    PersonalValue,
    ValueKind,
    find_values,
    known_names,
    without_overlap,
)

CUSTOMER = "customer"
"""The author of the customer's lines."""
PLACEHOLDER = re.compile(r"\[(?:" + "|".join(ValueKind) + r")_\d{1,3}\]")
LOOKS_LIKE_PLACEHOLDER = re.compile(r"\[[A-ZÇÃ]+_\d+\]")
JOINER = "\u200d"
LONGEST_ACROSS = 60
"""Characters on either side of the end of a message in which a value may lie that goes across."""
FREELY_WRITTEN = frozenset({ValueKind.NAME, ValueKind.COMPANY, ValueKind.EMAIL})
EXACTLY_WRITTEN = frozenset({ValueKind.PASSWORD, ValueKind.KEY, ValueKind.OTHER})


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
        position = start
        for placeholder, original in self._placeholders():
            if placeholder.end() <= start or placeholder.start() >= end:
                continue
            if placeholder.start() < start or placeholder.end() > end:
                return None
            pieces.append(self.text[position : placeholder.start()])
            pieces.append(original)
            position = placeholder.end()
        pieces.append(self.text[position:end])
        return "".join(pieces)

    def _placeholders(self) -> Iterator[tuple[re.Match[str], str]]:
        """The placeholders in the text with what each stands for."""
        found = PLACEHOLDER.finditer(self.text)
        return zip(found, self.originals, strict=False)


@dataclass
class Pseudonymizer:
    """The placeholders of one call, by value."""

    record: Record = field(default_factory=Record)
    _placeholders: dict[tuple[ValueKind, str], str] = field(default_factory=dict)
    _values: dict[str, str] = field(default_factory=dict)
    _names: list[KnownName] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Learn the names of the record."""
        for company in self.record.companies:
            self.learn(company, ValueKind.COMPANY)
        for name in self.record.names:
            self.learn(name)

    def learn(self, name: str, kind: ValueKind = ValueKind.NAME) -> None:
        """From now on hide this name, whole and by its parts."""
        self._names += known_names(name, kind)

    def learn_from_dialogue(
        self,
        history: Sequence[tuple[str, str]],
        messages: Sequence[str],
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

    def hide(self, text: str, before: str = "") -> HiddenText:
        """The text in compatibility form, with placeholders instead of personal values; `before` is
        what was said just before.
        """
        return self._hidden(_plain(text), before)

    def _hidden(self, plain: str, before: str, across: Sequence[PersonalValue] = ()) -> HiddenText:
        """`hide` for a text in compatibility form; `across` are parts of values that began in the
        text before, or go on in the next one.
        """
        pieces: list[str] = []
        originals: list[str] = []
        position = 0
        values = [*self._find(plain, before), *_across_lines(plain), *across]
        for found in without_overlap(values):
            original = plain[found.start : found.end]
            pieces.append(plain[position : found.start])
            pieces.append(self._placeholder(found.kind, original))
            originals.append(original)
            position = found.end
        pieces.append(plain[position:])
        return HiddenText("".join(pieces), tuple(originals))

    def hide_messages(self, messages: Sequence[str]) -> list[HiddenText]:
        """The messages of a turn, each with the one before it in view; a number that goes on in the
        next message is hidden in both.
        """
        plain = [_plain(text) for text in messages]
        befores = ("", *plain)
        across = _across(plain)
        together = zip(plain, befores, across, strict=False)
        return [self._hidden(*one) for one in together]

    def hide_lines(self, history: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """The lines of a history without personal values."""
        hidden = self.hide_messages([text for _, text in history])
        pairs = zip(history, hidden, strict=True)
        return [(author, one.text) for (author, _), one in pairs]

    def restore(self, text: str) -> str:
        """The text with the values of its placeholders; UnknownPlaceholder for one that was never
        given.
        """
        return LOOKS_LIKE_PLACEHOLDER.sub(self._value, text)

    def without_placeholders(self, text: str) -> str:
        """The text without its placeholders: what is left says nothing of a person."""
        bare = LOOKS_LIKE_PLACEHOLDER.sub("", text)
        return " ".join(bare.split())

    def _find(self, text: str, before: str) -> list[PersonalValue]:
        """All that is to be hidden; what the customer writes like a placeholder too, lest it be
        taken for one.
        """
        lookalikes = LOOKS_LIKE_PLACEHOLDER.findall(text)
        literals = [*lookalikes, *self.record.others]
        return find_values(text, self._names, literals, before)

    def _learn_found(self, found: ParseResult) -> None:
        if found.value:
            self.learn(found.value)

    def _value(self, placeholder: re.Match[str]) -> str:
        try:
            return self._values[placeholder[0]]
        except KeyError:
            raise UnknownPlaceholder(placeholder[0]) from None

    def _placeholder(self, kind: ValueKind, original: str) -> str:
        """The placeholder of a value, a new one when it was not met yet."""
        key = (kind, _comparable(kind, original))
        known = self._placeholders.get(key)
        if known is not None:
            return known
        number = 1 + sum(other is kind for other, _ in self._placeholders)
        placeholder = f"[{kind}_{number}]"
        self._placeholders[key] = placeholder
        self._values[placeholder] = original
        return placeholder


def _across_lines(text: str) -> Iterator[PersonalValue]:
    """The parts of values that go on in the next line: each line keeps its own, since a list of
    numbers stands in lines, too.
    """
    lines = text.split("\n")
    start = 0
    for line, parts in zip(lines, _across(lines), strict=True):
        for part in parts:
            yield PersonalValue(part.kind, start + part.start, start + part.end)
        start += len(line) + 1


def _across(texts: Sequence[str]) -> list[list[PersonalValue]]:
    """For each text the parts of the values in it that only together with its neighbours are
    any.
    """
    parts: list[list[PersonalValue]] = [[] for _ in texts]
    for number, (left, right) in enumerate(pairwise(texts)):
        begin, end = left[-LONGEST_ACROSS:], right[:LONGEST_ACROSS]
        middle = len(begin)
        for found in find_values(f"{begin} {end}", (), ()):
            if found.start < middle < found.end:
                after_begin = len(left) - middle + found.start
                parts[number].append(PersonalValue(found.kind, after_begin, len(left)))
                parts[number + 1].append(PersonalValue(found.kind, 0, found.end - middle - 1))
    return parts


def _plain(text: str) -> str:
    """The text in compatibility form, without marks that nobody sees."""
    return _visible(unicodedata.normalize("NFKC", text))


def _visible(text: str) -> str:
    """The text without marks that nobody sees; the joiner of emoji stays."""
    return "".join(mark for mark in text if _is_visible(mark))


def _is_visible(mark: str) -> bool:
    if mark == JOINER:
        return True
    return unicodedata.category(mark) != "Cf"


def _comparable(kind: ValueKind, original: str) -> str:
    """A value as it is compared: forms of one value are the same value."""
    if kind in FREELY_WRITTEN:
        return " ".join(fold(original).split())
    if kind in EXACTLY_WRITTEN:
        return original
    return re.sub(r"[\W_]", "", original).upper()
