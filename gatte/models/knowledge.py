"""The knowledge base: articles, and the passages under which they are found."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import Vector
from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Computed,
    ForeignKey,
    Identity,
    Index,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB, TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, Timestamp, string_enum
from gatte.models.desk import User

DIMENSIONS = 512  # multilingual Universal Sentence Encoder v3
GEMINI_DIMENSIONS = 768
"""Of the sizes that Google recommends for its embedding models the smallest."""


class ArticleState(StrEnum):
    """Where an article stands: not used yet, answered from, or out of use."""

    DRAFT = "draft"
    PUBLISHED = "published"
    ARCHIVED = "archived"


class Article(Base):
    """A question and its answer, as approved by people; `version` grows with every change.

    `short_answer` comes first where there is one; empty where the answer is short enough. The bot
    answers from it while it is `active`, on the days of its validity, both included.
    """

    __tablename__ = "article"
    __table_args__ = (
        CheckConstraint("valid_to >= valid_from", name="valid_in_order"),
        CheckConstraint("archived_at IS NULL OR NOT active", name="archived_out_of_use"),
    )

    id: Mapped[RowId]
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    question: Mapped[str]
    answer: Mapped[str]
    short_answer: Mapped[str] = mapped_column(default="", server_default=text("''"))
    topic: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date | None]
    valid_to: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True)
    archived_at: Mapped[Timestamp | None]
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    owner: Mapped[User | None] = relationship()
    passages: Mapped[list["Passage"]] = relationship(
        back_populates="article", cascade="all, delete-orphan"
    )

    @property
    def state(self) -> ArticleState:
        """Where it stands, by what its columns say."""
        if self.active:
            return ArticleState.PUBLISHED
        return ArticleState.DRAFT if self.archived_at is None else ArticleState.ARCHIVED


class ArticleVersion(Base):
    """What an article said, or shall say: a draft until it is published.

    A version with a higher number than its article's is a draft that waits; one that was passed by
    stays in the history. `content` is what `article_versions.content_of` gives.
    """

    __tablename__ = "article_version"
    __table_args__ = (UniqueConstraint("article_id", "number"),)

    id: Mapped[RowId]
    article_id: Mapped[UUID] = mapped_column(ForeignKey("article.id", ondelete="CASCADE"))
    number: Mapped[int]
    content: Mapped[dict[str, Any]] = mapped_column(JSONB)
    author_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[CreatedAt]
    published_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    published_at: Mapped[Timestamp | None]
    author: Mapped[User | None] = relationship(foreign_keys=[author_id])
    published_by: Mapped[User | None] = relationship(foreign_keys=[published_by_id])


class ArticleConflict(Base):
    """Two articles in use that are asked for alike and say different figures or terms; a row for
    each direction. `differences` holds what each alone says.
    """

    __tablename__ = "article_conflict"

    article_id: Mapped[UUID] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), primary_key=True
    )
    other_id: Mapped[UUID] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    similarity: Mapped[float]
    differences: Mapped[dict[str, list[str]]] = mapped_column(JSONB)
    found_at: Mapped[CreatedAt]
    article: Mapped[Article] = relationship(foreign_keys=[article_id])
    other: Mapped[Article] = relationship(foreign_keys=[other_id])


class PassageKind(StrEnum):
    """Which part of an article a passage is."""

    QUESTION = "question"
    ANSWER = "answer"
    VARIANT = "variant"


class Passage(Base):
    """A text under which an article is found: by meaning (`embedding`) and by words
    (`search_vector`, of the unaccented text).

    One that a change made `superseded` is found until those that replace it have their vectors.
    """

    __tablename__ = "passage"
    __table_args__ = (
        Index("ix_passage_search_vector", "search_vector", postgresql_using="gin"),
        Index(
            "ix_passage_unembedded",
            "article_id",
            postgresql_where=text("embedding IS NULL"),
        ),
        Index("ix_passage_superseded", "article_id", postgresql_where=text("superseded")),
        Index(
            "ix_passage_embedding",
            "embedding",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "vector_cosine_ops"},
        ),
    )

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    article_id: Mapped[UUID] = mapped_column(
        ForeignKey("article.id", ondelete="CASCADE"), index=True
    )
    kind: Mapped[PassageKind] = mapped_column(string_enum(PassageKind))
    text: Mapped[str]
    normalised: Mapped[str]
    superseded: Mapped[bool] = mapped_column(default=False, server_default=false())
    embedding: Mapped[Any | None] = mapped_column(Vector(DIMENSIONS))
    search_vector: Mapped[Any] = mapped_column(
        TSVECTOR, Computed("to_tsvector('portuguese', normalised)", persisted=True)
    )
    article: Mapped[Article] = relationship(back_populates="passages")


class PassageVector(Base):
    """The vector of a passage that an embedding model of Gemini made, beside the local one; at most
    one of a passage.
    """

    __tablename__ = "passage_vector"
    __table_args__ = (
        Index(
            "ix_passage_vector_embedding",
            "embedding",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "vector_cosine_ops"},
        ),
    )

    passage_id: Mapped[int] = mapped_column(
        BigInteger, ForeignKey("passage.id", ondelete="CASCADE"), primary_key=True
    )
    model: Mapped[str]
    embedding: Mapped[Any] = mapped_column(Vector(GEMINI_DIMENSIONS))


class KnowledgeVersion(Base):
    """One row whose `version` grows with every change of an article, a passage or a vector, in the
    same transaction (a trigger sees to that).

    `vector_model` is the model of Gemini that has made a vector of every passage; None while local
    vectors alone are searched.
    """

    __tablename__ = "knowledge_version"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
    vector_model: Mapped[str | None]
