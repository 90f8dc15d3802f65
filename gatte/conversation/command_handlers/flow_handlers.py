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
    StartFlow,
    Unclear,
    intent_of,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.flow_control import continue_flow
from gatte.conversation.flows.base import FlowName
from gatte.conversation.handoff import escalate
from gatte.conversation.slot_filling import ask_again, start
from gatte.conversation.states import State
from gatte.conversation.texts import render

PERSON_ONLY = frozenset({"move_appointment", "cancel_appointment"})
"""Wishes for which there is no flow: a person takes them, with what was said."""


def start_flow(turn: CommandRun, command: StartFlow) -> Outcome:
    draft = turn.draft
    if command.flow in PERSON_ONLY:
        draft.add_text(f"schedule.{command.flow}")
        escalate(draft, EscalationReason.REQUESTED, command.flow, turn.text)
        return turn.settle(command)
    name = FlowName(command.flow)
    running = draft.snapshot.flow
    if running == name:
        return Outcome.OVERRULED if turn.changed else _again(turn, command)
    texts = tuple(one.text for one in turn.said)
    start(draft, name, f"intent {intent_of(command) or name}", texts)
    if running and draft.snapshot.suspended_flow == running and draft.snapshot.flow:
        draft.prepend_text(render("resume.put_aside", the_flow=render(f"flow.{running}")))
    turn.progressed = True
    turn.changed = False
    asks = any(isinstance(one, Question) for one in turn.commands)
    if asks and draft.snapshot.flow and draft.snapshot.state == State.COLLECTING:
        draft.replies.pop()  # the question is answered first; the flow asks after it
    return Outcome.DONE


def _again(turn: CommandRun, command: Command) -> Outcome:
    ask_again(turn.draft)
    return turn.settle(command)


def resume_flow(turn: CommandRun, command: ResumeFlow) -> Outcome:
    if turn.confirming:
        return affirm(turn, Affirm(span=command.span, literal=True))
    if not continue_flow(turn.draft):
        return answer_unclear(turn, Unclear())
    return turn.settle(command)
