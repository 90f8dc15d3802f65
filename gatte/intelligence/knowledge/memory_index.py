"""A knowledge base of usual size, held in this process: candidates come from memory, by the same
rules as from Postgres.

An index belongs to one version: the number that grows with every change of an article or passage,
and the day, since articles come into force by date. Asking for the version is the one question that
a search puts to the database; a new version is read when it is first met.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from math import log2
from threading import Lock
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.orm import Session

from gatte.intelligence.knowledge import passages
from gatte.intelligence.knowledge.reranker import TokenisedText as Prepared
from gatte.models.knowledge import Article
from gatte.observability import metrics
from gatte.observability.metric_labels import CacheName, CacheOutcome
from gatte.store import knowledge
from gatte.store.knowledge import PassageRow

if TYPE_CHECKING:
    from numpy import float32, int32
    from numpy.typing import NDArray

MAX_PASSAGES = 5_000  # passages: some 30 MB a process; a larger base stays in Postgres
KNOWN_WORDS = 20_000


@dataclass(frozen=True)
class IndexVersion:
    """The state of the knowledge base: its number (0 before the first article) and the day."""

    number: int
    day: date


def index_version(session: Session) -> IndexVersion:
    """The version that this session sees."""
    found = knowledge.read_version(session)
    return IndexVersion(found.edition, found.today)


@dataclass(frozen=True)
class Postings:
    """Where a lexeme stands: places of passages, and what each gets for it, as `ts_rank` counts."""

    positions: "NDArray[int32]"
    scores: "NDArray[float32]"


@dataclass(frozen=True)
class InMemoryIndex:
    """All passages in force, in the order of their ids, ready to be compared."""

    rows: Sequence[PassageRow]
    texts: Sequence[Prepared]
    vectors: "NDArray[float32]"
    postings: dict[str, Postings]
    articles: dict[UUID, Article]

    def vector_search(self, vector: "NDArray[float32]", count: int) -> list[int]:
        """The places of the passages nearest in meaning, the nearest first."""
        return _first(self.vectors @ vector, count)

    def lexical_search(self, lexemes: Iterable[str], count: int) -> list[int]:
        """The places of the passages that share words, those that share most first."""
        import numpy as np

        scores = np.zeros(len(self.rows), dtype=np.float32)
        for lexeme in set(lexemes) & self.postings.keys():
            found = self.postings[lexeme]
            scores[found.positions] += found.scores
        return [place for place in _first(scores, count) if scores[place] > 0]


def _first(scores: "NDArray[float32]", count: int) -> list[int]:
    import numpy as np

    places: list[int] = np.argsort(-scores, kind="stable")[:count].tolist()
    return places


class IndexCache:
    """The index of the version that was asked for last; None when the base is empty or too large
    for one.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._key: tuple[object, ...] | None = None
        self._index: InMemoryIndex | None = None

    def get(self, session: Session, current: IndexVersion) -> InMemoryIndex | None:
        """The index of this version, read now when this process does not have it."""
        key = (session.get_bind(), current)
        with self._lock:
            known = key == self._key
            if not known:
                self._index = _read(session)
                self._key = key
            _count(CacheOutcome.HIT if known else CacheOutcome.MISS)
            return self._index


def _count(outcome: CacheOutcome) -> None:
    metrics.CACHE_REQUESTS.labels(cache=CacheName.KNOWLEDGE, outcome=outcome).inc()


def _read(session: Session) -> InMemoryIndex | None:
    import numpy as np

    rows = knowledge.list_passages(session, MAX_PASSAGES + 1)
    if not rows or len(rows) > MAX_PASSAGES:
        return None
    texts = passages.vectorize(session, rows)
    places = {row.id: place for place, row in enumerate(rows)}
    articles = knowledge.articles_by_id(session, {row.article_id for row in rows})
    return InMemoryIndex(
        rows,
        texts,
        np.stack([text.vector for text in texts]),
        _read_postings(session, places),
        _plain(articles.values()),
    )


def _plain(articles: Iterable[Article]) -> dict[UUID, Any]:
    """Articles that belong to no session, so that every thread may read them."""
    names = [one.key for one in Article.__table__.columns]
    return {
        article.id: Article(**{name: getattr(article, name) for name in names})
        for article in articles
    }


def _read_postings(session: Session, places: dict[int, int]) -> dict[str, Postings]:
    """By lexeme. What a passage gets for one is the sum of 1/n² over its n places there, over the
    logarithm of the passage's length.
    """
    import numpy as np

    counts: dict[str, dict[int, int]] = defaultdict(dict)
    lengths: dict[int, int] = defaultdict(int)
    for passage, lexeme, times in knowledge.read_word_counts(session):
        if passage in places:
            counts[lexeme][places[passage]] = times or 1
            lengths[places[passage]] += times or 1
    postings: dict[str, Postings] = {}
    for lexeme, known in counts.items():
        weights = [_weight(times) / log2(lengths[place] + 1) for place, times in known.items()]
        postings[lexeme] = Postings(
            np.fromiter(known.keys(), np.int32, len(known)), np.array(weights, np.float32)
        )
    return postings


def _weight(times: int) -> float:
    return sum(1 / n**2 for n in range(1, times + 1))


class LexemeCache:
    """What Postgres makes of a word in Portuguese text search, kept for the words that customers
    use most.
    """

    def __init__(self) -> None:
        self._known: OrderedDict[str, tuple[str, ...]] = OrderedDict()
        self._lock = Lock()

    def of(self, session: Session, words: Sequence[str]) -> list[str]:
        """The lexemes of these words; stop words have none."""
        missing = [word for word in dict.fromkeys(words) if word not in self._known]
        found: dict[str, tuple[str, ...]] = {
            word: (word,) for word in missing if word.isascii() and word.isdigit()
        }
        asked = [word for word in missing if word not in found]
        found |= knowledge.lexemes_by_word(session, asked) if asked else {}
        with self._lock:
            self._known |= found
            while len(self._known) > KNOWN_WORDS:
                self._known.popitem(last=False)
            return [
                lexeme for word in words for lexeme in found.get(word) or self._known.get(word, ())
            ]
