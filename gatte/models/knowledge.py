"""The knowledge base: articles, and the passages under which they are found."""

from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from pgvector.sqlalchemy import Vector
from sqlalchemy import BigInteger, CheckConstraint, Computed, ForeignKey, Identity, Index, text
from sqlalchemy.dialects.postgresql import TSVECTOR
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, string_enum

DIMENSIONS = 512  # multilingual Universal Sentence Encoder v3


class Article(Base):
    """A question and its answer, as approved by people; `version` grows with every change.

    `short_answer` comes first where there is one; empty where the answer is short enough.
    """

    __tablename__ = "article"

    id: Mapped[RowId]
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    question: Mapped[str]
    answer: Mapped[str]
    short_answer: Mapped[str] = mapped_column(default="", server_default=text("''"))
    topic: Mapped[str] = mapped_column(default="")
    source: Mapped[str] = mapped_column(default="")
    valid_from: Mapped[date | None]
    active: Mapped[bool] = mapped_column(default=True)
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    passages: Mapped[list["Passage"]] = relationship(
        back_populates="article", cascade="all, delete-orphan"
    )


class PassageKind(StrEnum):
    """Which part of an article a passage is."""

    QUESTION = "question"
    ANSWER = "answer"
    VARIANT = "variant"


class Passage(Base):
    """A text under which an article is found: by meaning (`embedding`) and by words
    (`search_vector`, of the unaccented text).
    """

    __tablename__ = "passage"
    __table_args__ = (
        Index("ix_passage_search_vector", "search_vector", postgresql_using="gin"),
        Index(
            "ix_passage_unembedded",
            "article_id",
            postgresql_where=text("embedding IS NULL"),
        ),
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
    embedding: Mapped[Any | None] = mapped_column(Vector(DIMENSIONS))
    search_vector: Mapped[Any] = mapped_column(
        TSVECTOR, Computed("to_tsvector('portuguese', normalised)", persisted=True)
    )
    article: Mapped[Article] = relationship(back_populates="passages")


class KnowledgeVersion(Base):
    """One row whose `version` grows with every change of an article or passage, in the same
    transaction (a trigger sees to that).
    """

    __tablename__ = "knowledge_version"
    __table_args__ = (CheckConstraint("id = 1", name="only_one"),)

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    version: Mapped[int] = mapped_column(BigInteger)
