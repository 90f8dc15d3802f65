"""Giving up what runs, and going on with what was put aside."""

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.handoff import leave_queue
from gatte.conversation.no_active_flow import show_menu
from gatte.conversation.replies import TextReply
from gatte.conversation.slot_filling import (
    ask_again,
    can_resume,
    current_flow,
    offer_resume,
    resume,
)
from gatte.conversation.states import Event, State
from gatte.conversation.texts import exists, render


def cancel(draft: DecisionBuilder) -> None:
    """Drop the running flow, or the place in the queue; with neither, ask what is meant."""
    if draft.snapshot.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.CANCELLED, "cancel")
        return
    cancelled = draft.snapshot.flow
    told = _told_after_cancel(draft)
    draft.transition(Event.CANCELLED, "cancel")
    draft.end_flow()
    draft.reset_fallback()
    if not cancelled:
        draft.discard_suspended_flow()
        draft.add_buttons(render("cancel.nothing"), option_ids.MENU(), option_ids.NOTICES_OFF())
    elif can_resume(draft):
        draft.replies.append(TextReply(told))
        offer_resume(draft)
    else:
        draft.add_buttons(
            told,
            option_ids.MENU(),
            option_ids.HUMAN(),
        )


def ask_to_cancel(draft: DecisionBuilder) -> None:
    """Ask whether the running flow shall be dropped; until then it goes on."""
    draft.set_flag("offer", option_ids.CANCEL_FLOW().id)
    draft.add_buttons(
        render("cancel.ask", the_flow=render(f"flow.{draft.snapshot.flow}")),
        option_ids.CANCEL_FLOW(),
        option_ids.GO_ON(),
    )


def _told_after_cancel(draft: DecisionBuilder) -> str:
    """That the running flow is dropped; what stays as it was, where the flow is about something
    that is there already.
    """
    flow = current_flow(draft)
    if flow is None:
        return ""
    values = flow.summary_values(draft.snapshot)
    if exists(f"{flow.name}.kept") and values.get("when"):
        return render(f"{flow.name}.kept", **values)
    return render("cancel.done", the_flow=render(f"flow.{flow.name}"))


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
