"""The tables `article`, `passage` and `knowledge_version`.

A search reads in a session of its own, which its caller gives.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, text
from sqlalchemy.dialects.postgresql import TSQUERY
from sqlalchemy.orm import Session, selectinload

from gatte.infra.database.statement_batch import Row
from gatte.models.knowledge import Article, KnowledgeVersion, Passage, PassageKind

IMPORT_LOCK = 0x6B6E6F77  # "know": two imports at once wait for each other
VERSION_COLUMNS = (
    "coalesce((SELECT number FROM knowledge_version), 0) AS edition, current_date AS today"
)
"""The state of the knowledge base, as columns of any statement: its number, which grows with every
change (0 before the first article), and the day, since articles come into force by date.
"""


@dataclass(frozen=True)
class PassageRow:
    """A passage without its vector."""

    id: int
    article_id: UUID
    kind: PassageKind
    text: str


def read_version(session: Session) -> Row:
    """The `VERSION_COLUMNS` as this session sees them."""
    return session.execute(text(f"SELECT {VERSION_COLUMNS}")).one()


def version_number(session: Session) -> int:
    """How often the knowledge base was changed; 0 before the first article."""
    return session.scalar(select(KnowledgeVersion.number)) or 0


def lock_import(session: Session) -> None:
    """Let nobody else import articles until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))


def find_article(session: Session, article_id: UUID) -> Article | None:
    """The article with this id."""
    return session.get(Article, article_id)


def articles_by_slug(session: Session, slugs: Iterable[str]) -> dict[str, Article]:
    """The articles with these slugs, with their passages."""
    query = select(Article).where(Article.slug.in_(list(slugs)))
    found = session.scalars(query.options(selectinload(Article.passages)))
    return {article.slug: article for article in found}


def articles_by_id(session: Session, ids: Collection[UUID]) -> dict[UUID, Article]:
    """The articles with these ids."""
    found = session.scalars(select(Article).where(Article.id.in_(ids)))
    return {article.id: article for article in found}


def list_passages(session: Session, limit: int) -> list[PassageRow]:
    """The first passages of articles in force, by id."""
    return _rows(session, _in_force().order_by(Passage.id).limit(limit))


def list_nearest_passages(
    session: Session,
    vector: Any,  # noqa: ANN401 - an array
    limit: int,
    ef_search: int,
) -> list[PassageRow]:
    """The passages of articles in force that are nearest to a vector, the nearest first; the index
    looks at `ef_search` entries.
    """
    this_transaction_only = True
    session.execute(
        select(func.set_config("hnsw.ef_search", str(ef_search), this_transaction_only))
    )
    nearest = _in_force().order_by(Passage.embedding.cosine_distance(vector))
    return _rows(session, nearest.limit(limit))


def list_passages_with_words(
    session: Session, words: Sequence[str], limit: int, scored: int
) -> list[PassageRow]:
    """The passages of articles in force that share most words with these; none without words.

    Of the passages that share any, `scored` are compared. The words hold letters and digits only.
    """
    if not words:
        return []
    query: ColumnElement[Any] = func.to_tsquery(
        "portuguese", literal(" | ".join(dict.fromkeys(words))), type_=TSQUERY
    )
    matches = (
        select(Passage.id, Passage.words)
        .where(Passage.words.op("@@")(query))
        .limit(scored)
        .subquery()
    )
    best = (
        select(matches.c.id)
        .order_by(func.ts_rank(matches.c.words, query, 1).desc(), matches.c.id)
        .limit(limit)
    )
    return _rows(session, _in_force().where(Passage.id.in_(best.scalar_subquery())))


def _in_force() -> Select[int, UUID, PassageKind, str]:
    """The passages of articles that are switched on and valid today."""
    valid = or_(Article.valid_from.is_(None), Article.valid_from <= func.current_date())
    return (
        select(Passage.id, Passage.article_id, Passage.kind, Passage.text)
        .join(Passage.article)
        .where(Article.active, valid)
    )


def _rows(session: Session, found: Select[int, UUID, PassageKind, str]) -> list[PassageRow]:
    return [
        PassageRow(row.id, row.article_id, row.kind, row.text) for row in session.execute(found)
    ]


def sent_vectors(session: Session, ids: Sequence[int]) -> dict[int, bytes | None]:
    """The vectors of these passages as Postgres sends them in binary, None for a passage without
    one: reading 500 numbers as text takes longer than all the rest of a search.
    """
    if not ids:
        return {}
    query = select(Passage.id, func.vector_send(Passage.embedding)).where(Passage.id.in_(ids))
    return dict(session.execute(query).all())


def read_word_counts(session: Session) -> Iterable[Row]:
    """Passage id, lexeme and how often it stands there, for all words of all passages."""
    return session.execute(
        text("SELECT id, lexeme, cardinality(positions) FROM passage, unnest(words)")
    )


def lexemes_by_word(session: Session, words: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """What Portuguese text search makes of each of these words; of a stop word nothing."""
    query = text(
        "SELECT word, tsvector_to_array(to_tsvector('portuguese', word))"
        " FROM unnest(CAST(:words AS text[])) AS word"
    )
    found = session.execute(query, {"words": words})
    return {word: tuple(lexemes) for word, lexemes in found}
