"""Values, corrections, yes and no."""

from gatte.conversation import option_ids, questions
from gatte.conversation.command_handlers.command_run import CommandRun
from gatte.conversation.command_handlers.escalation_handlers import note_for_human
from gatte.conversation.commands import Affirm, CorrectSlot, Deny, Outcome, SetSlot, Skip
from gatte.conversation.effects import EscalationReason
from gatte.conversation.flow_control import ask_to_cancel, cancel, continue_flow
from gatte.conversation.flows.notices import ask_to_stop_notices
from gatte.conversation.handoff import ask_to_leave_queue, escalate, leave_queue
from gatte.conversation.no_active_flow import show_menu
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.rules import says_unhelpful
from gatte.conversation.slot_filling import (
    CONFIRM,
    ask_again,
    ask_what_to_fix,
    can_resume,
    confirm,
    current_flow,
    fill,
    reject_answer,
    reopen_slot,
    start,
)
from gatte.conversation.states import Event
from gatte.conversation.texts import render
from gatte.conversation.thresholds import ESCALATE_AFTER

NEEDS_LITERAL = frozenset(
    {option_ids.LEAVE_QUEUE().id, option_ids.CANCEL_FLOW().id, option_ids.NOTICES_OFF().id}
)
"""Offers to do what cannot be undone: a yes that a model heard is not enough."""


def set_slot(turn: CommandRun, command: SetSlot) -> Outcome:
    flow = current_flow(turn.draft)
    slot = flow.slot(command.slot) if flow else None
    if slot is None:
        turn.draft.keep_told(command.slot, command.value)
        return Outcome.KEPT
    before = turn.draft.snapshot.slots.get(slot.name)
    if fill(turn.draft, slot, command.value, command.span):
        turn.corrected = turn.corrected or before is not None
    turn.changed = turn.progressed = True
    return Outcome.DONE


def correct_slot(turn: CommandRun, command: CorrectSlot) -> Outcome:
    flow = current_flow(turn.draft)
    slot = flow.slot(command.slot) if flow else None
    if slot is None:
        return Outcome.KEPT
    if not command.value:
        reopen_slot(turn.draft, slot, command.span)
        turn.settle(command)
        return Outcome.ASKED_BACK
    return set_slot(turn, SetSlot(command.slot, command.value, span=command.span))


def skip(turn: CommandRun, command: Skip) -> Outcome:
    flow = current_flow(turn.draft)
    slot = flow.slot(command.slot or turn.draft.snapshot.requested_slot) if flow else None
    if slot is None:
        return Outcome.KEPT
    denies = yes_or_no(command.span or turn.text) is False
    if denies and slot.known_value(turn.draft.snapshot):
        reject_answer(turn.draft, f"{slot.name}_other", turn.text)
        turn.settled_by = command.command
        return Outcome.ASKED_BACK
    parsed = slot.parse_answer("não tenho", turn.draft.snapshot)
    if parsed.value is None:
        reject_answer(turn.draft, "needed", turn.text)
        turn.settled_by = command.command
        return Outcome.ASKED_BACK
    fill(turn.draft, slot, parsed.value, command.span)
    turn.changed = turn.progressed = True
    return Outcome.DONE


def affirm(turn: CommandRun, command: Affirm) -> Outcome:
    draft = turn.draft
    if turn.offered in NEEDS_LITERAL and not command.literal:
        return _ask_for_literal_yes(turn, command)
    if turn.offered and not (turn.offered == "resume" and not can_resume(draft)):
        _accept_offer(turn)
        return turn.settle(command)
    if turn.confirming:
        return _yes_to_summary(turn, command)
    if draft.snapshot.flow:
        ask_again(draft)
        return turn.settle(command)
    show_menu(draft, "yes to nothing")
    return turn.settle(command)


def _yes_to_summary(turn: CommandRun, command: Affirm) -> Outcome:
    draft = turn.draft
    if turn.changed:
        return Outcome.OVERRULED
    flow = current_flow(draft)
    undoable = flow is None or not flow.irreversible(draft.snapshot)
    if draft.snapshot.requested_slot != CONFIRM:
        ask_again(draft)  # a list of what to correct was shown, not the summary
        return turn.settle(command)
    if not undoable and not command.literal:
        return _ask_for_literal_yes(turn, command)
    confirm(draft)
    turn.progressed = True
    return Outcome.DONE


