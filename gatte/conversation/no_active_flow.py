"""No flow runs: greeting and menu, questions, and the intent that starts something."""

from collections.abc import Callable

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.fallback import (
    FLOW_OF_INTENT,
    PENDING_TEXT_SLOT,
    QUESTIONS,
    IntentResolution,
    ask_to_disambiguate,
    handle_fallback,
    is_question,
    resolve_intent,
    words_of,
)
from gatte.conversation.handoff import escalate
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import Intent
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.documents import find_document
from gatte.conversation.parsing.names import find_email, parse_name
from gatte.conversation.parsing.normalize import word_set, words
from gatte.conversation.rules import says_unhelpful
from gatte.conversation.slot_filling import can_resume, offer_resume, start, suspend_flow
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render
from gatte.conversation.thresholds import ESCALATE_AFTER

BARE_YES = word_set("s sim ss quero")
MIN_QUESTION_WORDS = 2
"""Words from which on an unclear text is worth a look into the knowledge base."""


def greet(draft: DecisionBuilder, cause: str) -> None:
    """Say hello, who is speaking, and show the menu."""
    draft.transition(Event.GREETED, cause)
    draft.set_flag("introduced")
    draft.add_list(_greeting(draft), option_ids.menu_rows())


def _greeting(draft: DecisionBuilder) -> str:
    contact = draft.snapshot.contact
    company = draft.snapshot.company[:60]
    name = parse_name(contact.name or "").value
    if not name:
        unnamed = "greeting.returning_unnamed" if contact.returning else "greeting.new_unnamed"
        return render(unnamed, company=company)
    named = "greeting.returning" if contact.returning else "greeting.new"
    return render(named, first_name=name.split()[0], company=company)


def show_menu(draft: DecisionBuilder, cause: str) -> None:
    """Show the menu; a running flow is put aside and can be taken up again."""
    suspend_flow(draft)
    draft.transition(Event.MENU_SHOWN, cause)
    draft.reset_fallback()
    key = "menu.with_suspended" if can_resume(draft) else "menu.body"
    the_flow = render(f"flow.{draft.snapshot.suspended_flow}") if can_resume(draft) else ""
    draft.add_list(render(key, the_flow=the_flow), option_ids.menu_rows())


def ask_knowledge(draft: DecisionBuilder, text: str, cause: str) -> None:
    """Hand a question to the knowledge base; what runs goes on after the answer."""
    draft.transition(Event.QUESTION_ASKED, cause)
    draft.set_flag("asked_about", cause)
    draft.question = text


def _thank(draft: DecisionBuilder, _texts: tuple[str, ...]) -> None:
    draft.reset_fallback()
    draft.add_text("social.thanks")


def _say_goodbye(draft: DecisionBuilder, _texts: tuple[str, ...]) -> None:
    draft.add_text("social.goodbye")
    draft.transition(Event.CLOSED, "goodbye")


def _out_of_scope(draft: DecisionBuilder, texts: tuple[str, ...]) -> None:
    """Say what the bot is for; somebody whom that did not help, again and again, gets a human."""
    if any(find_document(text).value or find_email(text).value for text in texts):
        _ask_what_for(draft, texts)
        return
    count = draft.snapshot.fallback_count + 1
    draft.update(fallback_count=count)
    if count >= ESCALATE_AFTER:
        escalate(
            draft, EscalationReason.NOT_UNDERSTOOD, f"out of scope {count} times", "\n".join(texts)
        )
        return
    draft.transition(Event.MENU_SHOWN, "out of scope")
    draft.add_list(
        render("ladder.out_of_scope", company=draft.snapshot.company[:60]), option_ids.menu_rows()
    )


def _ask_what_for(draft: DecisionBuilder, texts: tuple[str, ...]) -> None:
    """Data without a wish: kept for the row of the menu that is tapped next."""
    draft.transition(Event.MENU_SHOWN, "data without a wish")
    draft.reset_fallback()
    draft.set_slots({PENDING_TEXT_SLOT: "\n".join(texts)})
    draft.add_list(render("ladder.what_for"), option_ids.menu_rows())


def _complain(draft: DecisionBuilder, _texts: tuple[str, ...]) -> None:
    draft.transition(Event.MENU_SHOWN, "complaint")
    draft.reset_fallback()
    draft.add_buttons(render("ladder.complaint"), option_ids.TICKET(), option_ids.HUMAN())


