"""Putting candidates in order: which articles a question asks for, judged against what no article
answers.

A kernel ridge regression is solved for each question over its candidate passages and the off-topic
texts (about 200 rows, some milliseconds): every article is a class, "off topic" is one more, and
the kernel joins meaning (embeddings) and words (TF-IDF over words and parts of words, weighted by
how rare they are among the candidates). It learns on the spot which words tell these articles
apart, so it beats the best single passage (docs/decisions/0032-ranking.md); with no state to keep
between processes, and at a cost that does not grow with the knowledge base.
"""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any
from zlib import crc32

from gatte.conversation.parsing.normalize import normalize_for_search
from gatte.intelligence.embedding import DIMENSIONS

if TYPE_CHECKING:
    from numpy import float32, int32
    from numpy.typing import NDArray

FEATURES = 2**17
HALF = FEATURES // 2
WORD = re.compile(r"\w+")
LEXICAL_WEIGHT = 0.25  # of the word kernel beside the meaning kernel, which has 1
RIDGE = 1.0
OFF_TOPIC = 60  # texts of the background that take part: those nearest to the question
COVERED_SIMILARITY = 0.9  # an off-topic text this near to a passage is on topic here, and left out


@dataclass(frozen=True, eq=False)
class TokenisedText:
    """A text, its vector (zeros without embeddings), and its words and parts of words, weighed by 1
    + the log of their count. It equals itself alone.
    """

    text: str
    vector: "NDArray[float32]"
    features: "NDArray[int32]"
    weights: "NDArray[float32]"


@dataclass(frozen=True)
class RerankCandidate:
    """A passage that may answer: the article it belongs to, and its text."""

    article: Hashable
    text: TokenisedText


@dataclass(frozen=True)
class Ranked:
    """An article with its score (about 0 to 1), and its passage nearest to the question with their
    cosine and word similarity.
    """

    article: Hashable
    score: float
    nearest: int
    cosine: float
    words: float


@dataclass(frozen=True)
class Ranking:
    """Articles, best first, and the score of "off topic"."""

    articles: tuple[Ranked, ...]
    off_topic: float


def tokenize(text: str, vector: "NDArray[float32]") -> TokenisedText:
    """A text of ours ready to be compared: the features of its words are kept."""
    return _tokenized(text, vector, _kept_of_word)


def tokenize_question(text: str, vector: "NDArray[float32]") -> TokenisedText:
    """A customer's text ready to be compared: nothing of it is kept."""
    return _tokenized(text, vector, _of_word)


def _tokenized(
    text: str, vector: "NDArray[float32]", of_word: Callable[[str], tuple[int, ...]]
) -> TokenisedText:
    import numpy as np

    counts = Counter(_features(normalize_for_search(text), of_word))
    features = np.fromiter(counts.keys(), np.int32, len(counts))
    weights = 1 + np.log(np.fromiter(counts.values(), np.float32, len(counts)))
    return TokenisedText(text, vector, features, weights.astype(np.float32))


def rerank(
    question: TokenisedText,
    candidates: Sequence[RerankCandidate],
    background: Sequence[TokenisedText],
) -> Ranking:
    """Put the articles of the candidates in order; an empty ranking without candidates."""
    import numpy as np

    if not candidates:
        return Ranking((), 1.0)
    passages = _stacked([candidate.text for candidate in candidates])
    background, beside = _off_topic_here(question, passages, background)
    rows = [candidate.text for candidate in candidates] + background
    vectors = np.concatenate([passages, beside])
    cosines = vectors @ question.vector
    word_kernel = _word_kernel([*rows, question])
    words = word_kernel[:-1, -1]
    kernel = vectors @ vectors.T + LEXICAL_WEIGHT * word_kernel[:-1, :-1]
    articles = list(dict.fromkeys(candidate.article for candidate in candidates))
    member = _membership(articles, candidates, len(background))
    pull = np.linalg.solve(
        kernel + RIDGE * np.eye(len(rows), dtype=np.float32), cosines + LEXICAL_WEIGHT * words
    )
    return _ordered(articles, pull @ member, member, cosines, words)


def _off_topic_here(
    question: TokenisedText,
    passages: Any,  # noqa: ANN401 - an array
    background: Sequence[TokenisedText],
) -> tuple[list[TokenisedText], Any]:
    """The off-topic texts nearest to the question and their vectors, without those that this
    knowledge base does cover.
    """
    import numpy as np

    vectors = _kept_vectors(tuple(background))
    nearest = np.argsort(-(vectors @ question.vector), kind="stable")[:OFF_TOPIC]
    covered = (vectors[nearest] @ passages.T).max(axis=1) >= COVERED_SIMILARITY
    kept = nearest[~covered]
    return [background[index] for index in kept], vectors[kept]


