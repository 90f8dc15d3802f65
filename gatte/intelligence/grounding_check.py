"""Checking what a model wrote, sentence by sentence, against the passage that each sentence names:
numbers, links, promises, names, what is denied, allowed or demanded, and the words themselves.

It proves nothing: it finds what a passage plainly does not hold, by rules that know Portuguese
words of degree and denial. See docs/decisions/0048-grounding.md for how often it errs.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from gatte.conversation.parsing.normalize import fold
from gatte.intelligence import claims, clauses
from gatte.intelligence.clauses import RIVALS, Clause, Modality

LONGEST_ANSWER = 600
KNOWN_SHARE = 0.5
"""Of the words of a sentence that must stand in its passage."""
KNOWN_CHUNK_SHARE = 0.45
"""Of the words between two commas that must stand in it."""
OTHER_FORM = 0.8
"""What another form of a word counts beside the word itself."""
COMMON_WEIGHT, MEASURE_WEIGHT = 0.4, 2.0
KEPT_PASSAGES = 2_000


class Violation(StrEnum):
    """Why a sentence or an answer is not sent."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    NO_PASSAGE = "no_passage"
    UNKNOWN_PLACEHOLDER = "unknown_placeholder"
    NEW_LINK = "new_link"
    NEW_NUMBER = "new_number"
    NEW_PROMISE = "new_promise"
    NEW_NAME = "new_name"
    OTHER_THING = "other_thing"
    CONTRADICTION = "contradiction"
    OTHER_MODALITY = "other_modality"
    NEW_WORDS = "new_words"


CONFLICTS: frozenset[tuple[Modality, Modality]] = frozenset(
    {
        (Modality.NECESSARY, Modality.UNNECESSARY),
        (Modality.UNNECESSARY, Modality.NECESSARY),
        (Modality.POSSIBLE, Modality.IMPOSSIBLE),
        (Modality.IMPOSSIBLE, Modality.POSSIBLE),
        (Modality.NECESSARY, Modality.POSSIBLE),
        (Modality.UNNECESSARY, Modality.IMPOSSIBLE),
    }
)
"""What an answer may not say where its passage says only the other."""


@dataclass(frozen=True)
class Passage:
    """A text that holds answers; `heading` says what it is about and asserts nothing."""

    text: str
    heading: str = ""


@dataclass(frozen=True)
class _Assertion:
    """A clause of a passage, and the rivals that it speaks of, also by what stands before it."""

    clause: Clause
    names: frozenset[str]


def violations(sentence: str, passage: Passage) -> tuple[Violation, ...]:
    """What is wrong with a sentence that is said to come from this passage; empty when nothing
    is.
    """
    if not sentence.strip():
        return (Violation.EMPTY,)
    if len(sentence) > LONGEST_ANSWER:
        return (Violation.TOO_LONG,)
    if sentence.strip() in passage.text:
        return ()
    return tuple(dict.fromkeys([*_new_claims(sentence, passage), *_new_meaning(sentence, passage)]))


def _new_claims(sentence: str, passage: Passage) -> Iterator[Violation]:
    said = claims.extract_claims(sentence)
    known = claims.extract_claims(passage.text)
    heading = claims.extract_claims(passage.heading)
    if said.links - known.links:
        yield Violation.NEW_LINK
    if said.numbers - known.numbers - heading.numbers or said.measures - known.measures:
        yield Violation.NEW_NUMBER
    if said.promises - known.promises:
        yield Violation.NEW_PROMISE
    written = fold(f"{passage.heading} {passage.text}")
    if any(name not in written for name in said.names):
        yield Violation.NEW_NAME


def _new_meaning(sentence: str, passage: Passage) -> Iterator[Violation]:
    assertions = _assertions(passage)
    found = clauses.clauses_of(sentence)
    for clause in found:
        if clause.names - _all_names(passage):
            yield Violation.NEW_NAME
        if any(_is_always_otherwise(stem, clause, assertions) for stem in clause.stems):
            yield Violation.CONTRADICTION
        nearest = _nearest(clause.stems, assertions)
        if nearest is None:
            continue
        if any(_is_other(clause.names, nearest.names, group) for group in RIVALS):
            yield Violation.OTHER_THING
        for one in (nearest, *_nearest_to_rest(clause, nearest, assertions)):
            if _contradicts(clause, one.clause):
                yield Violation.CONTRADICTION
            if _demands_otherwise(clause, one.clause):
                yield Violation.OTHER_MODALITY
    yield from _new_words(found, _words(passage))


def _nearest(stems: Iterable[str], assertions: Iterable[_Assertion]) -> _Assertion | None:
    """The assertion that has most of these words; rivals do not count, lest they draw to one what
    is said of the other. None when none has any.
    """
    meaning = [stem for stem in stems if stem not in clauses.RIVAL_NAMES]
    shared = [(_share(meaning, one.clause.stems), one) for one in assertions]
    share, nearest = max(shared, key=lambda pair: pair[0], default=(0.0, None))
    return nearest if share else None


