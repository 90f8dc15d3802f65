"""A button or a list row was tapped; taps on old messages still mean what they said, or are told to be over."""

from collections.abc import Callable

from gatte.conversation import choices
from gatte.conversation.commanding import call_human, cancel, go_on
from gatte.conversation.draft import Draft
from gatte.conversation.filling import ask_again, ask_what_to_fix, confirm, fail, fill, fix, mark_of, proceed, put_aside, running, start
from gatte.conversation.handoff import leave_queue
from gatte.conversation.idle import act, show_menu
from gatte.conversation.ladder import WORDS_KEPT
from gatte.conversation.states import Event, State
from gatte.conversation.texts import say
from gatte.conversation.understanding import Intent

IN_FLOW = frozenset({State.COLLECTING, State.CONFIRMING})


def tap(draft: Draft, choice: str) -> None:
    """Do what the tapped option says."""
    kind, _, rest = choice.partition(":")
    draft.understood()
    if choice in choices.FLOW_OF_ROW:
        kept = draft.now.slots.get(WORDS_KEPT)
        start(draft, choices.FLOW_OF_ROW[choice], f"menu {choices.FLOW_OF_ROW[choice]}", (kept,) if kept else ())
    elif choice in SIMPLE:
        SIMPLE[choice](draft)
    elif kind in COMPOUND:
        COMPOUND[kind](draft, rest)
    else:
        _over(draft)


def _over(draft: Draft) -> None:
    """The option belongs to something that ended or changed: say so and go on with what is there."""
    draft.say("choice.over")
    if draft.now.state in IN_FLOW:
        ask_again(draft)
    elif draft.now.state != State.WAITING_HUMAN:
        show_menu(draft, "old choice")


def _menu(draft: Draft) -> None:
    if draft.now.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.MENU_SHOWN, "menu")
    else:
        show_menu(draft, "menu")


def _question(draft: Draft) -> None:
    if draft.now.state == State.WAITING_HUMAN:
        leave_queue(draft, Event.MENU_SHOWN, "question")
        return
    put_aside(draft)
    draft.move(Event.MENU_SHOWN, "question")
    draft.say("menu.ask_away")


def _retry(draft: Draft) -> None:
    if draft.now.state in IN_FLOW:
        ask_again(draft)
    else:
        _menu(draft)


def _resume(draft: Draft) -> None:
    if draft.now.state in IN_FLOW:
        ask_again(draft)
    elif not go_on(draft, ""):
        _over(draft)


def _drop(draft: Draft) -> None:
    draft.forget_suspended()
    _retry(draft)


def _human(draft: Draft) -> None:
    call_human(draft, "")


def _cancel(draft: Draft) -> None:
    cancel(draft, "")


SIMPLE: dict[str, Callable[[Draft], None]] = {
    choices.HUMAN_ROW: _human,
    "human": _human,
    "menu": _menu,
    choices.QUESTION_ROW: _question,
    "cancel": _cancel,
    "retry": _retry,
    "resume": _resume,
    "drop": _drop,
}


def _intent(draft: Draft, name: str) -> None:
    if name not in set(Intent) or draft.now.state == State.WAITING_HUMAN:
        _over(draft)
        return
    text = draft.now.slots.get(WORDS_KEPT) or say(f"intent.{name}")
    draft.drop(WORDS_KEPT)
    act(draft, Intent(name), (text,))


def _slot(draft: Draft, rest: str) -> None:
    """A value of the running flow; also of a slot filled before, which corrects it."""
    flow, (name, _, value) = running(draft), rest.partition(":")
    slot = flow.slot(name) if flow and draft.now.state in IN_FLOW else None
    if slot is None or slot not in (flow.wanted(draft.now) if flow else ()):
        _over(draft)
        return
    parsed = slot.parse(value, draft.now)
    if parsed.value is None:
        fail(draft, parsed.problem, "") if slot.name == draft.now.asking else _over(draft)
    elif fill(draft, slot, parsed.value) or draft.now.state == State.COLLECTING:
        proceed(draft)
    else:
        ask_again(draft)


def _fix(draft: Draft, name: str) -> None:
    flow = running(draft)
    slot = flow.slot(name) if flow and draft.now.state == State.CONFIRMING else None
    if slot is None or name not in draft.now.slots:
        _over(draft)
        return
    fix(draft, slot)


def _confirm(draft: Draft, rest: str) -> None:
    mark, _, answer = rest.partition(":")
    if draft.now.state != State.CONFIRMING or mark != mark_of(draft.now):
        _over(draft)
    elif answer == "yes":
        confirm(draft)
    else:
        ask_what_to_fix(draft)


COMPOUND: dict[str, Callable[[Draft, str], None]] = {"intent": _intent, "slot": _slot, "fix": _fix, "confirm": _confirm}
