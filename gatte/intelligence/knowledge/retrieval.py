"""Finding the articles that a question asks for: Postgres gives the passages near in meaning
(pgvector) and in words (text search), `reranker` puts their articles in order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from sqlalchemy.orm import Session

from gatte.conversation.parsing.normalize import expand_for_search, normalize_for_search
from gatte.intelligence import answer_confidence, embedding
from gatte.intelligence.knowledge import joined_vectors, passages, reranker
from gatte.intelligence.knowledge.articles import off_topic_texts
from gatte.models.knowledge import PassageKind
from gatte.store import knowledge, passage_vectors
from gatte.store.knowledge import ArticleTexts, PassageRow

if TYPE_CHECKING:
    from gatte.intelligence.knowledge.question_vectors import GeminiVector

LONGEST_QUESTION = 500  # characters that are searched


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
    short_answer: str = ""
    topic: str = ""


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


def find_passages(
    session: Session,
    question: str,
    limit: int = 5,
    vector: Any | None = None,  # noqa: ANN401 - an array
    by_gemini: "GeminiVector | None" = None,
) -> RetrievalResult:
    """The articles that may answer, and how sure we are of the best one. Reads only, in the
    caller's transaction.

    A caller who has the question's `vector` (see `vector_of`) already gives it; with that of Gemini
    too, both say what is near.
    """
    question = question[:LONGEST_QUESTION]
    known = vector_of(question) if vector is None else vector
    asked = reranker.tokenize_question(question, known)
    rows, articles = candidate_rows(session, asked)
    candidates = Candidates(rows, passages.vectorize(session, rows), articles)
    if by_gemini is None:
        return rank(asked, candidates, limit)
    return _rank_by_both(session, asked, by_gemini, candidates, limit)


@dataclass(frozen=True)
class Candidates:
    """Passages that may answer, each with its text ready to be compared, and their articles."""

    rows: list[PassageRow]
    texts: list[reranker.TokenisedText]
    articles: dict[UUID, ArticleTexts]


def _rank_by_both(
    session: Session,
    asked: reranker.TokenisedText,
    by_gemini: "GeminiVector",
    candidates: Candidates,
    limit: int,
) -> RetrievalResult:
    """The articles of the candidates and of those that are near by Gemini, compared by both."""
    model, numbers = by_gemini.model, by_gemini.numbers
    near, near_articles = passage_vectors.list_nearest(session, model, numbers.tolist())
    known = {row.id for row in candidates.rows}
    added = [row for row in near if row.id not in known]
    rows = [*candidates.rows, *added]
    local = [*candidates.texts, *passages.vectorize(session, added)]
    vectors = passages.vectors_by_gemini(session, rows, model)
    question, texts = joined_vectors.join(asked, numbers, local, vectors)
    articles = {**near_articles, **candidates.articles}
    return rank(question, Candidates(rows, texts, articles), limit, _joined_background())


def rank(
    asked: reranker.TokenisedText,
    candidates: Candidates,
    limit: int,
    background: Sequence[reranker.TokenisedText] | None = None,
) -> RetrievalResult:
    """The articles of the candidates, best first, and how sure we are of the best one; the
    off-topic texts are those of local vectors unless others are given.
    """
    compared = [
        reranker.RerankCandidate(row.article_id, text)
        for row, text in zip(candidates.rows, candidates.texts, strict=True)
    ]
    beside = _background() if background is None else background
    order = reranker.rerank(asked, compared, beside)
    ranked = [(one, candidates.rows[one.nearest]) for one in order.articles[:limit]]
    found = tuple(_as_found(candidates.articles[row.article_id], one, row) for one, row in ranked)
    probability = round(answer_confidence.answer_probability(order), 4)
    return RetrievalResult(asked.text, found, probability)


def vector_of(question: str) -> Any:  # noqa: ANN401 - an array
    """The meaning of a question as numbers; zeros without the embedding package."""
    import numpy as np

    if not embedding.available():
        return np.zeros(embedding.DIMENSIONS, dtype=np.float32)
    return embedding.embed_one(expand_for_search(question[:LONGEST_QUESTION]))


def candidate_rows(
    session: Session, asked: reranker.TokenisedText
) -> tuple[list[PassageRow], dict[UUID, ArticleTexts]]:
    """The passages near a question in meaning or in words, each once, in the order of their ids;
    and their articles by id.
    """
    words = normalize_for_search(asked.text).split()
    vector = asked.vector.tolist() if asked.vector.any() else None
    return knowledge.list_candidates(session, vector, words)


def _as_found(article: ArticleTexts, ranked: reranker.Ranked, passage: PassageRow) -> RankedArticle:
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
        short_answer=article.short_answer,
        topic=article.topic,
    )


@lru_cache(maxsize=1)
def _background() -> tuple[reranker.TokenisedText, ...]:
    return tuple(reranker.tokenize(text, vector_of(text)) for text in off_topic_texts())


@lru_cache(maxsize=1)
def _joined_background() -> tuple[reranker.TokenisedText, ...]:
    return tuple(joined_vectors.alone(text) for text in _background())