def _ask_for_literal_yes(turn: CommandRun, command: Affirm) -> Outcome:
    """What cannot be undone is asked once more by name; the third time a person is called."""
    draft = turn.draft
    count = turn.count_no_progress()
    turn.settled_by = command.command
    if count >= ESCALATE_AFTER and not turn.waiting:
        escalate(draft, EscalationReason.NOT_UNDERSTOOD, "no literal yes", turn.text)
    elif turn.offered == option_ids.LEAVE_QUEUE().id:
        ask_to_leave_queue(draft)
    elif turn.offered == option_ids.CANCEL_FLOW().id:
        ask_to_cancel(draft)
    elif turn.offered == option_ids.NOTICES_OFF().id:
        ask_to_stop_notices(draft)
    else:
        draft.add_text("fix.say_yes")
        ask_again(draft)
    return Outcome.ASKED_BACK


def answer_leave_offer(turn: CommandRun, command: Affirm | Deny) -> Outcome:
    """Yes or no while a person is awaited: to the question whether to leave the queue, else noted
    for the person.
    """
    if turn.offered != option_ids.LEAVE_QUEUE().id:
        return note_for_human(turn, command)
    if isinstance(command, Deny):
        turn.draft.add_text("handoff.stays")
        return turn.settle(command)
    if not command.literal:
        return _ask_for_literal_yes(turn, command)
    leave_queue(turn.draft, Event.CANCELLED, "leaves the queue")
    return turn.settle(command)


def _accept_offer(turn: CommandRun) -> None:
    draft, offered = turn.draft, turn.offered
    if offered == "human":
        escalate(draft, EscalationReason.SLOT_FAILED, "offer accepted", turn.text)
    elif offered == "desk":
        escalate(draft, EscalationReason.REQUESTED, "offer accepted", turn.text)
    elif offered == questions.OFFER_MORE:
        questions.ask_for_more(draft)
    elif offered == option_ids.CANCEL_FLOW().id:
        cancel(draft)
    elif offered in option_ids.FLOW_OF_ROW:
        start(draft, option_ids.FLOW_OF_ROW[offered], "offer accepted")
    else:
        continue_flow(draft)


def deny(turn: CommandRun, command: Deny) -> Outcome:
    draft = turn.draft
    of_no_use = turn.offered == questions.OFFER_MORE and says_unhelpful(turn.text)
    gone = turn.offered == "resume" and not can_resume(draft)
    if turn.offered and not gone and not of_no_use:
        _decline_offer(turn)
        return turn.settle(command)
    if turn.confirming:
        if turn.changed:
            return Outcome.DONE
        flow = current_flow(draft)
        if flow is not None and flow.no_means_cancel:
            cancel(draft)
        else:
            ask_what_to_fix(draft)
        return turn.settle(command)
    if draft.snapshot.flow:
        return _no_to_a_question(turn, command)
    if draft.flag("answered"):
        draft.set_flag("offer", "desk")
        draft.transition(Event.NOT_UNDERSTOOD, "answer did not help")
        draft.add_buttons(render("answer.did_not_help"), option_ids.TICKET(), option_ids.HUMAN())
        return turn.settle(command)
    draft.add_text("social.declined")
    return turn.settle(command)


def _no_to_a_question(turn: CommandRun, command: Deny) -> Outcome:
    """No in the middle of a form: to an optional value it means none; else nothing was given."""
    slot_name = turn.draft.snapshot.requested_slot or ""
    if turn.changed:
        return Outcome.DONE
    return skip(turn, Skip(slot=slot_name, span=command.span))


def _decline_offer(turn: CommandRun) -> None:
    draft = turn.draft
    if turn.offered in {"human", option_ids.CANCEL_FLOW().id} and draft.snapshot.flow:
        ask_again(draft)
    elif turn.offered in {"desk", questions.OFFER_MORE, *option_ids.FLOW_OF_ROW}:
        draft.add_text("social.declined")
    else:
        draft.discard_suspended_flow()
        show_menu(draft, "offer declined")
