"""Finding the articles that a question asks for: candidates from Postgres by meaning and by words, put in order by `ranking`."""

from collections import OrderedDict
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, or_, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from gatte.intelligence import embedding, grounding, ranking
from gatte.intelligence.knowledge import off_topic_texts
from gatte.intelligence.wording import normalised, spelled_out
from gatte.models.knowledge import Article, Passage, PassageKind

BY_MEANING = 60  # candidates by the nearest vectors; more than these and those by words did not rank better
BY_WORDS = 30
SEARCHED = 200  # entries that the vector index looks at: more finds more of the true neighbours in a large base, and takes longer
WORD_MATCHES = 2_000  # of the passages that share a word, this many are scored: common words match everything in a large base
LONGEST_QUESTION = 500  # characters that are searched
KEPT_TEXTS = 10_000  # passages kept ready in a process, about 4 kB each


@dataclass(frozen=True)
class Found:
    """An article that may answer, with its score (about 0 to 1) and the passage that came nearest to the question."""

    article_id: UUID
    slug: str
    title: str
    question: str
    answer: str
    source: str
    score: float
    cosine: float
    passage_id: int
    passage_kind: PassageKind
    passage_text: str


@dataclass(frozen=True)
class Passages:
    """What was found for a question, best first, and how sure we are (0 to 1) that the first one answers it."""

    question: str
    found: tuple[Found, ...] = ()
    probability: float = 0.0

    @property
    def grounded(self) -> bool:
        """Whether the first article may be given as the answer with nobody checking it."""
        return self.probability >= grounding.ENOUGH


@dataclass(frozen=True)
class _Row:
    id: int
    article_id: UUID
    kind: PassageKind
    text: str


def retrieve(session: Session, question: str, limit: int = 5) -> list[Found]:
    """The articles that may answer a question, best first; empty when nothing is near."""
    return list(find_passages(session, question, limit).found)


def find_passages(session: Session, question: str, limit: int = 5, vector: Any | None = None) -> Passages:  # noqa: ANN401 - an array
    """The articles that may answer, and how sure we are of the best one. Reads only, in the caller's transaction.

    A caller who has the question's `vector` already (see `vector_of`) gives it.
    """
    question = question[:LONGEST_QUESTION]
    asked = ranking.prepared(question, vector_of(question) if vector is None else vector)
    rows = _candidates(session, asked)
    texts = _prepared(session, rows)
    candidates = [ranking.Candidate(row.article_id, text) for row, text in zip(rows, texts, strict=True)]
    order = ranking.rank(asked, candidates, _background())
    found = _found(session, order.articles[:limit], rows)
    return Passages(question, found, round(grounding.probability(order), 4))


def vector_of(question: str) -> Any:  # noqa: ANN401 - an array
    """The meaning of a question as numbers; zeros without the embedding package."""
    return _vectors([question[:LONGEST_QUESTION]])[0]


def _candidates(session: Session, asked: ranking.Text) -> list[_Row]:
    """Passages near the question by meaning or by words, each once."""
    rows: dict[int, _Row] = {}
    if asked.vector.any():
        session.execute(select(func.set_config("hnsw.ef_search", str(SEARCHED), True)))  # for this transaction only
        rows |= _rows(session, _nearest(asked.vector))
    query = _any_word(normalised(asked.text))
    if query is not None:
        rows |= _rows(session, _sharing_words(query))
    return list(rows.values())


def _rows(session: Session, found: Select[int, UUID, PassageKind, str]) -> dict[int, _Row]:
    return {row.id: _Row(row.id, row.article_id, row.kind, row.text) for row in session.execute(found)}


def _nearest(vector: Any) -> Select[int, UUID, PassageKind, str]:  # noqa: ANN401 - an array
    return _passages().order_by(Passage.embedding.cosine_distance(vector)).limit(BY_MEANING)


def _sharing_words(query: ColumnElement[Any]) -> Select[int, UUID, PassageKind, str]:
    matches = select(Passage.id, Passage.words).where(Passage.words.op("@@")(query)).limit(WORD_MATCHES).subquery()
    best = select(matches.c.id).order_by(func.ts_rank(matches.c.words, query, 1).desc(), matches.c.id).limit(BY_WORDS)
    return _passages().where(Passage.id.in_(best.scalar_subquery()))


