"""Whether a sentence tells steps in another order than its passage: "instale, depois pague" where
one pays first.

A step is found in the passage by the sentence of it that shares most of its words; a passage tells
its steps in the order in which they are done, but for what stands behind "antes de".
"""

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from gatte.conversation.parsing.normalize import fold

BEFORE = re.compile(r"\bantes (?:de|do|da|dos|das|que)\b")
AFTER = re.compile(r"\bdepois (?:de|do|da|dos|das|que)\b|\bapos\b|\bassim que\b")
THEN = re.compile(
    r"[,;.]? ?\b(?:e )?(?:so|somente|apenas)? ?(?:depois|entao|em seguida|dai|por fim|por ultimo"
    r"|no fim|no final|ao final)\b(?! d[eoa]s?\b)"
)
FIRST = re.compile(r"\b(?:primeiro|comece|antes de tudo|antes de mais nada)\b")
PIECE_END = re.compile(r"[,;:.]\s+|\s+e\s+")
SAME_STEP = 0.5
"""Likeness from which on a piece of the passage is a step."""


def steps_of(sentence: str) -> list[str]:
    """The steps that a sentence puts in order, the first one first; fewer than two where it puts
    none.
    """
    plain = FIRST.sub(" ", _folded(sentence))
    parts = [part.strip(" ,;.") for part in THEN.split(plain)]
    parts = [part for part in parts if part]
    if len(parts) > 1:
        return parts
    for marker, is_earlier in ((BEFORE, True), (AFTER, False)):
        found = marker.search(plain)
        if found:
            return _of_marker(plain, found, is_earlier=is_earlier)
    return []


def _folded(sentence: str) -> str:
    """Small letters without accents, with single blanks."""
    return " ".join(fold(sentence).split())


def _of_marker(plain: str, found: re.Match[str], *, is_earlier: bool) -> list[str]:
    """What "antes de" or "depois de" puts in order: what stands behind it up to a comma, and the
    rest of the sentence.
    """
    behind, _, rest = plain[found.end() :].partition(",")
    other = f"{plain[: found.start()]} {rest}".strip(" ,;.")
    if not other or not behind.strip():
        return []
    return [other, behind] if is_earlier else [behind, other]


def told_steps(sentences: Iterable[str]) -> list[str]:
    """The pieces of a passage in the order in which they are done."""
    told: list[str] = []
    for sentence in sentences:
        for step in steps_of(sentence) or [_folded(sentence)]:
            told += [piece for piece in PIECE_END.split(step) if piece.strip()]
    return told


def is_other_order(
    steps: Sequence[str], told: Sequence[str], likeness: Callable[[str, str], float]
) -> bool:
    """Whether two steps stand in the passage in the opposite order; `told` holds the passage's
    pieces in the order of doing, `likeness` says how alike a step and a piece are, 0 to 1.
    """
    places = [_place(step, told, likeness) for step in steps]
    known = [place for place in places if place is not None]
    return any(later < earlier for earlier, later in pairwise(known))


def _place(step: str, told: Sequence[str], likeness: Callable[[str, str], float]) -> int | None:
    """Where a step stands; None where no piece is plainly it."""
    scores = [likeness(step, piece) for piece in told]
    best = max(scores, default=0.0)
    return scores.index(best) if best >= SAME_STEP and scores.count(best) == 1 else None
