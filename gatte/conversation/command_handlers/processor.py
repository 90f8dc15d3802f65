"""Runs the commands of a turn: handled in one order, the same in every state, and none is dropped
without a word in the trace.
"""

from typing import Any

from gatte.conversation.command_handlers.chitchat_handlers import (
    answer_off_topic,
    answer_question,
    answer_small_talk,
    answer_unclear,
)
from gatte.conversation.command_handlers.command_run import CommandRun, Handler
from gatte.conversation.command_handlers.escalation_handlers import (
    answer_hostile,
    answer_other_language,
    answer_wrong_person,
    complain,
    complain_while_waiting,
    escalate_to_human,
    note_for_human,
    request_human,
    warn_about_secret,
)
from gatte.conversation.command_handlers.flow_handlers import resume_flow, start_flow
from gatte.conversation.command_handlers.navigation_handlers import (
    cancel_flow,
    change_notices,
    leave_queue_by_command,
    show_menu_by_command,
)
from gatte.conversation.command_handlers.slot_handlers import (
    affirm,
    answer_leave_offer,
    correct_slot,
    deny,
    set_slot,
    skip,
)
from gatte.conversation.commands import (
    PRECEDENCE,
    Affirm,
    CancelFlow,
    Command,
    Complain,
    CorrectSlot,
    Deny,
    Escalate,
    Hostile,
    LeaveQueue,
    OffTopic,
    OptIn,
    OptOut,
    OtherLanguage,
    Outcome,
    Question,
    RequestHuman,
    Resolution,
    ResumeFlow,
    Secret,
    SetSlot,
    ShowMenu,
    Skip,
    SmallTalk,
    StartFlow,
    Unclear,
    WrongPerson,
)
from gatte.conversation.effects import StopNotices
from gatte.conversation.no_active_flow import ask_what_for
from gatte.conversation.slot_filling import ask_again, current_flow, proceed
from gatte.conversation.states import State

LISTENED_BESIDE = (OptOut,)
"""Commands that are carried out whatever else a turn holds, when they are literal: the law."""


def run(turn: CommandRun) -> None:
    """Handle all commands of a turn in the order of `PRECEDENCE`, then ask what comes next."""
    _ask_back_contradictions(turn)
    for group in PRECEDENCE:
        for command in turn.commands:
            if isinstance(command, group):
                turn.resolutions.append(_handle(turn, command))
    if not turn.settled_by:
        _conclude(turn)
    if _has_nothing_to_say(turn):
        ask_again(turn.draft)


def _has_nothing_to_say(turn: CommandRun) -> bool:
    """Whether a form waits for an answer and the turn came to no word: what one command left to
    another, the other may have taken for said.
    """
    draft = turn.draft
    waits = draft.snapshot.state in {State.COLLECTING, State.CONFIRMING}
    return waits and not draft.replies and draft.question is None and not draft.fact_questions


def _ask_back_contradictions(turn: CommandRun) -> None:
    """Yes and no in one turn are neither: what was meant is asked once more."""
    answers = [one for one in turn.commands if isinstance(one, Affirm | Deny)]
    if len({type(one) for one in answers}) < 2:
        return
    turn.resolutions += [Resolution(one, Outcome.ASKED_BACK, "contradiction") for one in answers]
    others = tuple(one for one in turn.commands if one not in answers)
    turn.commands = (*others, Unclear())


def _handle(turn: CommandRun, command: Command) -> Resolution:
    beside = isinstance(command, LISTENED_BESIDE) and command.literal
    if turn.settled_by and not beside:
        return Resolution(command, Outcome.OVERRULED, turn.settled_by)
    if turn.settled_by:
        turn.draft.literal = command.literal
        turn.draft.add_effect(StopNotices())
        return Resolution(command, Outcome.DONE)
    handlers = WAITING_HANDLERS if turn.waiting else HANDLERS
    turn.draft.literal = command.literal
    return Resolution(command, handlers.get(type(command), HANDLERS[type(command)])(turn, command))


def _conclude(turn: CommandRun) -> None:
    """Go on with what runs: ask for the next value, sum up, or count a turn that led nowhere."""
    draft = turn.draft
    if turn.waiting or draft.question is not None:
        return
    told = any(one.outcome is Outcome.KEPT for one in turn.resolutions)
    if told and not draft.snapshot.flow and not draft.replies:
        ask_what_for(draft, tuple(one.text for one in turn.said))
        return
    if told and not turn.changed and not draft.replies:
        draft.add_text("social.in_flow")
        ask_again(draft)
        return
    if turn.changed and current_flow(draft):
        if turn.corrected and draft.snapshot.state != State.CONFIRMING:
            draft.add_text("fix.noted")
        elif _told_something_else(turn):
            draft.add_text("fix.kept")
        proceed(draft)


def _told_something_else(turn: CommandRun) -> bool:
    """Whether a value was given, but not the one that was asked for, which is asked again."""
    before, after = turn.draft.before, turn.draft.snapshot
    still = before.requested_slot is not None and before.requested_slot not in after.slots
    return still and before.flow == after.flow and after.state == State.COLLECTING


HANDLERS: dict[type[Any], Handler] = {
    Secret: warn_about_secret,
    Hostile: answer_hostile,
    Escalate: escalate_to_human,
    RequestHuman: request_human,
    Complain: complain,
    WrongPerson: answer_wrong_person,
    OtherLanguage: answer_other_language,
    OptOut: change_notices,
    OptIn: change_notices,
    LeaveQueue: leave_queue_by_command,
    CancelFlow: cancel_flow,
    ShowMenu: show_menu_by_command,
    CorrectSlot: correct_slot,
    SetSlot: set_slot,
    Affirm: affirm,
    Deny: deny,
    Skip: skip,
    StartFlow: start_flow,
    ResumeFlow: resume_flow,
    Question: answer_question,
    SmallTalk: answer_small_talk,
    OffTopic: answer_off_topic,
    Unclear: answer_unclear,
}
"""What handles each command."""

WAITING_HANDLERS: dict[type[Any], Handler] = {
    Complain: complain_while_waiting,
    Affirm: answer_leave_offer,
    Deny: answer_leave_offer,
    **dict.fromkeys(
        (
            CorrectSlot,
            SetSlot,
            Skip,
            StartFlow,
            ResumeFlow,
            SmallTalk,
            OffTopic,
            Hostile,
            OtherLanguage,
            WrongPerson,
            Unclear,
        ),
        note_for_human,
    ),
}
"""What handles a command otherwise while a person is awaited."""
