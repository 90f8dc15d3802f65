"""The tables `article`, `passage` and `knowledge_version`.

A search reads in a session of its own, which its caller gives.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import exists, func, or_, select, text
from sqlalchemy.orm import Session, aliased, joinedload, selectinload

from gatte.infra.database.statement_batch import Row, fetch_rows_in
from gatte.models.knowledge import (
    Article,
    ArticleVersion,
    KnowledgeVersion,
    Passage,
    PassageKind,
)

IMPORT_LOCK = 0x6B6E6F77  # "know": two imports at once wait for each other
VERSION_COLUMNS = (
    "coalesce((SELECT version FROM knowledge_version), 0) AS edition, current_date AS today,"
    " (SELECT vector_model FROM knowledge_version) AS vector_model"
)
"""The state of the knowledge base, as columns of any statement: its number, which grows with every
change (0 before the first article); the day, since articles come into force by date; and the model
of Gemini whose vectors are searched, if any.
"""

VECTOR_CANDIDATES = 60
"""More than these and those by words did not rank better."""
LEXICAL_CANDIDATES = 30
HNSW_EF_SEARCH = 150
"""Entries that the vector index looks at: more finds more of the true neighbours in a large base,
and takes longer.
"""
WORD_MATCHES = 2_000
"""Of the passages that share a word, this many are scored: common words match everything in a large
base.
"""

# Of the table `passage` with its `article`: no vector yet, and changed so lately that it needs one;
# or replaced, and still there. An older passage without a vector is of a host that cannot make any.
UNEMBEDDED = (
    "(p.superseded OR p.embedding IS NULL AND a.updated_at > clock_timestamp() - interval '1 hour')"
)
DELETE_SUPERSEDED_SQL = text("""
    DELETE FROM passage p
    WHERE p.superseded
        AND (:even_without_vectors OR NOT EXISTS (
            SELECT FROM passage n
            WHERE n.article_id = p.article_id AND NOT n.superseded AND n.embedding IS NULL))
    RETURNING p.article_id
""")
INDEX_EFFORT = f"SELECT set_config('hnsw.ef_search', '{HNSW_EF_SEARCH}', true)"
"""For the statement that travels with it."""
# Planning takes as long as searching, so it is prepared; `to_tsquery` is a subquery, since it would
# be worked out for each row then. A NULL vector finds nothing, nor does a text of stop words alone.
# The texts of an article come with its first passage.
CANDIDATES = f"""
    WITH active AS NOT MATERIALIZED (
        SELECT passage.*
        FROM passage JOIN article ON article.id = passage.article_id
        WHERE article.active
            AND (article.valid_from IS NULL OR article.valid_from <= current_date)
            AND (article.valid_to IS NULL OR article.valid_to >= current_date)
    ),
    nearest AS (
        SELECT id FROM active
        WHERE CAST(%(vector)s AS vector) IS NOT NULL
        ORDER BY embedding <=> CAST(%(vector)s AS vector)
        LIMIT {VECTOR_CANDIDATES}
    ),
    matches AS (
        SELECT id, search_vector FROM passage
        WHERE search_vector @@ (SELECT to_tsquery('portuguese', %(any_word)s))
        LIMIT {WORD_MATCHES}
    ),
    sharing_words AS (
        SELECT id FROM matches
        ORDER BY
            ts_rank(search_vector, (SELECT to_tsquery('portuguese', %(any_word)s)), 1) DESC,
            id
        LIMIT {LEXICAL_CANDIDATES}
    ),
    candidate AS (
        SELECT id, article_id, kind, text,
            row_number() OVER (PARTITION BY article_id ORDER BY id) = 1 AS is_first
        FROM active
        WHERE id IN (SELECT id FROM nearest UNION SELECT id FROM sharing_words)
    )
    SELECT candidate.id, article_id, kind, text, is_first, slug, title, question, answer,
        short_answer, topic, source
    FROM candidate LEFT JOIN article ON article.id = article_id AND is_first
    ORDER BY candidate.id
