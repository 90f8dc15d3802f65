"""No flow runs: greeting, menu, and questions."""

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.fallback import (
    PENDING_TEXT_SLOT,
)
from gatte.conversation.memory_kinds import MemoryKind
from gatte.conversation.parsing.names import parse_name
from gatte.conversation.slot_filling import can_resume, suspend_flow
from gatte.conversation.snapshot import Snapshot
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
    first_name = name.split()[0] if name else ""
    called = draft.snapshot.memory.get(MemoryKind.NAME_FORM) or first_name
    if contact.returning:
        return _welcome_back(draft.snapshot, called)
    if not called:
        return render("greeting.new_unnamed", company=company)
    return render("greeting.new", first_name=called, company=company)


def _welcome_back(snapshot: Snapshot, called: str) -> str:
    """The greeting of somebody who was here before, with what was left open, or talked about, the
    last time.
    """
    company = snapshot.company[:60]
    key = "greeting.returning" if called else "greeting.returning_unnamed"
    greeting = render(key, first_name=called, company=company)
    for kind in (MemoryKind.PROMISE, MemoryKind.TOPIC):
        remembered = snapshot.memory.get(kind)
        if remembered:
            return f"{greeting}\n{render(f'greeting.{kind}', value=remembered)}"
    return greeting


def show_menu(draft: DecisionBuilder, cause: str) -> None:
    """Show the menu; a running flow is put aside and can be taken up again."""
    suspend_flow(draft)
    draft.transition(Event.MENU_SHOWN, cause)
    draft.reset_fallback()
    key = "menu.with_suspended" if can_resume(draft) else "menu.body"
    the_flow = render(f"flow.{draft.snapshot.suspended_flow}") if can_resume(draft) else ""
    draft.add_list(render(key, the_flow=the_flow), option_ids.menu_rows())


def ask_what_for(draft: DecisionBuilder, texts: tuple[str, ...]) -> None:
    """Data without a wish: kept for the row of the menu that is tapped next."""
    draft.transition(Event.MENU_SHOWN, "data without a wish")
    draft.reset_fallback()
    draft.set_slots({PENDING_TEXT_SLOT: "\n".join(texts)})
    draft.add_list(render("ladder.what_for"), option_ids.menu_rows())
