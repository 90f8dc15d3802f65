"""The questions of a turn: what facts may answer, what the knowledge base shall, and what the
contact's own records tell at once.
"""

import re

from gatte.conversation import refusal_policy
from gatte.conversation.commands import Question
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.fact_commands import PRODUCTS_FLAG, TOPIC_FLAG
from gatte.conversation.fact_questions import OWN_RECORDS
from gatte.conversation.flows.base import Slot
from gatte.conversation.own_records import tell_own_record
from gatte.conversation.parsing.normalize import normalize_text, words
from gatte.conversation.slot_filling import current_flow, proceed
from gatte.conversation.slot_questions import explanation
from gatte.conversation.states import Event
from gatte.conversation.texts import render

MORE_FLAG = "more_of"
"""The mark that keeps the article of which the short form was said last."""
LAST_ARTICLE_FLAG = "last_article"
"""The mark that keeps the article which answered last."""
FOLLOWS_UP = re.compile(r"(?:^|[.!,;] ?)(?:e|mas) (?:o|a|os|as|no|na|se|para|pra|quem|com)\b")
LONGEST_FOLLOW_UP = 6
"""Words of a question that cannot be understood alone."""
REFUSAL_FLAG = "refusal"
"""The topic for which the question is refused where nothing answers it."""
OFFER_MORE = "more"
"""The offer to tell the whole article of which the short form was said."""


def ask(draft: DecisionBuilder, text: str, cause: str) -> None:
    """Hand a question to the knowledge base, with others of the turn; what runs goes on after the
    answer.
    """
    _open(draft, cause)
    draft.set_flag(REFUSAL_FLAG, refusal_policy.topic_of(text))
    draft.set_flag(TOPIC_FLAG, None)
    draft.set_flag(PRODUCTS_FLAG, None)
    _add(draft, text)


def _with_topic(draft: DecisionBuilder, text: str) -> str:
    """A short question that lives on the answer before ("e o A3?"), with the topic of that."""
    topic = draft.flag(LAST_ARTICLE_FLAG).replace("-", " ")
    follows = (
        bool(FOLLOWS_UP.search(normalize_text(text))) and len(words(text)) <= LONGEST_FOLLOW_UP
    )
    return f"{topic}: {text}" if topic and follows else text


def take_question(draft: DecisionBuilder, question: Question) -> None:
    """Take a question in: for facts, for the contact's own records, or for the knowledge base."""
    told = "" if question.facts else explanation(question.text, draft.snapshot, _asked(draft))
    if told:
        answer_at_once(draft, told, "about the form")
        return
    if not question.facts:
        text = _with_topic(draft, question.text)
        ask(draft, text, question.intent or "question")
        return
    _open(draft, question.intent or "question")
    for one in question.facts:
        if one.topic in OWN_RECORDS:
            tell_own_record(draft, one)
        elif one not in draft.fact_questions:
            draft.fact_questions.append(one)
            _add(draft, one.text)
        draft.set_flag(TOPIC_FLAG, one.topic.value)
        if one.products:
            draft.set_flag(PRODUCTS_FLAG, "|".join(one.products))


def answer_at_once(draft: DecisionBuilder, told: str, cause: str) -> None:
    """Say what is known here already; what runs goes on after it."""
    _open(draft, cause)
    draft.add_text("answer.text", answer=told)


def _asked(draft: DecisionBuilder) -> Slot | None:
    """The slot that is asked for now."""
    flow = current_flow(draft)
    return flow.slot(draft.snapshot.requested_slot) if flow else None


def ask_for_more(draft: DecisionBuilder) -> None:
    """Ask for the whole article of which the short form was said last."""
    _open(draft, "wants more")
    draft.whole_article = draft.flag(MORE_FLAG)
    _add(draft, render("answer.more"))


def _open(draft: DecisionBuilder, cause: str) -> None:
    if draft.question is None:
        draft.transition(Event.QUESTION_ASKED, cause)
        draft.set_flag("asked_about", cause)
        draft.question = ""


def _add(draft: DecisionBuilder, text: str) -> None:
    asked = draft.question or ""
    if text not in asked:
        draft.question = f"{asked}\n{text}".strip()


def conclude_questions(draft: DecisionBuilder) -> None:
    """Go on where the contact's own records have answered all that was asked."""
    if draft.question != "":
        return
    draft.question = None
    if draft.snapshot.flow:
        draft.transition(Event.RESUMED, "after the question")
        proceed(draft, brief=True)
    else:
        draft.transition(Event.QUESTION_ANSWERED, "own records")
