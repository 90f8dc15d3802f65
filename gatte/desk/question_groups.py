"""Groups of unanswered questions in the hands of the company's people: answered by an article, or
dismissed. Each change is audited.
"""

from collections.abc import Sequence
from uuid import UUID

from sqlalchemy import func

from gatte.desk import corrections
from gatte.extensions import db
from gatte.intelligence.command_generator import record_of
from gatte.intelligence.knowledge import article_versions
from gatte.intelligence.knowledge.article_draft import LONGEST_LINE, MOST_EXAMPLES
from gatte.intelligence.pseudonymization import PLACEHOLDER, Pseudonymizer
from gatte.models import QuestionGroup, QuestionGroupState, Turn, UnansweredQuestion
from gatte.store import audit, knowledge, unanswered
from gatte.store.unanswered import NoSuchQuestionGroup

MOST_WORDINGS = 30
SHORTEST_WORDING = 2


def wordings(questions: Sequence[UnansweredQuestion]) -> list[str]:
    """What customers wrote, each once, without placeholders of personal values: as ways of asking
    for an article.
    """
    found: dict[str, None] = {}
    for one in questions:
        wording = _bare(one.question or "")
        if len(wording) >= SHORTEST_WORDING:
            found[wording] = None
    return list(found)[:MOST_WORDINGS]


def _bare(text: str) -> str:
    """A text as a way of asking: one line without placeholders of personal values."""
    line = " ".join(PLACEHOLDER.sub("", text).split())
    return line[:LONGEST_LINE].strip()


def wordings_of(group_id: UUID) -> list[str]:
    """The wordings of a group, those asked last first."""
    return wordings(unanswered.list_questions(group_id, MOST_WORDINGS * 2))


def answer_with(group_id: UUID, article_id: UUID, user_id: int) -> QuestionGroup:
    """Note that an article answers these questions; NoSuchQuestionGroup."""
    group = unanswered.get_group_locked(group_id)
    group.article_id = article_id
    _set_state(group, QuestionGroupState.ANSWERED, user_id)
    return group


def attach(group_id: UUID, article_id: UUID, user_id: int) -> QuestionGroup:
    """Add the wordings of a group to an article as a draft of it, and note that it answers them;
    NoSuchQuestionGroup, or NoSuchArticle when that is gone.
    """
    knowledge.lock_import(db.session())
    article = knowledge.find_article(db.session(), article_id)
    if article is None:
        raise NoSuchQuestionGroup(str(article_id))
    draft = article_versions.newest_draft(db.session(), article)
    asks = dict.fromkeys([*draft.example_questions, *wordings_of(group_id)])
    whole = draft.model_copy(update={"example_questions": tuple(asks)[:MOST_EXAMPLES]})
    article_versions.save(db.session(), article, whole, user_id)
    audit.record(user_id, "article.draft", f"article:{article_id}")
    return answer_with(group_id, article_id, user_id)


def dismiss(group_id: UUID, user_id: int) -> QuestionGroup:
    """Note that these questions need no answer; NoSuchQuestionGroup."""
    group = unanswered.get_group_locked(group_id)
    _set_state(group, QuestionGroupState.DISMISSED, user_id)
    return group


def reopen(group_id: UUID, user_id: int) -> QuestionGroup:
    """Put a group back among those that wait for people; NoSuchQuestionGroup."""
    group = unanswered.get_group_locked(group_id)
    group.article_id = None
    _set_state(group, QuestionGroupState.OPEN, user_id)
    return group


def _set_state(group: QuestionGroup, state: QuestionGroupState, user_id: int) -> None:
    group.state = state
    group.updated_by_id = user_id
    group.updated_at = func.now()
    audit.record(user_id, f"questions.{state.value}", f"question_group:{group.id}")


def wording_of_turn(turn: Turn) -> str:
    """What the customer said in a turn, without personal values, for an article that answers it; ""
    when its words are not recorded any more.
    """
    history = corrections.history_of(turn)
    if history is None:
        return ""
    said = [heard.text for heard in corrections.utterances_of(history) if heard.text]
    hidden = Pseudonymizer(record_of(history.start)).hide_messages(said)
    return _bare(" ".join(one.text for one in hidden))
