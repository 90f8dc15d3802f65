"""Checking what a model wrote, sentence by sentence, against the passage that each sentence names:
numbers, links, promises, names, what is denied, allowed or demanded, and the words themselves.

It proves nothing: it finds what a passage plainly does not hold, by rules that know Portuguese
words of degree and denial. See docs/decisions/0048-grounding.md for how often it errs.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from itertools import pairwise, product
from typing import Any

from gatte.conversation.parsing.normalize import fold
from gatte.intelligence import clauses, embedding, factual_claims, step_order
from gatte.intelligence.clauses import RIVALS, Clause, Modality
from gatte.intelligence.factual_claims import Claims

LONGEST_ANSWER = 600
KNOWN_SHARE = 0.5
"""Of the words of a sentence that must stand in its passage."""
KNOWN_CHUNK_SHARE = 0.45
"""Of the words between two commas that must stand in it."""
SAME_MEANING = 0.58
"""Likeness to the passage from which on other words are only other words."""
LEADS_AWAY = 0.06
"""How much likelier a sentence may be without one of its chunks before that one is an addition."""
OTHER_FORM = 0.8
"""What another form of a word counts beside the word itself."""
COMMON_WEIGHT = 0.4
MEASURE_WEIGHT = 2.0
LONG_WORD = 10
"""Letters from which on a longer word says no more."""
LONG_WORD_WEIGHT = 2.0
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
    OTHER_ORDER = "other_order"
    NEW_WORDS = "new_words"
    NEW_CONTACT = "new_contact"
    PERSONAL_DATA = "personal_data"
    ADVICE = "advice"
    DISGUISED = "disguised"


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
class SourcePassage:
    """A text that holds answers; `heading` says what it is about and asserts nothing."""

    text: str
    heading: str = ""


@dataclass(frozen=True)
class _Assertion:
    """A clause of a passage, and the rivals that it speaks of, also by what stands before it."""

    clause: Clause
    names: frozenset[str]


def violations(sentence: str, passage: SourcePassage) -> tuple[Violation, ...]:
    """What is wrong with a sentence that is said to come from this passage; empty when nothing
    is.
    """
    if not sentence.strip():
        return (Violation.EMPTY,)
    if len(sentence) > LONGEST_ANSWER:
        return (Violation.TOO_LONG,)
    if sentence.strip() in passage.text:
        return ()
    found = [
        *_new_claims(sentence, passage),
        *_new_meaning(sentence, passage),
    ]
    return tuple(dict.fromkeys(found))


def _new_claims(sentence: str, passage: SourcePassage) -> Iterator[Violation]:
    """What a sentence claims beyond its passage; numbers of the heading may be repeated."""
    said = factual_claims.extract_claims(sentence)
    known = _claims_of_passage(passage.text)
    heading = _claims_of_passage(passage.heading)
    known_measures = factual_claims.in_other_units(known.measures)
    measures = said.measures - known_measures
    of_measures = {one.partition(" ")[0] for one in known_measures}
    counted = {number for number, _ in said.counts & known.counts}
    numbers = said.numbers - known.numbers - heading.numbers - of_measures - counted
    if said.links - known.links:
        yield Violation.NEW_LINK
    if numbers or measures or _counts_otherwise(said.counts, known.counts):
        yield Violation.NEW_NUMBER
    if said.promises - known.promises:
        yield Violation.NEW_PROMISE
    written = fold(f"{passage.heading} {passage.text}")
    for name in said.names:
        if name not in written:
            yield Violation.NEW_NAME


def _counts_otherwise(said: frozenset[tuple[str, str]], known: frozenset[tuple[str, str]]) -> bool:
    """Whether there is another number of a thing than the passage has of it."""
    told = {thing for _, thing in known}
    agreed = {number for number, _ in said & known}
    return any(thing in told and number not in agreed for number, thing in said - known)


def _new_meaning(sentence: str, passage: SourcePassage) -> Iterator[Violation]:
    """What a sentence says otherwise than its passage."""
    assertions = _assertions(passage)
    known_names = _all_names(passage)
    found = clauses.clauses_of(sentence)
    for clause in found:
        if clause.names - known_names:
            yield Violation.NEW_NAME
        for stem in clause.stems:
            if _is_always_otherwise(stem, clause, assertions):
                yield Violation.CONTRADICTION
        yield from _against_nearest(clause, assertions)
    steps = step_order.steps_of(sentence)
    if steps and step_order.is_other_order(steps, _told_steps(passage), _likeness_of_steps):
        yield Violation.OTHER_ORDER
    chunks = [_words_alone(chunk.stems) for clause in found for chunk in clause.chunks]
    if _has_new_words(chunks, _words(passage)) and not _says_the_same(sentence, chunks, passage):
        yield Violation.NEW_WORDS


def _against_nearest(clause: Clause, assertions: Sequence[_Assertion]) -> Iterator[Violation]:
    """What a clause says otherwise than the assertions that are nearest to it and to those of its
    chunks of which that one has no word.
    """
    nearest = _nearest(clause.stems, assertions)
    if nearest is None:
        return
    for group in RIVALS:
        if _is_other(clause.names, nearest.names, group):
            yield Violation.OTHER_THING
    yield from _against(clause, nearest)
    for chunk in clause.chunks:
        if _share(chunk.stems, nearest.clause.stems):
            continue
        other = _nearest(chunk.stems, assertions)
        if other is not None:
            yield from _against(clause, other)


def _against(clause: Clause, assertion: _Assertion) -> Iterator[Violation]:
    if _contradicts(clause, assertion.clause):
        yield Violation.CONTRADICTION
    if _demands_otherwise(clause, assertion.clause):
        yield Violation.OTHER_MODALITY


def _nearest(stems: Iterable[str], assertions: Iterable[_Assertion]) -> _Assertion | None:
    """The assertion that has most of these words; rivals do not count, lest they draw to one what
    is said of the other. None when none has any.
    """
    meaning = [stem for stem in stems if stem not in clauses.RIVAL_NAMES]
    nearest = None
    most = 0.0
    for one in assertions:
        share = _share(meaning, one.clause.stems)
        if share > most:
            nearest = one
            most = share
    return nearest


def _is_other(said: frozenset[str], held: frozenset[str], group: frozenset[str]) -> bool:
    """Whether something is named of a group of which the passage names something else."""
    has_one = bool(held & group)
    others = (said & group) - held
    return has_one and bool(others)


def _contradicts(clause: Clause, nearest: Clause) -> bool:
    """Whether a word that both have is denied in one alone, and they deny nothing in common."""
    if _deny_the_same(clause, nearest):
        return False
    for stem in clause.stems:
        if stem in clauses.COMMON_WORDS:
            continue
        same = [other for other in nearest.stems if clauses.alike(stem, other)]
        held = {other in nearest.denied for other in same}
        if same and (stem in clause.denied) not in held:
            return True
    return False


def _deny_the_same(clause: Clause, other: Clause) -> bool:
    """Whether what a clause denies first is denied in the other too."""
    return any(_has(stem, other.denied_first) for stem in clause.denied_first)


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
    """Whether a clause demands or allows what the other does not, or demands something where the
    other only denies.
    """
    agree = bool(clause.modalities & nearest.modalities)
    pairs = product(clause.modalities, nearest.modalities)
    if not agree and not CONFLICTS.isdisjoint(pairs):
        return True
    demands = Modality.NECESSARY in clause.modalities
    demanded = Modality.NECESSARY in nearest.modalities
    return demands and not demanded and nearest.denies and not clause.denies


def _has_new_words(chunks: Sequence[Sequence[str]], known: frozenset[str]) -> bool:
    """Whether too many words of all chunks, or of one, stand nowhere in the passage."""
    shares = [_known_share(chunk, known) for chunk in chunks]
    whole = _known_share([word for chunk in chunks for word in chunk], known)
    return min(shares, default=1.0) < KNOWN_CHUNK_SHARE or whole < KNOWN_SHARE


def _says_the_same(sentence: str, chunks: Sequence[Sequence[str]], passage: SourcePassage) -> bool:
    """Whether a sentence means nearly what one or two sentences of the passage do, and none of its
    chunks leads away from it; never without the embedding.
    """
    if not embedding.available():
        return False
    known = _words(passage)
    new = [chunk for chunk in chunks if _known_share(chunk, known) < KNOWN_CHUNK_SHARE]
    without = [" ".join(w for one in chunks if one is not chunk for w in one) for chunk in new]
    whole = " ".join(word for chunk in chunks for word in chunk)
    vectors = embedding.embed([sentence.lower(), whole, *without])
    likeness = (_vectors(passage) @ vectors.T).max(axis=0)
    leads_away = any(one - likeness[1] > LEADS_AWAY for one in likeness[2:])
    return bool(likeness[0] >= SAME_MEANING) and not leads_away


@lru_cache(maxsize=KEPT_PASSAGES)
def _vectors(passage: SourcePassage) -> Any:  # noqa: ANN401 - an array
    """What the sentences of a passage mean, each alone and with the next, a row each."""
    alone = [one.lower() for one in clauses.sentences_of(passage.text)]
    together = [f"{one} {following}" for one, following in pairwise(alone)]
    return embedding.embed([*alone, *together])


@lru_cache(maxsize=KEPT_PASSAGES)
def _told_steps(passage: SourcePassage) -> tuple[str, ...]:
    """What a passage tells, piece by piece, in the order in which it is done."""
    return tuple(step_order.told_steps(clauses.sentences_of(passage.text)))


def _likeness_of_steps(step: str, piece: str) -> float:
    """How much of a piece stands in a step, less where little of the step stands in the piece."""
    mine, theirs = _stems_of(step), _stems_of(piece)
    if not mine or not theirs:
        return 0.0
    back = min(1.0, _known_share(mine, theirs) + 0.5)
    return _known_share(theirs, mine) * back


def _stems_of(text: str) -> frozenset[str]:
    return frozenset(stem for clause in clauses.clauses_of(text) for stem in clause.stems)


def _words_alone(stems: Iterable[str]) -> list[str]:
    """The stems without numbers, which are compared as such."""
    return [stem for stem in stems if not stem[0].isdigit()]


def _share(stems: Iterable[str], others: Iterable[str]) -> float:
    """The weight of the words of one that the other has too, in full or in another form."""
    held = frozenset(others)
    shared = 0.0
    for stem in set(stems):
        if stem in held:
            shared += _weight(stem)
        elif _has(stem, held):
            shared += _weight(stem) * OTHER_FORM
    return shared


def _known_share(stems: Iterable[str], known: frozenset[str]) -> float:
    """The share of words that are known, by weight; 1 where there are none."""
    words = frozenset(stems)
    total = sum(_weight(stem) for stem in words)
    if not total:
        return 1.0
    return _share(words, known) / total


def _weight(stem: str) -> float:
    """Measures say most, then longer words; what every passage is about says little."""
    if stem in clauses.COMMON_WORDS:
        return COMMON_WEIGHT
    if stem[0].isdigit():
        return MEASURE_WEIGHT
    return min(len(stem), LONG_WORD) / LONG_WORD * LONG_WORD_WEIGHT


@lru_cache(maxsize=KEPT_PASSAGES)
def _claims_of_passage(text: str) -> Claims:
    """The claims of a text of the knowledge base: it comes again and again."""
    return factual_claims.extract_claims(text)


@lru_cache(maxsize=KEPT_PASSAGES)
def _words(passage: SourcePassage) -> frozenset[str]:
    """All words of a passage and its heading."""
    found: set[str] = set()
    for clause in _all_clauses(passage):
        found.update(clause.stems)
    return frozenset(found)


@lru_cache(maxsize=KEPT_PASSAGES)
def _all_names(passage: SourcePassage) -> frozenset[str]:
    """All rivals that a passage and its heading name."""
    found: set[str] = set()
    for clause in _all_clauses(passage):
        found.update(clause.names)
    return frozenset(found)


def _all_clauses(passage: SourcePassage) -> Iterator[Clause]:
    for text in (passage.heading, passage.text):
        for sentence in clauses.sentences_of(text):
            yield from clauses.clauses_of(sentence)


@lru_cache(maxsize=KEPT_PASSAGES)
def _assertions(passage: SourcePassage) -> tuple[_Assertion, ...]:
    """The clauses of a passage, in order."""
    found: list[_Assertion] = []
    about = SourcePassage(passage.heading)
    heading = _all_names(about)
    before = heading
    for sentence in clauses.sentences_of(passage.text):
        before |= heading
        for clause in clauses.clauses_of(sentence):
            before = frozenset(_with_inherited(clause.names, before))
            found.append(_Assertion(clause, before))
    return tuple(found)


def _with_inherited(names: frozenset[str], before: frozenset[str]) -> Iterator[str]:
    """A clause's own names, and for each group of which it names nothing those named before."""
    yield from names
    for group in RIVALS:
        if not names & group:
            yield from before & group
