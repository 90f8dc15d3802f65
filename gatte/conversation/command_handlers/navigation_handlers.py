"""What works in every state: notices off and on, leaving the queue, giving up, the menu."""

from collections.abc import Callable
from dataclasses import dataclass

from gatte.conversation import option_ids
from gatte.conversation.command_handlers.command_run import CommandRun
from gatte.conversation.command_handlers.slot_handlers import affirm, deny
from gatte.conversation.commands import (
    Affirm,
    CancelFlow,
    Command,
    Deny,
    LeaveQueue,
    OptIn,
    OptOut,
    Outcome,
    ShowMenu,
)
from gatte.conversation.flow_control import ask_to_cancel, cancel
from gatte.conversation.flows.base import FlowName
from gatte.conversation.handoff import ask_to_leave_queue, leave_queue
from gatte.conversation.no_active_flow import show_menu
from gatte.conversation.replies import ReplyOption
from gatte.conversation.slot_filling import current_flow, start
from gatte.conversation.states import Event
from gatte.conversation.texts import render


@dataclass(frozen=True)
class NoticeChange:
    """What leaving the notices, or coming back to them, is asked and done with."""

    flow: FlowName
    cause: str
    option: Callable[[], ReplyOption]
    question: str


NOTICES: dict[type[OptOut | OptIn], NoticeChange] = {
    OptOut: NoticeChange(FlowName.OPT_OUT, "leave", option_ids.NOTICES_OFF, "notices.ask_out"),
    OptIn: NoticeChange(FlowName.OPT_IN, "back in", option_ids.NOTICES_ON, "notices.ask_in"),
}


def change_notices(turn: CommandRun, command: OptOut | OptIn) -> Outcome:
    """No more notices, or notices again: at once when it was said in exactly these words, else
    asked by name.
    """
    draft = turn.draft
    notices = NOTICES[type(command)]
    if command.literal:
        if isinstance(command, OptOut):
            draft.end_flow()
            draft.discard_suspended_flow()
        start(draft, notices.flow, notices.cause)
        return turn.settle(command)
    if turn.offered == notices.option().id:
        return affirm(turn, Affirm(span=command.span))
    draft.set_flag("offer", notices.option().id)
    draft.add_buttons(render(notices.question), notices.option(), option_ids.MENU())
    turn.settle(command)
    return Outcome.ASKED_BACK


def leave_queue_by_command(turn: CommandRun, command: LeaveQueue) -> Outcome:
    if not turn.waiting:
        return Outcome.OVERRULED
    if not command.literal:
        return _ask_to_leave_queue(turn, command)
    leave_queue(turn.draft, Event.CANCELLED, "leaves the queue")
    return turn.settle(command)


def _ask_to_leave_queue(turn: CommandRun, command: Command) -> Outcome:
    ask_to_leave_queue(turn.draft)
    turn.settle(command)
    return Outcome.ASKED_BACK


def cancel_flow(turn: CommandRun, command: CancelFlow) -> Outcome:
    """Drop what runs where that was said in so many words, or where it would do what cannot be
    undone; else ask, since its values go too.
    """
    flow = current_flow(turn.draft)
    harmless = turn.confirming and flow is not None and flow.irreversible(turn.draft.snapshot)
    if command.literal or harmless:
        cancel(turn.draft)
        return turn.settle(command)
    if turn.waiting:
        return _ask_to_leave_queue(turn, command)
    if not turn.draft.snapshot.flow:
        return deny(turn, Deny(span=command.span))
    ask_to_cancel(turn.draft)
    turn.settle(command)
    return Outcome.ASKED_BACK


def show_menu_by_command(turn: CommandRun, command: ShowMenu) -> Outcome:
    if turn.waiting and not command.literal:
        return _ask_to_leave_queue(turn, command)
    if turn.waiting:
        leave_queue(turn.draft, Event.MENU_SHOWN, "menu")
    else:
        show_menu(turn.draft, "menu")
    return turn.settle(command)
