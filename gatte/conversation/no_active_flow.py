"""No flow runs: greeting, menu, and questions."""

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.fallback import (
    PENDING_TEXT_SLOT,
)
from gatte.conversation.parsing.names import parse_name
from gatte.conversation.slot_filling import can_resume, suspend_flow
from gatte.conversation.states import Event
from gatte.conversation.texts import render


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


def ask_what_for(draft: DecisionBuilder, texts: tuple[str, ...]) -> None:
    """Data without a wish: kept for the row of the menu that is tapped next."""
    draft.transition(Event.MENU_SHOWN, "data without a wish")
    draft.reset_fallback()
    draft.set_slots({PENDING_TEXT_SLOT: "\n".join(texts)})
    draft.add_list(render("ladder.what_for"), option_ids.menu_rows())