def _nearest_to_rest(
    clause: Clause, nearest: _Assertion, assertions: Iterable[_Assertion]
) -> Iterator[_Assertion]:
    """The assertions for those chunks of a clause of which the nearest one has no word."""
    for chunk in clause.chunks:
        if not _share(chunk.stems, nearest.clause.stems):
            other = _nearest(chunk.stems, assertions)
            if other is not None:
                yield other


def _is_other(said: frozenset[str], held: frozenset[str], group: frozenset[str]) -> bool:
    """Whether something is named of a group of which the passage names something else."""
    return bool(held & group) and bool((said & group) - held)


def _contradicts(clause: Clause, nearest: Clause) -> bool:
    """Whether a word that both have is denied in one alone."""
    for stem in clause.stems:
        if stem in clauses.COMMON_WORDS:
            continue
        same = [other for other in nearest.stems if clauses.alike(stem, other)]
        held = {other in nearest.denied for other in same}
        if same and (stem in clause.denied) not in held:
            return True
    return False


def _is_always_otherwise(stem: str, clause: Clause, assertions: Iterable[_Assertion]) -> bool:
    """Whether a word is denied here and nowhere in the passage, or everywhere there and not
    here.
    """
    if stem in clauses.COMMON_WORDS or stem in clauses.RIVAL_NAMES:
        return False
    having = [one.clause for one in assertions if _has(stem, one.clause.stems)]
    if not having:
        return False
    if stem in clause.denied_first:
        return not any(_has(stem, one.denied) for one in having)
    return stem not in clause.denied and all(_has(stem, one.denied_first) for one in having)


def _has(stem: str, others: Iterable[str]) -> bool:
    return any(clauses.alike(stem, other) for other in others)


def _demands_otherwise(clause: Clause, nearest: Clause) -> bool:
    pairs = {(said, held) for said in clause.modalities for held in nearest.modalities}
    differs = bool(pairs & CONFLICTS) and not clause.modalities & nearest.modalities
    demands = Modality.NECESSARY in clause.modalities
    nothing_demanded = Modality.NECESSARY not in nearest.modalities and nearest.denies
    return differs or (demands and not clause.denies and nothing_demanded)


def _new_words(found: Iterable[Clause], known: frozenset[str]) -> Iterator[Violation]:
    chunks = [_words_alone(chunk.stems) for clause in found for chunk in clause.chunks]
    words = [stem for chunk in chunks for stem in chunk]
    shares = [_known_share(chunk, known) for chunk in chunks]
    if _known_share(words, known) < KNOWN_SHARE or min(shares, default=1) < KNOWN_CHUNK_SHARE:
        yield Violation.NEW_WORDS


def _words_alone(stems: Iterable[str]) -> list[str]:
    """The stems without numbers, which are compared as such."""
    return [stem for stem in stems if not stem[0].isdigit()]


def _share(stems: Iterable[str], others: Iterable[str]) -> float:
    """The weight of the words of one that the other has too, in full or in another form."""
    held = frozenset(others)
    return sum(_weight(stem) * _presence(stem, held) for stem in set(stems))


def _presence(stem: str, held: frozenset[str]) -> float:
    if stem in held:
        return 1.0
    return OTHER_FORM if any(clauses.alike(stem, one) for one in held) else 0.0


def _known_share(stems: Iterable[str], known: frozenset[str]) -> float:
    words = frozenset(stems)
    total = sum(_weight(stem) for stem in words)
    return _share(words, known) / total if total else 1.0


def _weight(stem: str) -> float:
    """Measures say most, then longer words; what every passage is about says little."""
    if stem in clauses.COMMON_WORDS:
        return COMMON_WEIGHT
    return MEASURE_WEIGHT if stem[0].isdigit() else min(len(stem), 10) / 5


@lru_cache(maxsize=KEPT_PASSAGES)
def _words(passage: Passage) -> frozenset[str]:
    texts = [*clauses.sentences_of(passage.text), *clauses.sentences_of(passage.heading)]
    return frozenset(
        stem for text in texts for clause in clauses.clauses_of(text) for stem in clause.stems
    )


@lru_cache(maxsize=KEPT_PASSAGES)
def _assertions(passage: Passage) -> tuple[_Assertion, ...]:
    """The clauses of a passage, in order."""
    found: list[_Assertion] = []
    heading = _names_of(passage.heading)
    before = heading
    for sentence in clauses.sentences_of(passage.text):
        before |= heading
        for clause in clauses.clauses_of(sentence):
            before = frozenset(_with_inherited(clause.names, before))
            found.append(_Assertion(clause, before))
    return tuple(found)


@lru_cache(maxsize=KEPT_PASSAGES)
def _all_names(passage: Passage) -> frozenset[str]:
    texts = [*clauses.sentences_of(passage.text), *clauses.sentences_of(passage.heading)]
    return frozenset().union(*(_names_of(text) for text in texts))


def _names_of(text: str) -> frozenset[str]:
    found = (clause.names for clause in clauses.clauses_of(text))
    return frozenset().union(*found)


def _with_inherited(names: frozenset[str], before: frozenset[str]) -> Iterator[str]:
    """A clause's own names, and for each group of which it names nothing those named before."""
    yield from names
    for group in RIVALS:
        if not names & group:
            yield from before & group
