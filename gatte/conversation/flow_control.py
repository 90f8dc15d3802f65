"""Giving up what runs, and going on with what was put aside."""

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.handoff import leave_queue
from gatte.conversation.no_active_flow import show_menu
from gatte.conversation.slot_filling import ask_again, can_resume, offer_resume, resume
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render


def cancel(draft: DecisionBuilder) -> None:
    """Drop the running flow, or the place in the queue; with neither, ask what is meant."""
    if draft.snapshot.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.CANCELLED, "cancel")
        return
    cancelled = draft.snapshot.flow
    draft.transition(Event.CANCELLED, "cancel")
    draft.end_flow()
    draft.reset_fallback()
    if not cancelled:
        draft.discard_suspended_flow()
        draft.add_buttons(render("cancel.nothing"), option_ids.MENU(), option_ids.NOTICES_OFF())
    elif can_resume(draft):
        draft.add_text("cancel.done", the_flow=render(f"flow.{cancelled}"))
        offer_resume(draft)
    else:
        draft.add_buttons(
            render("cancel.done", the_flow=render(f"flow.{cancelled}")),
            option_ids.MENU(),
            option_ids.HUMAN(),
        )


def continue_flow(draft: DecisionBuilder) -> bool:
    """Take up the flow that was put aside, or say that there is none; False where the word is a yes
    or goes to a human.
    """
    if draft.snapshot.flow and draft.snapshot.state == State.COLLECTING:
        ask_again(draft)
        return True
    if draft.snapshot.flow or draft.snapshot.state == State.WAITING_HUMAN:
        return False
    if can_resume(draft):
        resume(draft, "go on")
    else:
        draft.add_text("resume.nothing")
        show_menu(draft, "nothing to go on with")
    return True
