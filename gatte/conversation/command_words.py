"""Commands, which work in every state: human, menu, cancel, leave, back in, go on."""

from collections.abc import Callable

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.flows.base import FlowName
from gatte.conversation.handoff import announce_queue, escalate, leave_queue
from gatte.conversation.no_active_flow import show_menu
from gatte.conversation.replies import TextReply
from gatte.conversation.rules import Command
from gatte.conversation.slot_filling import (
    ask_again,
    can_resume,
    current_flow,
    offer_resume,
    resume,
    start,
)
from gatte.conversation.states import Event, State
from gatte.conversation.texts import exists, render


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


def _menu(draft: DecisionBuilder, _said: str) -> bool:
    if draft.snapshot.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.MENU_SHOWN, "menu")
    else:
        show_menu(draft, "menu")
    return True


def cancel(draft: DecisionBuilder, _said: str) -> bool:
    """Drop the running flow, or the place in the queue; with neither, ask what is meant."""
    if draft.snapshot.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.CANCELLED, "cancel")
        return True
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
    return True


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


def _opt_out(draft: DecisionBuilder, _said: str) -> bool:
    draft.end_flow()
    draft.discard_suspended_flow()
    start(draft, FlowName.OPT_OUT, "leave")
    return True


def _opt_in(draft: DecisionBuilder, _said: str) -> bool:
    start(draft, FlowName.OPT_IN, "back in")
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


COMMAND_HANDLERS: dict[Command, Callable[[DecisionBuilder, str], bool]] = {
    Command.HUMAN: call_human,
    Command.MENU: _menu,
    Command.CANCEL: cancel,
    Command.LEAVE: _opt_out,
    Command.BACK_IN: _opt_in,
    Command.CONTINUE: continue_flow,
}


def run_command(draft: DecisionBuilder, command: Command, said: str) -> bool:
    """Carry out a command; whether it meant anything here."""
    return COMMAND_HANDLERS[command](draft, said)
