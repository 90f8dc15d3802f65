"""Commands, which work in every state: human, menu, cancel, leave, back in, go on."""

from collections.abc import Callable

from gatte.conversation import choices
from gatte.conversation.draft import Draft
from gatte.conversation.effects import Reason
from gatte.conversation.filling import ask_again, can_resume, offer_back, resume, start
from gatte.conversation.flows.base import FlowName
from gatte.conversation.handoff import escalate, leave_queue, tell_queue
from gatte.conversation.idle import show_menu
from gatte.conversation.rules import Command
from gatte.conversation.states import Event, State
from gatte.conversation.texts import say


def call_human(draft: Draft, said: str) -> bool:
    """Put the conversation in the queue; somebody who waits already hears how long."""
    if draft.now.state == State.WAITING_HUMAN:
        draft.say("handoff.still_waiting")
        tell_queue(draft)
        return True
    offered = draft.now.slot_failures >= 3
    escalate(draft, Reason.SLOT_FAILED if offered else Reason.REQUESTED, "asked for a human", said)
    return True


def _menu(draft: Draft, _said: str) -> bool:
    if draft.now.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.MENU_SHOWN, "menu")
    else:
        show_menu(draft, "menu")
    return True


def cancel(draft: Draft, _said: str) -> bool:
    """Drop the running flow, or the place in the queue; with neither, ask what is meant."""
    if draft.now.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.CANCELLED, "cancel")
        return True
    cancelled = draft.now.flow
    draft.move(Event.CANCELLED, "cancel")
    draft.forget_flow()
    draft.understood()
    if not cancelled:
        draft.forget_suspended()
        draft.ask(say("cancel.nothing"), choices.MENU(), choices.NOTICES_OFF())
    elif can_resume(draft):
        draft.say("cancel.done", the_flow=say(f"flow.{cancelled}"))
        offer_back(draft)
    else:
        draft.ask(say("cancel.done", the_flow=say(f"flow.{cancelled}")), choices.MENU(), choices.HUMAN())
    return True


def _leave(draft: Draft, _said: str) -> bool:
    draft.forget_flow()
    draft.forget_suspended()
    start(draft, FlowName.OPT_OUT, "leave")
    return True


def _back_in(draft: Draft, _said: str) -> bool:
    start(draft, FlowName.OPT_IN, "back in")
    return True


def go_on(draft: Draft, _said: str) -> bool:
    """Take up the flow that was put aside, or say that there is none; False where the word is a yes or goes to a human."""
    if draft.now.flow and draft.now.state == State.COLLECTING:
        ask_again(draft)
        return True
    if draft.now.flow or draft.now.state == State.WAITING_HUMAN:
        return False
    if can_resume(draft):
        resume(draft, "go on")
    else:
        draft.say("resume.nothing")
        show_menu(draft, "nothing to go on with")
    return True


OBEY: dict[Command, Callable[[Draft, str], bool]] = {
    Command.HUMAN: call_human,
    Command.MENU: _menu,
    Command.CANCEL: cancel,
    Command.LEAVE: _leave,
    Command.BACK_IN: _back_in,
    Command.CONTINUE: go_on,
}


def obey(draft: Draft, command: Command, said: str) -> bool:
    """Carry out a command; whether it meant anything here."""
    return OBEY[command](draft, said)
