"""What came of a question: the answer, or none; a flow that waited behind it goes on."""

from gatte.conversation import option_ids
from gatte.conversation.customer_input import prepend_introduction
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.fallback import handle_fallback
from gatte.conversation.nlu import Intent
from gatte.conversation.slot_filling import proceed
from gatte.conversation.snapshot import AnswerFound, AnswerNotFound
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render
from gatte.conversation.thresholds import DISAMBIGUATE_AFTER

DESK_INTENTS = frozenset({Intent.TECHNICAL_SUPPORT, Intent.INVOICE_OR_PAYMENT, Intent.PRICE})


def handle_answer(draft: DecisionBuilder, answer: AnswerFound) -> None:
    """Send the answer, and ask on where a flow waits."""
    draft.add_text("answer.text", answer=answer.text)
    draft.update(fallback_count=0, consecutive_errors=0)
    draft.log_activity(render("trail.answered"))
    draft.set_flag("answered")
    if draft.snapshot.flow:
        _go_on(draft)
    else:
        draft.transition(Event.QUESTION_ANSWERED, "knowledge base")
    prepend_introduction(draft)


def handle_no_answer(draft: DecisionBuilder, _nothing: AnswerNotFound) -> None:
    """No grounded answer: never a guess, but the flow again, the desk, or the ladder."""
    draft.update(consecutive_errors=0)
    if draft.snapshot.state == State.WAITING_HUMAN:
        draft.transition(Event.NOT_UNDERSTOOD, "no answer")
        draft.add_text("handoff.noted_question")
    elif draft.snapshot.flow:
        draft.add_text("answer.none_in_flow")
        _go_on(draft)
    elif (
        draft.flag("asked_about") in DESK_INTENTS
        and draft.snapshot.fallback_count + 1 < DISAMBIGUATE_AFTER
    ):
        draft.update(fallback_count=draft.snapshot.fallback_count + 1)
        draft.log_activity(render("trail.not_answered"))
        draft.transition(Event.NOT_UNDERSTOOD, "no answer")
        draft.add_buttons(
            render("answer.none_desk_can_help"), option_ids.TICKET(), option_ids.HUMAN()
        )
    else:
        handle_fallback(draft, "", "no answer")
    prepend_introduction(draft)


def _go_on(draft: DecisionBuilder) -> None:
    draft.transition(Event.RESUMED, "after the question")
    proceed(draft)