def _stacked(texts: Sequence[TokenisedText]) -> "NDArray[float32]":
    """The vectors of texts, a row each."""
    import numpy as np

    if not texts:
        return np.zeros((0, DIMENSIONS), dtype=np.float32)
    return np.concatenate([text.vector for text in texts]).reshape(len(texts), -1)


def _membership(
    articles: list[Hashable], candidates: Sequence[RerankCandidate], background: int
) -> "NDArray[float32]":
    """One row a text and one column an article, the last for off topic: 1 where a text belongs."""
    import numpy as np

    columns = {article: column for column, article in enumerate(articles)}
    owners = [columns[candidate.article] for candidate in candidates] + [len(articles)] * background
    return np.eye(len(articles) + 1, dtype=np.float32)[owners]


def _ordered(
    articles: list[Hashable],
    scores: Any,  # noqa: ANN401 - an array
    member: Any,  # noqa: ANN401 - an array
    cosines: Any,  # noqa: ANN401 - an array
    words: Any,  # noqa: ANN401 - an array
) -> Ranking:
    import numpy as np

    similarity = cosines + LEXICAL_WEIGHT * words
    likeness = np.where(member[:, :-1] > 0, similarity[:, None], -np.inf)
    nearest = likeness.argmax(axis=0)
    ranked = [
        Ranked(
            article,
            float(scores[column]),
            int(nearest[column]),
            float(cosines[nearest[column]]),
            float(words[nearest[column]]),
        )
        for column, article in enumerate(articles)
    ]
    best_first = tuple(sorted(ranked, key=lambda one: -one.score))
    return Ranking(best_first, float(scores[-1]))


def _word_kernel(texts: Sequence[TokenisedText]) -> "NDArray[float32]":
    """How alike texts are in words, 0 to 1: cosines of TF-IDF rows, where rarity is that among
    these texts.
    """
    import numpy as np

    features = np.concatenate([text.features for text in texts])
    rows = np.repeat(np.arange(len(texts)), [text.features.size for text in texts])
    found_in = np.bincount(features, minlength=FEATURES)
    count = found_in[features]
    values = np.concatenate([text.weights for text in texts]) * _rarity(len(texts))[count]
    squares = np.bincount(rows, values**2, len(texts))
    lengths = np.sqrt(np.maximum(squares, 1e-9))
    values /= lengths[rows].astype(np.float32)
    shared = count > 1  # what only one text has makes it longer, and like no other
    kept = np.flatnonzero(found_in > 1)
    column = np.empty(FEATURES, np.int32)
    column[kept] = np.arange(kept.size, dtype=np.int32)
    # A tenth of it is filled: still three times as fast as sparse rows.
    weighed = np.zeros((len(texts), kept.size), np.float32)
    weighed[rows[shared], column[features[shared]]] = values[shared]
    kernel = weighed @ weighed.T
    np.fill_diagonal(kernel, 1.0)
    return kernel


def _rarity(texts: int) -> "NDArray[float32]":
    """What a feature weighs that is found in 0, 1, 2 ... of so many texts."""
    import numpy as np

    found_in = np.arange(texts + 1)
    weights: NDArray[float32] = (np.log((1 + texts) / (1 + found_in)) + 1).astype(np.float32)
    return weights


def _features(text: str, of_word: Callable[[str], tuple[int, ...]]) -> Iterator[int]:
    """Words alone and in pairs; parts of words of 3 and 4 letters, which forgive typing errors:
    hashed, each kind into its half.
    """
    words = WORD.findall(text)
    for pair in pairwise(words):
        yield crc32(" ".join(pair).encode()) % HALF
    for word in words:
        yield from of_word(word)


def _of_word(word: str) -> tuple[int, ...]:
    """The features of a word by itself."""
    padded = f" {word} "
    parts: list[str] = []
    for size in (3, 4):
        starts = range(max(1, len(padded) - size + 1))
        parts += [padded[start : start + size] for start in starts]
    whole = crc32(word.encode()) % HALF
    return (whole, *(HALF + crc32(part.encode()) % HALF for part in parts))


@lru_cache(maxsize=2)
def _kept_vectors(background: tuple[TokenisedText, ...]) -> "NDArray[float32]":
    """The vectors of off-topic texts, which are the same for each question."""
    return _stacked(background)


@lru_cache(maxsize=20_000)
def _kept_of_word(word: str) -> tuple[int, ...]:
    """The features of a word of ours: our texts are made of the same words."""
    return _of_word(word)
