"""What came of a question: the answer, or none; a flow that waited behind it goes on."""

from gatte.conversation import off_topic, option_ids
from gatte.conversation.customer_input import prepend_introduction
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.fallback import handle_fallback
from gatte.conversation.nlu import Intent
from gatte.conversation.questions import (
    LAST_ARTICLE_FLAG,
    MORE_FLAG,
    OFFER_MORE,
    REFUSAL_FLAG,
)
from gatte.conversation.slot_filling import proceed
from gatte.conversation.snapshot import AnswerFound, AnswerNotFound
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render
from gatte.conversation.thresholds import DISAMBIGUATE_AFTER

DESK_INTENTS = frozenset({Intent.TECHNICAL_SUPPORT, Intent.INVOICE_OR_PAYMENT, Intent.PRICE})
TOLD_FLAG, TOLD_SHORT_FLAG = "articles", "short_articles"
"""Marks of the conversation: articles that were told whole, and those in their short form alone."""
MOST_TOLD = 20


def handle_answer(draft: DecisionBuilder, answer: AnswerFound) -> None:
    """Send the answer, and ask on where a flow waits."""
    offers_person = answer.offers_person
    parts = [answer.fact_text] if answer.fact_text else []
    if answer.text:
        repeated = _add_article(draft, answer, parts)
        offers_person = offers_person or repeated
    body = " ".join(parts)
    draft.update(fallback_count=0, consecutive_errors=0)
    draft.log_activity(render("trail.answered"))
    draft.set_flag("answered")
    if draft.snapshot.flow:
        _answer_in_flow(draft, body, offers_person=offers_person)
    else:
        draft.transition(Event.QUESTION_ANSWERED, "facts" if answer.facts else "knowledge base")
        _answer_alone(draft, body, offers_person=offers_person)
    prepend_introduction(draft)


def _add_article(draft: DecisionBuilder, answer: AnswerFound, parts: list[str]) -> bool:
    """Add what an article says, first short, then whole; whether it was told already, which is all
    that is said then.
    """
    slug = next(iter(answer.sources), "")
    draft.set_flag(LAST_ARTICLE_FLAG, slug or None)
    if slug and slug in _told(draft, TOLD_FLAG):
        parts.append(render("answer.told_already"))
        return True
    may_offer = not draft.snapshot.flow and draft.snapshot.state != State.WAITING_HUMAN
    if answer.short and slug not in _told(draft, TOLD_SHORT_FLAG):
        _note_told(draft, TOLD_SHORT_FLAG, slug)
        parts.append(answer.short)
        if may_offer:
            draft.set_flag("offer", OFFER_MORE)
            draft.set_flag(MORE_FLAG, slug)
            parts.append(render("answer.more"))
        return False
    _note_told(draft, TOLD_FLAG, slug)
    parts.append(answer.text)
    return False


def _told(draft: DecisionBuilder, flag: str) -> list[str]:
    return [one for one in draft.flag(flag).split(" ") if one]


def _note_told(draft: DecisionBuilder, flag: str, slug: str) -> None:
    if slug:
        draft.set_flag(flag, " ".join([*_told(draft, flag), slug][-MOST_TOLD:]))


def _answer_alone(draft: DecisionBuilder, body: str, *, offers_person: bool) -> None:
    if offers_person and draft.snapshot.state != State.WAITING_HUMAN:
        draft.set_flag("offer", "desk")
        draft.add_buttons(body, option_ids.HUMAN(), option_ids.MENU())
    elif body:
        draft.add_text("answer.text", answer=body)


def _answer_in_flow(draft: DecisionBuilder, body: str, *, offers_person: bool) -> None:
    """The answer, and the flow's question again, short."""
    if offers_person:
        body = f"{body} {render('answer.person_in_flow')}"
    if body:
        draft.add_text("answer.text", answer=body)
    _go_on(draft)


def handle_no_answer(draft: DecisionBuilder, _nothing: AnswerNotFound) -> None:
    """No grounded answer: never a guess, but the flow again, the desk, or the ladder."""
    draft.update(consecutive_errors=0)
    if draft.snapshot.state == State.WAITING_HUMAN:
        draft.transition(Event.NOT_UNDERSTOOD, "no answer")
        draft.add_text("handoff.noted_question")
    elif draft.snapshot.flow:
        draft.add_text("answer.none_in_flow")
        _go_on(draft)
    elif topic := draft.flag(REFUSAL_FLAG):
        draft.transition(Event.NOT_UNDERSTOOD, f"refused: {topic}")
        draft.add_buttons(render(f"refusal.{topic}"), option_ids.HUMAN(), option_ids.MENU())
    elif draft.flag("asked_about") == off_topic.ASKED:
        off_topic.refuse(draft, "")
    elif (
        draft.flag("asked_about") in DESK_INTENTS
        and draft.snapshot.fallback_count + 1 < DISAMBIGUATE_AFTER
    ):
        draft.update(fallback_count=draft.snapshot.fallback_count + 1)
        draft.log_activity(render("trail.not_answered"))
        draft.transition(Event.NOT_UNDERSTOOD, "no answer")
        draft.set_flag("offer", option_ids.TICKET().id)
        draft.add_buttons(
            render("answer.none_desk_can_help"), option_ids.TICKET(), option_ids.HUMAN()
        )
    else:
        handle_fallback(draft, "", "no answer")
    prepend_introduction(draft)


def _go_on(draft: DecisionBuilder) -> None:
    draft.transition(Event.RESUMED, "after the question")
    proceed(draft, brief=True)
