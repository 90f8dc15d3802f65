"""No flow runs: greeting and menu, questions, and the intent that starts something."""

from collections.abc import Callable

from gatte.conversation import option_ids, questions
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.fallback import (
    FLOW_OF_INTENT,
    PENDING_TEXT_SLOT,
    QUESTIONS,
    words_of,
)
from gatte.conversation.handoff import escalate
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import Intent
from gatte.conversation.parsing.names import parse_name
from gatte.conversation.slot_filling import can_resume, start, suspend_flow
from gatte.conversation.states import Event
from gatte.conversation.texts import render
from gatte.conversation.thresholds import ESCALATE_AFTER


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


def _thank(draft: DecisionBuilder, _texts: tuple[str, ...]) -> None:
    draft.reset_fallback()
    draft.add_text("social.thanks")


def _say_goodbye(draft: DecisionBuilder, _texts: tuple[str, ...]) -> None:
    draft.add_text("social.goodbye")
    draft.transition(Event.CLOSED, "goodbye")


def _out_of_scope(draft: DecisionBuilder, texts: tuple[str, ...]) -> None:
    """Say what the bot is for; somebody whom that did not help, again and again, gets a human."""
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


def ask_what_for(draft: DecisionBuilder, texts: tuple[str, ...]) -> None:
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
        questions.ask(draft, words_of([UnderstoodText(text) for text in texts]), intent)
    else:
        INTENT_HANDLERS[intent](draft, texts)
