"""The tables `unanswered_question` and `question_group`."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, exists, func, select
from sqlalchemy.orm import selectinload

from gatte.extensions import db
from gatte.infra.database.statement_batch import StatementBatch
from gatte.models import (
    Conversation,
    QuestionGroup,
    QuestionGroupState,
    UnansweredQuestion,
    UnansweredReason,
)
from gatte.models.columns import new_uuid7


class NoSuchQuestionGroup(Exception):
    """There is no group of questions with this id."""


@dataclass(frozen=True)
class CountedGroup:
    """A group with how many questions it has, and when the last one was asked."""

    group: QuestionGroup
    count: int
    last_asked_at: datetime


def insert(
    batch: StatementBatch,
    conversation: Conversation,
    message_id: UUID | None,
    question: str,
    reason: UnansweredReason,
) -> None:
    """Add to a batch that a question of a conversation was not answered."""
    row_id = new_uuid7()
    key = conversation.data_key_id
    batch.insert(
        "unanswered_question",
        {
            "id": row_id,
            "data_key_id": key,
            "contact_id": conversation.contact_id,
            "conversation_id": conversation.id,
            "message_id": message_id,
            "reason": reason.value,
            "question_sealed": UnansweredQuestion.question.encrypt(row_id, key, question),
        },
    )


def list_ungrouped(limit: int) -> Sequence[UnansweredQuestion]:
    """Questions that are in no group yet, the oldest first, locked."""
    query = select(UnansweredQuestion).where(UnansweredQuestion.group_id.is_(None))
    in_order = query.order_by(UnansweredQuestion.created_at, UnansweredQuestion.id)
    return db.session.scalars(in_order.limit(limit).with_for_update(skip_locked=True)).all()


def list_joinable(limit: int) -> Sequence[QuestionGroup]:
    """Groups that further questions may join, those changed last first, with their questions: open
    ones, and dismissed ones, which stay so.
    """
    query = select(QuestionGroup).where(QuestionGroup.state != QuestionGroupState.ANSWERED)
    in_order = query.order_by(QuestionGroup.updated_at.desc(), QuestionGroup.id)
    with_questions = in_order.options(selectinload(QuestionGroup.questions))
    return db.session.scalars(with_questions.limit(limit)).all()


def add_group() -> QuestionGroup:
    """A new group without questions."""
    group = QuestionGroup(id=new_uuid7(), state=QuestionGroupState.OPEN)
    db.session.add(group)
    return group


def delete_empty_groups() -> None:
    """Delete open groups whose questions are all gone."""
    has_question = exists().where(UnansweredQuestion.group_id == QuestionGroup.id)
    empty = delete(QuestionGroup).where(
        QuestionGroup.state == QuestionGroupState.OPEN, ~has_question
    )
    db.session.execute(empty.execution_options(synchronize_session=False))


def list_groups(state: QuestionGroupState, limit: int) -> list[CountedGroup]:
    """Groups in a state, the largest first, with their questions and their article."""
    counted = (
        select(
            UnansweredQuestion.group_id,
            func.count().label("count"),
            func.max(UnansweredQuestion.created_at).label("last"),
        )
        .group_by(UnansweredQuestion.group_id)
        .subquery()
    )
    query = (
        select(QuestionGroup, counted.c.count, counted.c.last)
        .join(counted, counted.c.group_id == QuestionGroup.id)
        .where(QuestionGroup.state == state)
        .options(selectinload(QuestionGroup.questions), selectinload(QuestionGroup.article))
        .order_by(counted.c.count.desc(), counted.c.last.desc(), QuestionGroup.id)
        .limit(limit)
    )
    return [CountedGroup(*row) for row in db.session.execute(query)]


def count_groups() -> dict[QuestionGroupState, int]:
    """How many groups that have questions are in each state; states of none are left out."""
    has_question = exists().where(UnansweredQuestion.group_id == QuestionGroup.id)
    counting = select(QuestionGroup.state, func.count()).where(has_question)
    return dict(db.session.execute(counting.group_by(QuestionGroup.state)).all())


def find_group(group_id: UUID) -> QuestionGroup | None:
    """A group of questions."""
    return db.session.get(QuestionGroup, group_id)


def get_group_locked(group_id: UUID) -> QuestionGroup:
    """A group, locked until the transaction ends; NoSuchQuestionGroup when there is none."""
    locked = select(QuestionGroup).filter_by(id=group_id).with_for_update()
    group: QuestionGroup | None = db.session.scalar(
        locked.execution_options(populate_existing=True)
    )
    if group is None:
        raise NoSuchQuestionGroup(str(group_id))
    return group


def list_questions(group_id: UUID, limit: int) -> Sequence[UnansweredQuestion]:
    """The questions of a group, the latest first."""
    query = select(UnansweredQuestion).filter_by(group_id=group_id)
    in_order = query.order_by(UnansweredQuestion.created_at.desc(), UnansweredQuestion.id)
    return db.session.scalars(in_order.limit(limit)).all()


def delete_told_in(message_id: UUID) -> None:
    """Delete the question of a message whose words are to be forgotten."""
    told = delete(UnansweredQuestion).where(UnansweredQuestion.message_id == message_id)
    db.session.execute(told.execution_options(synchronize_session=False))
