"""Which of the days or hours that a text names are wanted: what is refused drops out, what is
corrected gives way, and what stands beside an "ou" is an alternative.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gatte.conversation.parsing.abbreviations import expand_abbreviations
from gatte.conversation.parsing.normalize import normalize_text, union

LONGEST = 600
"""Characters that are looked at: a wish stands in the first lines."""
CLAUSE_END = re.compile(r"(?<![.,;!?\n])[.,;!?\n]+(?=\s|$)|\bmas\b|\bentao\b")
NEGATION = re.compile(
    r"(?<!\bse )\b(?P<word>nao|nem|nunca|menos|exceto|tirando|sem ser)\b"
    r"(?! sei\b| tem\b| teria\b| precisa\b| importa\b| tenho certeza\b| em outr| outr)"
)
LOOKS_AHEAD = frozenset({"nem", "menos", "exceto", "tirando", "sem ser"})
REFUSAL = re.compile(
    r"^\W*(?:ai |mas |e |eu )*nao(?: vai| vou)? "
    r"(?:da|dar|rola|rolar|posso|poder|consigo|conseguir|serve)\b"
)
ALTERNATIVE = union(r"\bou\b", r"\bsenao\b", r"\bse nao\b")
LISTED = re.compile(
    r"^[\s,/]*(?:e\b)?[\s,/]*"
    r"(?:(?:na|no|nas|nos|a|o|as|os|ao|de|da|do|pela|feira|para|agora|que e|manha|tarde|cedo|dia)\b"
    r"[\s,/-]*)*$"
)
MOST_WORDS_BETWEEN = 2


@dataclass(frozen=True)
class Mention:
    """A day or an hour that a text names: where it stands, of which kind it is, and its value."""

    start: int
    end: int
    kind: str
    value: str


def readable(text: str) -> str:
    """The beginning of a text as days and hours are looked for in it: folded, with abbreviations
    written out.
    """
    marked = re.sub(r"\n+", ". ", text[:LONGEST])
    return normalize_text(expand_abbreviations(marked.lower()))


def split_refused(plain: str, mentions: Sequence[Mention]) -> tuple[list[Mention], list[Mention]]:
    """The mentions that are wanted, and those that a negation in their clause refuses."""
    refused: set[Mention] = set()
    before: Mention | None = None
    for start, end in _clauses(plain):
        inside = [one for one in mentions if start <= one.start < end]
        clause = plain[start:end]
        refused |= set(_refused_in(plain, inside, start, end))
        if not inside and before is not None and REFUSAL.search(clause):
            refused.add(before)
        before = inside[-1] if inside else None
    wanted = [one for one in mentions if one not in refused]
    return wanted, [one for one in mentions if one in refused]


def _clauses(plain: str) -> Iterator[tuple[int, int]]:
    start = 0
    for mark in CLAUSE_END.finditer(plain):
        yield start, mark.start()
        start = mark.end()
    yield start, len(plain)


def _refused_in(plain: str, inside: Sequence[Mention], start: int, end: int) -> Iterator[Mention]:
    """Refused is what stands right before the negation, else what follows it."""
    for negation in NEGATION.finditer(plain, start, end):
        earlier = [one for one in inside if one.end <= negation.start()]
        later = [one for one in inside if one.start >= negation.end()]
        looks_back = bool(earlier) and negation["word"] not in LOOKS_AHEAD
        if looks_back and _is_near(plain, earlier[-1].end, negation.start()):
            yield earlier[-1]
        elif later:
            yield later[0]
        elif looks_back:
            yield earlier[-1]


def _is_near(plain: str, start: int, end: int) -> bool:
    return len(plain[start:end].split()) <= MOST_WORDS_BETWEEN


def last_group(plain: str, mentions: Sequence[Mention]) -> list[Mention]:
    """The alternatives that were named together last, in their order: whatever comes after without
    "ou" or a list corrects what was said before.
    """
    group: list[Mention] = []
    for one in mentions:
        if group and not _goes_with(plain[group[-1].end : one.start]):
            group = []
        if all(other.value != one.value for other in group):
            group.append(one)
    return group


def _goes_with(between: str) -> bool:
    return bool(ALTERNATIVE.search(between) or LISTED.match(between))
