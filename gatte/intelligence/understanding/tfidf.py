"""Words and pieces of words of a message, weighted by how rare they are (TF-IDF).

Our own few lines instead of scikit-learn's: the same code learns and answers, an answering process
needs numpy alone, and the model is stored as plain arrays without pickle.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
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
    words = _TOKEN.findall(plain)
    pairs = [f"{first} {second}" for first, second in pairwise(words)]
    return words + pairs, list(_pieces(plain.split()))


def _pieces(words: Iterable[str]) -> Iterable[str]:
    for word in words:
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
        for block in tokens(text):
            known = [
                (self.columns[term], times)
                for term, times in Counter(block).items()
                if term in self.columns
            ]
            raw = [(1 + math.log(times)) * float(self.idf[column]) for column, times in known]
            length = math.sqrt(sum(weight * weight for weight in raw))
            columns += [column for column, _ in known]
            weights += [weight / length for weight in raw]
        return np.array(columns, np.int64), np.array(weights, np.float32)


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
