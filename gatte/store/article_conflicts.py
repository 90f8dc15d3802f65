"""The table `article_conflict`: articles that are asked for alike and contradict each other."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Select, delete, func, or_, select, text
from sqlalchemy.orm import Session, aliased, joinedload

from gatte.models.knowledge import Article, ArticleConflict

NEIGHBOURS = 5
MOST_SIMILAR_FIRST = (
    ArticleConflict.similarity.desc(),
    ArticleConflict.article_id,
    ArticleConflict.other_id,
)
IN_ONE_DIRECTION = ArticleConflict.article_id < ArticleConflict.other_id
# Of each question of an article, the nearest questions of others in use.
SIMILAR_SQL = text(f"""
    SELECT mine.article_id, near.article_id AS other_id, max(near.similarity) AS similarity
    FROM passage mine
    JOIN article own ON own.id = mine.article_id AND own.active
    JOIN LATERAL (
        SELECT p.article_id, 1 - (p.embedding <=> mine.embedding) AS similarity
        FROM passage p
        JOIN article a ON a.id = p.article_id
        WHERE p.kind = 'question' AND NOT p.superseded AND a.active
            AND p.article_id <> mine.article_id
        ORDER BY p.embedding <=> mine.embedding
        LIMIT {NEIGHBOURS}
    ) near ON near.similarity >= :least
    WHERE mine.article_id = ANY(:ids)
        AND mine.kind = 'question' AND NOT mine.superseded AND mine.embedding IS NOT NULL
    GROUP BY mine.article_id, near.article_id
    ORDER BY mine.article_id, near.article_id
""")  # noqa: S608 - our own words only


@dataclass(frozen=True)
class SimilarArticles:
    """Two articles in use that are asked for alike, and what they answer."""

    article_id: UUID
    other_id: UUID
    similarity: float
    answer: str
    other_answer: str


def list_similar(
    session: Session, article_ids: Collection[UUID], least: float
) -> list[SimilarArticles]:
    """These articles with those whose questions are at least so near to theirs (a cosine)."""
    rows = session.execute(SIMILAR_SQL, {"ids": list(article_ids), "least": least}).all()
    named = {one for row in rows for one in (row.article_id, row.other_id)}
    found = session.execute(select(Article.id, Article.answer).where(Article.id.in_(named)))
    answers = {row.id: row.answer for row in found}
    return [
        SimilarArticles(
            row.article_id,
            row.other_id,
            float(row.similarity),
            answers[row.article_id],
            answers[row.other_id],
        )
        for row in rows
    ]


def delete_of(session: Session, article_ids: Collection[UUID]) -> None:
    """Forget what was found between these articles and any others."""
    either = or_(
        ArticleConflict.article_id.in_(article_ids), ArticleConflict.other_id.in_(article_ids)
    )
    session.execute(delete(ArticleConflict).where(either))


def insert(session: Session, pair: SimilarArticles, mine: list[str], others: list[str]) -> None:
    """Store a contradiction, once for each of the two articles."""
    ways = (
        (pair.article_id, pair.other_id, {"this": mine, "other": others}),
        (pair.other_id, pair.article_id, {"this": others, "other": mine}),
    )
    for article_id, other_id, differences in ways:
        session.merge(
            ArticleConflict(
                article_id=article_id,
                other_id=other_id,
                similarity=pair.similarity,
                differences=differences,
            )
        )


def list_of_article(session: Session, article_id: UUID) -> Sequence[ArticleConflict]:
    """What contradicts an article, the most similar first, with the articles."""
    query = _in_use(_with_articles()).where(ArticleConflict.article_id == article_id)
    return session.scalars(query.order_by(*MOST_SIMILAR_FIRST)).all()


def list_all(session: Session, limit: int) -> Sequence[ArticleConflict]:
    """The contradictions among articles in use, each once, the most similar first."""
    once = _in_use(_with_articles()).where(IN_ONE_DIRECTION)
    return session.scalars(once.order_by(*MOST_SIMILAR_FIRST).limit(limit)).all()


def count(session: Session) -> int:
    """How many pairs of articles in use contradict each other."""
    counting = select(func.count()).select_from(ArticleConflict)
    return session.scalar(_in_use(counting).where(IN_ONE_DIRECTION)) or 0


def _with_articles() -> Select[ArticleConflict]:
    articles = (joinedload(ArticleConflict.article), joinedload(ArticleConflict.other))
    return select(ArticleConflict).options(*articles)


def _in_use(query: Select[Any]) -> Select[Any]:
    """The contradictions of which both articles are in use."""
    one = aliased(Article)
    other = aliased(Article)
    with_one = query.join(one, one.id == ArticleConflict.article_id)
    with_both = with_one.join(other, other.id == ArticleConflict.other_id)
    return with_both.where(one.active, other.active)
