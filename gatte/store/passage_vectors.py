"""The table `passage_vector`: the vectors of passages that Gemini made, beside the local ones.

A passage has one of one model. While some passages of articles in use still lack theirs, the
searches go by the local ones alone: `knowledge_version.vector_model` says when they are complete.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from gatte.infra.database.statement_batch import fetch_rows_in
from gatte.store.knowledge import (
    INDEX_EFFORT,
    VECTOR_CANDIDATES,
    ArticleTexts,
    PassageRow,
    candidates_of,
)

# Of the tables `passage` and `article`: passages that are to have a vector, and have none of the
# model.
WANTED = "a.active AND NOT p.superseded"
LACKING = f"""
    {WANTED} AND NOT EXISTS (
        SELECT FROM passage_vector v WHERE v.passage_id = p.id AND v.model = :model)
"""  # nosec B608 - our own words only
MISSING_SQL = text(f"""
    SELECT p.id, p.text
    FROM passage p JOIN article a ON a.id = p.article_id
    WHERE {LACKING}
    ORDER BY p.id
    LIMIT :most
""")  # noqa: S608 - our own words only
COUNTS_SQL = text(f"""
    SELECT count(*) AS wanted, count(*) FILTER (WHERE {LACKING}) AS missing
    FROM passage p JOIN article a ON a.id = p.article_id
    WHERE {WANTED}
""")  # noqa: S608 - our own words only
# A passage may have gone while its vector was made.
STORE_SQL = text("""
    INSERT INTO passage_vector (passage_id, model, embedding)
    SELECT p.id, :model, CAST(made.numbers AS vector)
    FROM unnest(CAST(:ids AS bigint[]), CAST(:numbers AS text[])) AS made (id, numbers)
    JOIN passage p ON p.id = made.id
    FOR KEY SHARE OF p
    ON CONFLICT (passage_id) DO UPDATE SET
        model = excluded.model, embedding = excluded.embedding
""")
SERVE_SQL = text("""
    UPDATE knowledge_version
    SET vector_model = :model, version = version + 1
    WHERE vector_model IS DISTINCT FROM :model
""")
NEAREST = f"""
    WITH nearest AS (
        SELECT v.passage_id
        FROM passage_vector v
        JOIN passage ON passage.id = v.passage_id
        JOIN article ON article.id = passage.article_id
        WHERE v.model = %(model)s
            AND article.active
            AND (article.valid_from IS NULL OR article.valid_from <= current_date)
            AND (article.valid_to IS NULL OR article.valid_to >= current_date)
        ORDER BY v.embedding <=> CAST(%(vector)s AS vector)
        LIMIT {VECTOR_CANDIDATES}
    )
    SELECT passage.id, article_id, kind, text, TRUE AS is_first, slug, title, question, answer,
        short_answer, topic, source
    FROM nearest
    JOIN passage ON passage.id = nearest.passage_id
    JOIN article ON article.id = article_id
    ORDER BY passage.id
"""  # noqa: S608 - numbers of our own only
SENT_SQL = text("""
    SELECT passage_id, vector_send(embedding)
    FROM passage_vector
    WHERE passage_id = ANY(:ids) AND model = :model
""")


@dataclass(frozen=True)
class MissingVector:
    """A passage without a vector of a model."""

    passage_id: int
    text: str


@dataclass(frozen=True)
class VectorCounts:
    """The passages of articles in use, and those of them that lack a vector of a model."""

    wanted: int
    missing: int


def list_missing(session: Session, model: str, most: int) -> list[MissingVector]:
    """Passages of articles in use that have no vector of this model, the oldest first."""
    rows = session.execute(MISSING_SQL, {"model": model, "most": most})
    return [MissingVector(row.id, row.text) for row in rows]


def count(session: Session, model: str) -> VectorCounts:
    """How many passages are to have a vector of this model, and how many lack it."""
    row = session.execute(COUNTS_SQL, {"model": model}).one()
    return VectorCounts(row.wanted, row.missing)


def store(
    session: Session, model: str, passage_ids: Sequence[int], vectors: Sequence[Sequence[float]]
) -> None:
    """Keep the vectors of these passages in place of those of any model; one that is gone is left
    out. The caller commits.
    """
    numbers = [_written(vector) for vector in vectors]
    session.execute(STORE_SQL, {"model": model, "ids": list(passage_ids), "numbers": numbers})


def serve(session: Session, model: str | None) -> None:
    """Let searches go by the vectors of this model, or by the local ones alone. The caller
    commits.
    """
    session.execute(SERVE_SQL, {"model": model})


def list_nearest(
    session: Session, model: str, vector: Sequence[float]
) -> tuple[list[PassageRow], dict[UUID, ArticleTexts]]:
    """The passages of articles in force that are nearest to a vector of this model, in the order of
    their ids, and their articles.
    """
    values = {"model": model, "vector": _written(vector)}
    return candidates_of(fetch_rows_in(session, (INDEX_EFFORT, ()), (NEAREST, values)))


def sent_vectors(session: Session, model: str, ids: Sequence[int]) -> dict[int, Any]:
    """The vectors of these passages as Postgres sends them in binary; of one that has none of this
    model there is none.
    """
    if not ids:
        return {}
    return dict(session.execute(SENT_SQL, {"ids": list(ids), "model": model}).all())


def _written(vector: Sequence[float]) -> str:
    """A vector as Postgres reads it."""
    return "[" + ",".join(repr(float(number)) for number in vector) + "]"