"""  # noqa: S608 - numbers of our own only

NEWEST_FIRST = (ArticleVersion.number.desc(), ArticleVersion.id)


@dataclass(frozen=True)
class ArticleTexts:
    """What a customer may be told of an article, and its names."""

    id: UUID
    slug: str
    title: str
    question: str
    answer: str
    short_answer: str
    topic: str
    source: str


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


def lock_import(session: Session) -> None:
    """Let nobody else import articles until the transaction ends."""
    session.execute(select(func.pg_advisory_xact_lock(IMPORT_LOCK)))


def lock_version(session: Session) -> None:
    """Let no change of an article or passage commit until the transaction ends. Whoever changes an
    article has this row before its passages; who took it after them would wait for each other.
    """
    session.execute(select(KnowledgeVersion.id).with_for_update())


def find_article(session: Session, article_id: UUID) -> Article | None:
    """The article with this id."""
    return session.get(Article, article_id)


def list_unembedded(session: Session, limit: int) -> Sequence[Passage]:
    """Passages without a vector, of articles that were changed lately or wait for new passages,
    locked.
    """
    former = aliased(Passage)
    replaces = exists().where(former.article_id == Passage.article_id, former.superseded)
    is_recent = Article.updated_at > func.clock_timestamp() - text("interval '1 hour'")
    query = (
        select(Passage)
        .join(Passage.article)
        .where(Passage.embedding.is_(None), Passage.superseded.is_(False), or_(is_recent, replaces))
    )
    locked = query.order_by(Passage.id).limit(limit).with_for_update(of=Passage, skip_locked=True)
    return session.scalars(locked).all()


def delete_superseded(session: Session, *, even_without_vectors: bool) -> set[UUID]:
    """Delete the passages that others replace, where those have their vectors; the articles of
    which some were.
    """
    values = {"even_without_vectors": even_without_vectors}
    return set(session.scalars(DELETE_SUPERSEDED_SQL, values))


def find_newest_version(session: Session, article_id: UUID) -> ArticleVersion | None:
    """The version of an article with the highest number."""
    mine = select(ArticleVersion).where(ArticleVersion.article_id == article_id)
    return session.scalar(mine.order_by(*NEWEST_FIRST).limit(1))


def list_versions(session: Session, article_id: UUID) -> Sequence[ArticleVersion]:
    """The versions of an article with who wrote and published them, the newest first."""
    query = select(ArticleVersion).where(ArticleVersion.article_id == article_id)
    people = (joinedload(ArticleVersion.author), joinedload(ArticleVersion.published_by))
    return session.scalars(query.options(*people).order_by(*NEWEST_FIRST)).all()


def list_slugs(session: Session, beginning: str) -> set[str]:
    """The slugs that begin so."""
    found = select(Article.slug).where(Article.slug.startswith(beginning, autoescape=True))
    return set(session.scalars(found))


def ids_by_slug(session: Session, slugs: Iterable[str]) -> dict[str, UUID]:
    """The ids of the articles with these slugs; of one that is gone there is none."""
    wanted = list(slugs)
    if not wanted:
        return {}
    query = select(Article.slug, Article.id).where(Article.slug.in_(wanted))
    return {row.slug: row.id for row in session.execute(query)}


def find_by_slug(session: Session, slug: str) -> Article | None:
    """The article with this slug, with its passages."""
    return articles_by_slug(session, [slug]).get(slug)


def list_page(
    session: Session,
    *,
    topic: str | None,
    active: bool | None,
    updated_since: datetime | None = None,
    after: str | None,
    limit: int,
) -> Sequence[Article]:
    """Articles of a topic, in use or not, changed since a time, where asked, by slug, with their
    passages; those behind the slug `after`.
    """
    query = select(Article).options(selectinload(Article.passages))
    if topic is not None:
        query = query.where(Article.topic == topic)
    if active is not None:
        query = query.where(Article.active == active)
    if updated_since is not None:
        query = query.where(Article.updated_at >= updated_since)
    if after is not None:
        query = query.where(Article.slug > after)
    return session.scalars(query.order_by(Article.slug).limit(limit)).all()


def articles_by_slug(session: Session, slugs: Iterable[str]) -> dict[str, Article]:
    """The articles with these slugs, with their passages."""
    query = select(Article).where(Article.slug.in_(list(slugs)))
    found = session.scalars(query.options(selectinload(Article.passages)))
    return {article.slug: article for article in found}


def list_candidates(
    session: Session, vector: Sequence[float] | None, words: Sequence[str]
) -> tuple[list[PassageRow], dict[UUID, ArticleTexts]]:
    """The passages of articles in force that are nearest to a vector, and those that share most
    words with these, each once, in the order of their ids; and their articles. The words hold
    letters and digits only.
    """
    values = {
        "vector": None if vector is None else "[" + ",".join(map(repr, vector)) + "]",
        "any_word": " | ".join(dict.fromkeys(words)),
    }
    return candidates_of(fetch_rows_in(session, (INDEX_EFFORT, ()), (CANDIDATES, values)))


def candidates_of(found: Sequence[Row]) -> tuple[list[PassageRow], dict[UUID, ArticleTexts]]:
    """Rows of passages as `CANDIDATES` gives them, and the articles of those that come first."""
    passages = [
        PassageRow(row.id, row.article_id, PassageKind(row.kind), row.text) for row in found
    ]
    articles = {
        row.article_id: ArticleTexts(
            row.article_id,
            row.slug,
            row.title,
            row.question,
            row.answer,
            row.short_answer,
            row.topic,
            row.source,
        )
        for row in found
        if row.is_first
    }
    return passages, articles


def sent_vectors(session: Session, ids: Sequence[int]) -> dict[int, bytes | None]:
    """The vectors of these passages as Postgres sends them in binary, None for a passage without
    one: reading 500 numbers as text takes longer than all the rest of a search.
    """
    if not ids:
        return {}
    query = select(Passage.id, func.vector_send(Passage.embedding)).where(Passage.id.in_(ids))
    return dict(session.execute(query).all())
