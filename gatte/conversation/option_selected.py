"""A button or a list row was tapped; taps on old messages still mean what they said, or are told to
be over.
"""

from collections.abc import Callable
from dataclasses import replace

from gatte.conversation import option_ids
from gatte.conversation.command_handlers import processor
from gatte.conversation.command_handlers.command_run import CommandRun
from gatte.conversation.commands import (
    CancelFlow,
    Command,
    RequestHuman,
    ResumeFlow,
    ShowMenu,
    command_of,
)
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.fallback import PENDING_TEXT_SLOT
from gatte.conversation.handoff import leave_queue
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import Intent
from gatte.conversation.no_active_flow import show_menu
from gatte.conversation.slot_filling import (
    ask_again,
    ask_what_to_fix,
    confirm,
    current_flow,
    fill,
    proceed,
    reject_answer,
    reopen_slot,
    start,
    summary_fingerprint,
    suspend_flow,
)
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render

IN_FLOW = frozenset({State.COLLECTING, State.CONFIRMING})


def handle_option(draft: DecisionBuilder, choice: str) -> None:
    """Do what the tapped option says."""
    draft.literal = True
    kind, _, rest = choice.partition(":")
    draft.reset_fallback()
    if choice in option_ids.FLOW_OF_ROW:
        kept = draft.snapshot.slots.get(PENDING_TEXT_SLOT)
        start(
            draft,
            option_ids.FLOW_OF_ROW[choice],
            f"menu {option_ids.FLOW_OF_ROW[choice]}",
            (kept,) if kept else (),
        )
    elif choice in COMMANDS:
        _run(draft, COMMANDS[choice])
    elif choice in OPTION_HANDLERS:
        OPTION_HANDLERS[choice](draft)
    elif kind in PREFIX_HANDLERS:
        PREFIX_HANDLERS[kind](draft, rest)
    else:
        _expired_option(draft)


def _expired_option(draft: DecisionBuilder) -> None:
    """The option belongs to something that ended or changed: say so and go on with what remains."""
    draft.add_text("choice.over")
    if draft.snapshot.state in IN_FLOW:
        ask_again(draft)
    elif draft.snapshot.state != State.WAITING_HUMAN:
        show_menu(draft, "old choice")


def _run(draft: DecisionBuilder, command: Command, *texts: str) -> None:
    """What is tapped ends as what is written."""
    said = [UnderstoodText(text) for text in texts]
    turn = CommandRun(draft, (replace(command, literal=True),), said)
    processor.run(turn)
    draft.resolutions += turn.resolutions


def _question(draft: DecisionBuilder) -> None:
    if draft.snapshot.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.MENU_SHOWN, "question")
        return
    suspend_flow(draft)
    draft.transition(Event.MENU_SHOWN, "question")
    draft.add_text("menu.ask_away")


def _retry(draft: DecisionBuilder) -> None:
    if draft.snapshot.state in IN_FLOW:
        ask_again(draft)
    else:
        _run(draft, ShowMenu())


def _resume(draft: DecisionBuilder) -> None:
    if draft.snapshot.state in IN_FLOW:
        ask_again(draft)
    elif draft.snapshot.state == State.WAITING_HUMAN:
        _expired_option(draft)
    else:
        _run(draft, ResumeFlow())


def _drop(draft: DecisionBuilder) -> None:
    draft.discard_suspended_flow()
    _retry(draft)


COMMANDS: dict[str, Command] = {
    option_ids.HUMAN_ROW: RequestHuman(),
    "human": RequestHuman(),
    "menu": ShowMenu(),
    "cancel": CancelFlow(),
}


def _leave_queue(draft: DecisionBuilder) -> None:
    if draft.snapshot.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.CANCELLED, "leaves the queue")
    else:
        _expired_option(draft)


def _stay(draft: DecisionBuilder) -> None:
    if draft.snapshot.state == State.WAITING_HUMAN:
        draft.add_text("handoff.stays")
    else:
        _expired_option(draft)


OPTION_HANDLERS: dict[str, Callable[[DecisionBuilder], None]] = {
    option_ids.QUESTION_ROW: _question,
    "retry": _retry,
    "resume": _resume,
    "drop": _drop,
    "leave_queue": _leave_queue,
    "stay": _stay,
}


def _intent(draft: DecisionBuilder, name: str) -> None:
    if name not in set(Intent) or draft.snapshot.state == State.WAITING_HUMAN:
        _expired_option(draft)
        return
    text = draft.snapshot.slots.get(PENDING_TEXT_SLOT) or render(f"intent.{name}")
    draft.clear_slots(PENDING_TEXT_SLOT)
    _run(draft, command_of(Intent(name), text), text)


def _slot(draft: DecisionBuilder, rest: str) -> None:
    """A value of the running flow; also of a slot filled before, which corrects it."""
    flow = current_flow(draft)
    name, _, value = rest.partition(":")
    slot = flow.slot(name) if flow and draft.snapshot.state in IN_FLOW else None
    if slot is None or slot not in (flow.wanted(draft.snapshot) if flow else ()):
        _expired_option(draft)
        return
    parsed = slot.parse_answer(value, draft.snapshot)
    if parsed.value is None:
        if slot.name == draft.snapshot.requested_slot:
            reject_answer(draft, parsed.problem, "")
        else:
            _expired_option(draft)
    elif fill(draft, slot, parsed.value) or draft.snapshot.state == State.COLLECTING:
        proceed(draft)
    else:
        ask_again(draft)


def _fix(draft: DecisionBuilder, name: str) -> None:
    flow = current_flow(draft)
    slot = flow.slot(name) if flow and draft.snapshot.state == State.CONFIRMING else None
    if slot is None or name not in draft.snapshot.slots:
        _expired_option(draft)
        return
    reopen_slot(draft, slot)


def _confirm(draft: DecisionBuilder, rest: str) -> None:
    mark, _, answer = rest.partition(":")
    if draft.snapshot.state != State.CONFIRMING or mark != summary_fingerprint(draft.snapshot):
        _expired_option(draft)
    elif answer == "yes":
        confirm(draft)
    else:
        ask_what_to_fix(draft)


PREFIX_HANDLERS: dict[str, Callable[[DecisionBuilder, str], None]] = {
    "intent": _intent,
    "slot": _slot,
    "fix": _fix,
    "confirm": _confirm,
}
