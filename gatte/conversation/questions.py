"""The questions of a turn: what facts may answer, what the knowledge base shall, and what the
contact's own records tell at once.
"""

from gatte.conversation.commands import Question
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.fact_questions import OWN_RECORDS
from gatte.conversation.fact_reading import PRODUCTS_FLAG, TOPIC_FLAG
from gatte.conversation.own_records import tell_own_record
from gatte.conversation.slot_filling import proceed
from gatte.conversation.states import Event

ASKED_FLAG = "asked"
"""The mark that keeps the last question, for whoever wants to know more."""
OFFER_MORE = "more"
"""The offer to tell the whole article of which the short form was said."""
LONGEST_KEPT = 300


def ask(draft: DecisionBuilder, text: str, cause: str) -> None:
    """Hand a question to the knowledge base, with others of the turn; what runs goes on after the
    answer.
    """
    _open(draft, cause)
    draft.set_flag(TOPIC_FLAG, None)
    draft.set_flag(PRODUCTS_FLAG, None)
    asked = draft.question or ""
    if text not in asked:
        draft.question = f"{asked}\n{text}".strip()
    draft.set_flag(ASKED_FLAG, (draft.question or text)[:LONGEST_KEPT])


def take_question(draft: DecisionBuilder, question: Question) -> None:
    """Take a question in: for facts, for the contact's own records, or for the knowledge base."""
    if not question.facts:
        ask(draft, question.text, question.intent or "question")
        return
    _open(draft, question.intent or "question")
    draft.set_flag(ASKED_FLAG, question.text[:LONGEST_KEPT])
    for one in question.facts:
        if one.topic in OWN_RECORDS:
            tell_own_record(draft, one)
        elif one not in draft.fact_questions:
            draft.fact_questions.append(one)
        draft.set_flag(TOPIC_FLAG, one.topic.value)
        if one.products:
            draft.set_flag(PRODUCTS_FLAG, "|".join(one.products))


def _open(draft: DecisionBuilder, cause: str) -> None:
    if draft.question is None:
        draft.transition(Event.QUESTION_ASKED, cause)
        draft.set_flag("asked_about", cause)
        draft.question = ""


def conclude_questions(draft: DecisionBuilder) -> None:
    """Go on where the contact's own records have answered all that was asked."""
    if draft.question != "" or draft.fact_questions:
        return
    draft.question = None
    if draft.snapshot.flow:
        draft.transition(Event.RESUMED, "after the question")
        proceed(draft, brief=True)
    else:
        draft.transition(Event.QUESTION_ANSWERED, "own records")
