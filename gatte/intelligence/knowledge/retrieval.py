"""Finding the articles that a question asks for: candidates by meaning and by words, put in order
by `ranking`.

Candidates come from the index in this process, or from Postgres when the knowledge base is too
large for one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, select
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session

from gatte.conversation.parsing.normalize import expand_for_search, normalize_for_search
from gatte.intelligence import answer_confidence, embedding
from gatte.intelligence.knowledge import memory_index, passages, reranker
from gatte.intelligence.knowledge.articles import off_topic_texts
from gatte.intelligence.knowledge.memory_index import (
    IndexCache,
    IndexVersion,
    InMemoryIndex,
    LexemeCache,
)
from gatte.intelligence.knowledge.passages import PassageRow
from gatte.models.knowledge import Article, Passage, PassageKind

VECTOR_CANDIDATES = (
    60  # candidates by the nearest vectors; more than these and those by words did not rank better
)
LEXICAL_CANDIDATES = 30
# entries that the vector index looks at: more finds more of the true neighbours in a large base,
# and takes longer
HNSW_EF_SEARCH = 150
# of the passages that share a word, this many are scored: common words match everything in a large
# base
WORD_MATCHES = 2_000
LONGEST_QUESTION = 500  # characters that are searched

_shelves = IndexCache()
_lexemes = LexemeCache()


@dataclass(frozen=True)
class RankedArticle:
    """An article that may answer, with its score (about 0 to 1) and the passage that came nearest
    to the question.
    """

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
class RetrievalResult:
    """What was found for a question, best first, and how sure we are (0 to 1) that the first one
    answers it.
    """

    question: str
    found: tuple[RankedArticle, ...] = ()
    probability: float = 0.0

    @property
    def grounded(self) -> bool:
        """Whether the first article may be given as the answer with nobody checking it."""
        return self.probability >= answer_confidence.DIRECT_ANSWER_THRESHOLD


def retrieve(session: Session, question: str, limit: int = 5) -> list[RankedArticle]:
    """The articles that may answer a question, best first; empty when nothing is near."""
    return list(find_passages(session, question, limit).found)


@dataclass(frozen=True)
class _Candidates:
    """Passages that may answer, ready to be compared, and the index that they come from, if any."""

    rows: list[PassageRow]
    texts: list[reranker.TokenisedText]
    index: InMemoryIndex | None


def find_passages(
    session: Session,
    question: str,
    limit: int = 5,
    vector: Any | None = None,  # noqa: ANN401 - an array
    edition: IndexVersion | None = None,
) -> RetrievalResult:
    """The articles that may answer, and how sure we are of the best one. Reads only, in the
    caller's transaction.

    A caller who has the question's `vector` (see `vector_of`) or the `edition` of the knowledge
    base already gives them.
    """
    question = question[:LONGEST_QUESTION]
    asked = reranker.tokenize(question, vector_of(question) if vector is None else vector)
    near = _candidates(session, asked, edition or memory_index.index_version(session))
    candidates = [
        reranker.RerankCandidate(row.article_id, text)
        for row, text in zip(near.rows, near.texts, strict=True)
    ]
    order = reranker.rerank(asked, candidates, _background())
    found = _found(session, order.articles[:limit], near)
    return RetrievalResult(question, found, round(answer_confidence.answer_probability(order), 4))


def vector_of(question: str) -> Any:  # noqa: ANN401 - an array
    """The meaning of a question as numbers; zeros without the embedding package."""
    import numpy as np

    if not embedding.available():
        return np.zeros(embedding.DIMENSIONS, dtype=np.float32)
    return embedding.embed_one(expand_for_search(question[:LONGEST_QUESTION]))


def _candidates(
    session: Session, asked: reranker.TokenisedText, edition: IndexVersion
) -> _Candidates:
    """Passages near the question by meaning or by words, each once."""
    held = _shelves.get(session, edition)
    if held is not None:
        return _from_shelf(session, held, asked)
    rows = list({row.id: row for row in _from_postgres(session, asked)}.values())
    return _Candidates(rows, passages.vectorize(session, rows), None)


def _from_shelf(
    session: Session, held: InMemoryIndex, asked: reranker.TokenisedText
) -> _Candidates:
    near = held.vector_search(asked.vector, VECTOR_CANDIDATES) if asked.vector.any() else []
    words = normalize_for_search(asked.text).split()
    alike = held.lexical_search(_lexemes.of(session, words), LEXICAL_CANDIDATES) if words else []
    places = list(dict.fromkeys([*near, *alike]))
    return _Candidates(
        [held.rows[place] for place in places], [held.texts[place] for place in places], held
    )


def _from_postgres(session: Session, asked: reranker.TokenisedText) -> list[PassageRow]:
    rows: list[PassageRow] = []
    if asked.vector.any():
        this_transaction_only = True
        session.execute(
            select(func.set_config("hnsw.ef_search", str(HNSW_EF_SEARCH), this_transaction_only))
        )
        rows += passages.read_rows(session, _nearest(asked.vector))
    query = _any_word(normalize_for_search(asked.text))
    if query is not None:
        rows += passages.read_rows(session, _sharing_words(query))
    return rows


def _nearest(vector: Any) -> Select[int, UUID, PassageKind, str]:  # noqa: ANN401 - an array
    return (
        passages.active_passages()
        .order_by(Passage.embedding.cosine_distance(vector))
        .limit(VECTOR_CANDIDATES)
    )


def _sharing_words(query: ColumnElement[Any]) -> Select[int, UUID, PassageKind, str]:
    matches = (
        select(Passage.id, Passage.words)
        .where(Passage.words.op("@@")(query))
        .limit(WORD_MATCHES)
        .subquery()
    )
    best = (
        select(matches.c.id)
        .order_by(func.ts_rank(matches.c.words, query, 1).desc(), matches.c.id)
        .limit(LEXICAL_CANDIDATES)
    )
    return passages.active_passages().where(Passage.id.in_(best.scalar_subquery()))


def _any_word(words: str) -> ColumnElement[Any] | None:
    """A text search for any of the words, or None when there are none; the words hold letters,
    digits and blanks only.
    """
    if not words:
        return None
    any_of = " | ".join(dict.fromkeys(words.split()))
    return func.to_tsquery("portuguese", literal(any_of), type_=TSQUERY)


def _found(
    session: Session, ranked: Sequence[reranker.Ranked], near: _Candidates
) -> tuple[RankedArticle, ...]:
    if near.index is None:
        articles = _articles(session, [near.rows[one.nearest].article_id for one in ranked])
    else:
        articles = near.index.articles
    return tuple(
        _as_found(articles[row.article_id], one, row)
        for one in ranked
        if (row := near.rows[one.nearest]).article_id in articles
    )


def _articles(session: Session, wanted: list[UUID]) -> dict[UUID, Article]:
    return {
        article.id: article
        for article in session.scalars(select(Article).where(Article.id.in_(wanted)))
    }


def _as_found(article: Article, ranked: reranker.Ranked, passage: PassageRow) -> RankedArticle:
    return RankedArticle(
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


@lru_cache(maxsize=1)
def _background() -> tuple[reranker.TokenisedText, ...]:
    return tuple(reranker.tokenize(text, vector_of(text)) for text in off_topic_texts())
