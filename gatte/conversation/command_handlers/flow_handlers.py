"""Wishes that a flow carries out, and going on with one that was put aside."""

from gatte.conversation.command_handlers.chitchat_handlers import answer_unclear
from gatte.conversation.command_handlers.command_run import CommandRun
from gatte.conversation.command_handlers.slot_handlers import affirm
from gatte.conversation.commands import (
    Affirm,
    Command,
    Outcome,
    Question,
    ResumeFlow,
    SetSlot,
    StartFlow,
    Unclear,
    intent_of,
)
from gatte.conversation.flow_control import continue_flow
from gatte.conversation.flows.base import FlowName
from gatte.conversation.questions import answer_at_once
from gatte.conversation.slot_filling import ask_again, reject_answer, start
from gatte.conversation.slot_questions import own_certificates
from gatte.conversation.states import State
from gatte.conversation.texts import render
from gatte.conversation.thresholds import SLOT_OFFERS_HUMAN_AT

OF_A_BOOKED_ONE = {FlowName.MOVE_APPOINTMENT, FlowName.CANCEL_APPOINTMENT}
ABOUT_ONE_APPOINTMENT = {FlowName.SCHEDULE} | OF_A_BOOKED_ONE


def start_flow(turn: CommandRun, command: StartFlow) -> Outcome:
    draft = turn.draft
    name = FlowName(command.flow)
    running = draft.snapshot.flow
    if running == name:
        return Outcome.OVERRULED if turn.changed else _again(turn, command)
    if running and name == FlowName.CERTIFICATE_STATUS and draft.snapshot.certificates:
        answer_at_once(draft, own_certificates(draft.snapshot), "own records")
        return Outcome.DONE
    if running == FlowName.SCHEDULE and name in OF_A_BOOKED_ONE and not draft.snapshot.appointments:
        return _again(turn, command)  # what is moved or cancelled is the booking that runs
    texts = tuple(one.text for one in turn.said)
    values = {one.slot: one.value for one in turn.commands if isinstance(one, SetSlot)}
    if {running, name} <= ABOUT_ONE_APPOINTMENT:
        draft.end_flow()  # another wish about the same appointment, not one beside it
    start(draft, name, f"intent {intent_of(command) or name}", texts, values)
    if running and draft.snapshot.suspended_flow == running and draft.snapshot.flow:
        draft.prepend_text(render("resume.put_aside", the_flow=render(f"flow.{running}")))
    turn.progressed = True
    turn.changed = False
    asks = any(isinstance(one, Question) for one in turn.commands)
    if asks and draft.snapshot.flow and draft.snapshot.state == State.COLLECTING:
        draft.replies.pop()  # the question is answered first; the flow asks after it
    return Outcome.DONE


def _again(turn: CommandRun, command: Command) -> Outcome:
    """The running flow is wished for once more: asked again, and counted where it waits for a
    value, so that nobody goes round in a circle.
    """
    draft = turn.draft
    draft.update(invalid_slot_count=draft.snapshot.invalid_slot_count + 1)
    collecting = draft.snapshot.state == State.COLLECTING
    if collecting and draft.snapshot.invalid_slot_count >= SLOT_OFFERS_HUMAN_AT:
        reject_answer(draft, "", turn.text)
    else:
        ask_again(draft)
    return turn.settle(command)


def resume_flow(turn: CommandRun, command: ResumeFlow) -> Outcome:
    if turn.confirming:
        return affirm(turn, Affirm(span=command.span, literal=True))
    if not continue_flow(turn.draft):
        return answer_unclear(turn, Unclear())
    return turn.settle(command)
