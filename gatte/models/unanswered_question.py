"""Questions that the bot did not answer, and the groups of those that ask alike."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from gatte.extensions import Base
from gatte.models.columns import CreatedAt, RowId, string_enum
from gatte.models.knowledge import Article
from gatte.models.sealing import EncryptedColumn, HasEncryptedColumns


class UnansweredReason(StrEnum):
    """Why a question counts as not answered: nothing grounded was found, it was not understood, or
    the customer said that the answer was no help.
    """

    NO_ANSWER = "no_answer"
    NOT_UNDERSTOOD = "not_understood"
    NOT_HELPFUL = "not_helpful"


class QuestionGroupState(StrEnum):
    """What people made of a group of questions: nothing yet, an article, or nothing at all."""

    OPEN = "open"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


class QuestionGroup(Base):
    """Unanswered questions that ask alike; `article_id` is what answers them now."""

    __tablename__ = "question_group"

    id: Mapped[RowId]
    state: Mapped[QuestionGroupState] = mapped_column(
        string_enum(QuestionGroupState), default=QuestionGroupState.OPEN
    )
    article_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("article.id", ondelete="SET NULL"), index=True
    )
    updated_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"), index=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[CreatedAt]
    article: Mapped[Article | None] = relationship()
    questions: Mapped[list["UnansweredQuestion"]] = relationship(back_populates="group")


class UnansweredQuestion(HasEncryptedColumns, Base):
    """A customer's question without an answer, with placeholders in place of personal values; in
    no group until the job has looked at it.
    """

    __tablename__ = "unanswered_question"
    __table_args__ = (
        Index(
            "ix_unanswered_question_ungrouped",
            "created_at",
            postgresql_where=text("group_id IS NULL"),
        ),
    )

    contact_id: Mapped[UUID] = mapped_column(
        ForeignKey("contact.id", ondelete="CASCADE"), index=True
    )
    conversation_id: Mapped[UUID] = mapped_column(
        ForeignKey("conversation.id", ondelete="CASCADE"), index=True
    )
    message_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("message.id", ondelete="CASCADE"), index=True
    )
    group_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("question_group.id", ondelete="SET NULL"), index=True
    )
    reason: Mapped[UnansweredReason] = mapped_column(string_enum(UnansweredReason))
    question = EncryptedColumn[str]()
    created_at: Mapped[CreatedAt]
    group: Mapped[QuestionGroup | None] = relationship(back_populates="questions")