def _greet(draft: DecisionBuilder, _texts: tuple[str, ...]) -> None:
    draft.reset_fallback()
    greet(draft, "greeting")


def _to_human(reason: EscalationReason) -> Callable[[DecisionBuilder, tuple[str, ...]], None]:
    def escalated(draft: DecisionBuilder, texts: tuple[str, ...]) -> None:
        escalate(draft, reason, f"intent {reason}", "\n".join(texts))

    return escalated


INTENT_HANDLERS: dict[Intent, Callable[[DecisionBuilder, tuple[str, ...]], None]] = {
    Intent.GREETING: _greet,
    Intent.THANKS: _thank,
    Intent.GOODBYE: _say_goodbye,
    Intent.OUT_OF_SCOPE: _out_of_scope,
    Intent.COMPLAINT: _complain,
    Intent.TALK_TO_HUMAN: _to_human(EscalationReason.REQUESTED),
    Intent.REVOKE_CERTIFICATE: _to_human(EscalationReason.REVOCATION),
}


def act_on_intent(draft: DecisionBuilder, intent: Intent, texts: tuple[str, ...]) -> None:
    """Do what an understood intent asks for."""
    if intent in FLOW_OF_INTENT:
        start(draft, FLOW_OF_INTENT[intent], f"intent {intent}", texts)
    elif intent in QUESTIONS:
        ask_knowledge(draft, words_of([UnderstoodText(text) for text in texts]), intent)
    else:
        INTENT_HANDLERS[intent](draft, texts)


def handle_messages(draft: DecisionBuilder, said: list[UnderstoodText]) -> None:
    """Understand the words of a turn while no flow runs."""
    verdict = resolve_intent(said)
    texts = tuple(one.text for one in said)
    if draft.flag("answered") and says_unhelpful(verdict.text):
        draft.transition(Event.NOT_UNDERSTOOD, "answer did not help")
        draft.add_buttons(render("answer.did_not_help"), option_ids.TICKET(), option_ids.HUMAN())
    elif verdict.intent and _resumable_small_talk(draft, verdict.intent):
        offer_resume(draft)
    elif _says_yes_to_nothing(said):
        show_menu(draft, "yes to nothing")
    elif verdict.intent and not _says_too_little(verdict):
        act_on_intent(draft, verdict.intent, texts)
        _answer_beside(draft, said)
    elif verdict.ambiguous:
        ask_to_disambiguate(draft, *verdict.ambiguous, verdict.text)
    elif any(is_question(one) for one in said) or len(words(verdict.text)) >= MIN_QUESTION_WORDS:
        ask_knowledge(draft, verdict.text, "unclear")
    elif draft.snapshot.state == State.START and draft.snapshot.fallback_count == 0:
        greet(draft, "first words")
    else:
        handle_fallback(draft, verdict.text)


def _answer_beside(draft: DecisionBuilder, said: list[UnderstoodText]) -> None:
    """A question asked beside the wish that started a flow is answered first; the flow asks its
    question after it.
    """
    asked = [
        one
        for one in said
        if is_question(one) and one.understanding and one.understanding.intent in QUESTIONS
    ]
    if asked and draft.snapshot.flow and draft.snapshot.state == State.COLLECTING:
        draft.replies.pop()
        ask_knowledge(draft, words_of(asked), "beside a wish")


def _says_yes_to_nothing(said: list[UnderstoodText]) -> bool:
    """Whether a plain yes answers no question of ours."""
    some_bare_yes = any(set(words(one.text)) & BARE_YES for one in said)
    return some_bare_yes and all(yes_or_no(one.text) for one in said)


def _says_too_little(verdict: IntentResolution) -> bool:
    """Whether what seems out of scope is but a word or a number: not understood, rather than
    another subject.
    """
    return verdict.intent == Intent.OUT_OF_SCOPE and len(words(verdict.text)) < MIN_QUESTION_WORDS


def _resumable_small_talk(draft: DecisionBuilder, intent: Intent) -> bool:
    """Whether a mere hello comes from somebody whose flow was interrupted by time."""
    return intent == Intent.GREETING and bool(draft.flag("woken")) and can_resume(draft)
