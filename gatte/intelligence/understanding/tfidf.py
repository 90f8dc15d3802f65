"""Words and pieces of words of a message, weighted by how rare they are (TF-IDF).

Our own few lines instead of scikit-learn's: the same code learns and answers, an answering process
needs numpy alone, and the model is stored as plain arrays without pickle.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING

from gatte.conversation.parsing.normalize import normalize_for_classifier

if TYPE_CHECKING:
    from numpy import float32, int64
    from numpy.typing import NDArray

NGRAM_SIZES = range(2, 6)
MIN_DOCUMENT_FREQUENCY = (
    2  # a term of one text alone says nothing about others, and is two thirds of all terms
)

_TOKEN = re.compile(r"\w+|[^\w\s]")


def tokens(text: str) -> tuple[list[str], list[str]]:
    """Single words and pairs; pieces of two to five letters within a word (marked `#`, a space
    where the word ends).
    """
    plain = normalize_for_classifier(text)
    return _words(plain), [piece for word in plain.split() for piece in _pieces(word)]


def _words(plain: str) -> list[str]:
    words = _TOKEN.findall(plain)
    return words + [f"{first} {second}" for first, second in pairwise(words)]


def _pieces(word: str) -> Iterator[str]:
    padded = f" {word} "
    for size in NGRAM_SIZES:
        for start in range(len(padded) - size + 1):
            yield "#" + padded[start : start + size]


@dataclass(frozen=True)
class Vocabulary:
    """The known terms, each with its column and its rarity."""

    columns: dict[str, int]
    idf: "NDArray[float32]"

    def transform(self, text: str) -> "tuple[NDArray[int64], NDArray[float32]]":
        """Columns of the known terms of a text and their weights; words and pieces have length 1
        each. Empty when none is known.
        """
        import numpy as np

        columns: list[int] = []
        weights: list[float] = []
        for block in self._known_terms(text):
            counts = Counter(block)
            raw = [(1 + math.log(times)) * self._rarity[column] for column, times in counts.items()]
            length = math.sqrt(sum(weight * weight for weight in raw))
            columns += counts
            weights += [weight / length for weight in raw]
        return np.array(columns, np.int64), np.array(weights, np.float32)

    def _known_terms(self, text: str) -> tuple[list[int], list[int]]:
        """The columns of the known words and pairs, then of the known pieces, each as often as it
        is found.
        """
        plain = normalize_for_classifier(text)
        words = [self.columns[term] for term in _words(plain) if term in self.columns]
        pieces = [column for word in plain.split() for column in self._pieces_of_word(word)]
        return words, pieces

    @cached_property
    def _rarity(self) -> list[float]:
        """The rarity of each column, as numbers that Python reads ten times faster."""
        rarity: list[float] = self.idf.tolist()
        return rarity

    def _pieces_of_word(self, word: str) -> tuple[int, ...]:
        """The columns of a word's known pieces. Those of words that the vocabulary itself knows
        are kept, and so no word of one customer alone.
        """
        kept = self._pieces_of_known.get(word)
        if kept is not None:
            return kept
        columns = self.columns
        found = tuple(columns[piece] for piece in _pieces(word) if piece in columns)
        if word in columns:
            self._pieces_of_known[word] = found
        return found

    @cached_property
    def _pieces_of_known(self) -> dict[str, tuple[int, ...]]:
        return {}


def fit_vocabulary(texts: Sequence[str]) -> Vocabulary:
    """The terms of at least MIN_TEXTS texts, in alphabetical order so that the same texts give the
    same columns.
    """
    import numpy as np

    found: Counter[str] = Counter()
    for text in texts:
        words, pieces = tokens(text)
        found.update({*words, *pieces})
    kept = sorted(term for term, count in found.items() if count >= MIN_DOCUMENT_FREQUENCY)
    rarity = [math.log((1 + len(texts)) / (1 + found[term])) + 1 for term in kept]
    return Vocabulary(
        {term: column for column, term in enumerate(kept)}, np.array(rarity, np.float32)
    )
