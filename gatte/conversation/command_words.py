"""Commands, which work in every state: human, menu, cancel, leave, back in, go on."""

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.handoff import announce_queue, escalate, leave_queue
from gatte.conversation.no_active_flow import show_menu
from gatte.conversation.slot_filling import ask_again, can_resume, offer_resume, resume
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render


def call_human(draft: DecisionBuilder, said: str) -> bool:
    """Put the conversation in the queue; somebody who waits already hears how long."""
    if draft.snapshot.state == State.WAITING_HUMAN:
        draft.add_text("handoff.still_waiting")
        announce_queue(draft)
        return True
    offered = draft.snapshot.invalid_slot_count >= 3
    escalate(
        draft,
        EscalationReason.SLOT_FAILED if offered else EscalationReason.REQUESTED,
        "asked for a human",
        said,
    )
    return True


def cancel(draft: DecisionBuilder, _said: str) -> bool:
    """Drop the running flow, or the place in the queue; with neither, ask what is meant."""
    if draft.snapshot.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.CANCELLED, "cancel")
        return True
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
    return True


def continue_flow(draft: DecisionBuilder, _said: str) -> bool:
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