def _passages() -> Select[int, UUID, PassageKind, str]:
    in_force = or_(Article.valid_from.is_(None), Article.valid_from <= func.current_date())
    wanted = select(Passage.id, Passage.article_id, Passage.kind, Passage.text).join(Passage.article)
    return wanted.where(Article.active, in_force)


def _any_word(words: str) -> ColumnElement[Any] | None:
    """A text search for any of the words, or None when there are none; the words hold letters, digits and blanks only."""
    if not words:
        return None
    return func.to_tsquery("portuguese", literal(" | ".join(dict.fromkeys(words.split()))), type_=TSQUERY)


def _found(session: Session, ranked: Sequence[ranking.Ranked], rows: list[_Row]) -> tuple[Found, ...]:
    wanted = select(Article).where(Article.id.in_([one.article for one in ranked]))
    articles: dict[Hashable, Article] = {article.id: article for article in session.scalars(wanted)}
    return tuple(_as_found(articles[one.article], one, rows[one.nearest]) for one in ranked if one.article in articles)


def _as_found(article: Article, ranked: ranking.Ranked, passage: _Row) -> Found:
    return Found(
        article_id=article.id,
        slug=article.slug,
        title=article.title,
        question=article.question,
        answer=article.answer,
        source=article.source,
        score=round(ranked.score, 4),
        cosine=round(ranked.cosine, 4),
        passage_id=passage.id,
        passage_kind=passage.kind,
        passage_text=passage.text,
    )


class _Kept:
    """Passages made ready, by id and text: a passage whose text changes is another key, so several processes never see old ones."""

    def __init__(self) -> None:
        self._texts: OrderedDict[tuple[int, str], ranking.Text] = OrderedDict()
        self._lock = Lock()

    def get(self, row: _Row) -> ranking.Text | None:
        with self._lock:
            kept = self._texts.get((row.id, row.text))
            if kept is not None:
                self._texts.move_to_end((row.id, row.text))
            return kept

    def put(self, row: _Row, prepared: ranking.Text) -> None:
        with self._lock:
            self._texts[row.id, row.text] = prepared
            if len(self._texts) > KEPT_TEXTS:
                self._texts.popitem(last=False)


_kept = _Kept()


def _prepared(session: Session, rows: list[_Row]) -> list[ranking.Text]:
    """The rows ready to be compared, in their order; vectors are read for those not kept in this process."""
    texts = [_kept.get(row) for row in rows]
    vectors = _stored_vectors(session, [row.id for row, text in zip(rows, texts, strict=True) if text is None])
    return [text or _keep(row, vectors.get(row.id)) for row, text in zip(rows, texts, strict=True)]


def _stored_vectors(session: Session, ids: list[int]) -> dict[int, Any]:
    if not ids:
        return {}
    return {row.id: row.embedding for row in session.execute(select(Passage.id, Passage.embedding).where(Passage.id.in_(ids)))}


def _keep(row: _Row, vector: Any) -> ranking.Text:  # noqa: ANN401 - an array or None
    prepared = ranking.prepared(row.text, _or_nothing(vector))
    _kept.put(row, prepared)
    return prepared


@lru_cache(maxsize=1)
def _background() -> tuple[ranking.Text, ...]:
    texts = off_topic_texts()
    return tuple(ranking.prepared(text, vector) for text, vector in zip(texts, _vectors(texts), strict=True))


def _vectors(texts: Sequence[str]) -> Any:  # noqa: ANN401 - an array
    """One vector a text; zeros without the embedding package, so that words alone decide."""
    import numpy as np

    if not embedding.available():
        return np.zeros((len(texts), embedding.DIMENSIONS), dtype=np.float32)
    return embedding.embed([spelled_out(text) for text in texts])


def _or_nothing(vector: Any) -> Any:  # noqa: ANN401 - an array or None
    import numpy as np

    return np.zeros(embedding.DIMENSIONS, dtype=np.float32) if vector is None else np.asarray(vector, dtype=np.float32)
