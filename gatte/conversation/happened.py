"""Events of an agent, of the clock, and failures."""

from collections.abc import Callable

from gatte.conversation import choices
from gatte.conversation.draft import Draft
from gatte.conversation.effects import Reason
from gatte.conversation.filling import put_aside, question_of, running
from gatte.conversation.handoff import WORDS_SHOWN, escalate
from gatte.conversation.parsing.words import clip
from gatte.conversation.snapshot import Happened
from gatte.conversation.states import Event, InvalidTransition, State, next_state
from gatte.conversation.texts import say
from gatte.conversation.thresholds import ERRORS_ESCALATE_AT

HUMAN_STATES = frozenset({State.WAITING_HUMAN, State.WITH_HUMAN})
SILENT_STATES = frozenset({State.TIMEOUT, State.CLOSED})


def happen(draft: Draft, happened: Happened) -> None:
    """Take in an event; InvalidTransition when the table, or the kind of event, does not allow it from outside."""
    next_state(draft.now.state, happened.event)
    doing = DOINGS.get(happened.event)
    if doing is None:
        raise InvalidTransition(draft.now.state, happened.event)
    doing(draft, happened)


def _cause(happened: Happened) -> str:
    return happened.reason or happened.event.replace("_", " ")


def _human_speaks(draft: Draft, happened: Happened) -> None:
    """An agent took over or answered, from the panel or the phone: the bot is silent from here on."""
    draft.move(happened.event, _cause(happened))
    draft.keep(flow=None, asking=None, suspended=None, misunderstandings=0, slot_failures=0, errors=0, notes={"introduced": "1"})


def _handed_back(draft: Draft, happened: Happened) -> None:
    draft.move(happened.event, _cause(happened))
    draft.forget_everything()
    draft.note("introduced")
    draft.ask(say("handoff.handed_back"), choices.MENU())


def _customer_waited(draft: Draft, happened: Happened) -> None:
    """The desk is warned, and once more when twice the time has passed again."""
    draft.move(happened.event, _cause(happened))
    draft.note("warn_from", draft.now.now.isoformat())
    draft.note("warned", str(min(int(draft.noted("warned") or 0) + 1, 9)))


def _reset(draft: Draft, happened: Happened) -> None:
    draft.move(happened.event, _cause(happened))
    draft.forget_everything()


def _forced_to_human(draft: Draft, happened: Happened) -> None:
    unheard = draft.now.state in SILENT_STATES
    escalate(draft, Reason.FORCED, _cause(happened), happened.reason, event=Event.FORCED_ESCALATION)
    if unheard:
        draft.replies.clear()


def _escalated(draft: Draft, happened: Happened) -> None:
    reason = Reason(happened.reason) if happened.reason in set(Reason) else Reason.REQUESTED
    escalate(draft, reason, _cause(happened))


def _nudged(draft: Draft, happened: Happened) -> None:
    draft.move(happened.event, _cause(happened))
    draft.note("nudged")
    flow, slot = running(draft), None
    if flow:
        slot = flow.slot(draft.now.asking) if draft.now.state == State.COLLECTING else None
        question = question_of(draft.now, slot) if slot else say("nudge.confirm")
        draft.say("nudge.flow", the_flow=say(f"flow.{flow.name}"), question=question)
    else:
        draft.say("nudge.idle")


def _timed_out(draft: Draft, happened: Happened) -> None:
    """Silent, since a reply costs: the nudge said already that one can go on later."""
    draft.move(happened.event, _cause(happened))
    put_aside(draft)
    draft.keep(misunderstandings=0)


def _closed(draft: Draft, happened: Happened) -> None:
    with_human = draft.now.state in HUMAN_STATES
    draft.move(happened.event, _cause(happened))
    if with_human:
        draft.forget_everything()
    else:
        put_aside(draft)


def _failed(draft: Draft, happened: Happened) -> None:
    """One apology with a way on; the second failure in a row goes to a human; a human's conversation is left alone."""
    if draft.now.state in HUMAN_STATES:
        draft.move(happened.event, _cause(happened))
        return
    draft.keep(errors=draft.now.errors + 1)
    draft.move(happened.event, _cause(happened))
    draft.tell(say("trail.failed"))
    if draft.now.errors >= ERRORS_ESCALATE_AT:
        escalate(draft, Reason.ERRORS, f"{draft.now.errors} failures in a row", happened.said)
    else:
        draft.note("failed", clip(happened.said, WORDS_SHOWN) or None)
        draft.ask(say("error.sorry"), choices.RETRY(), choices.MENU(), choices.HUMAN())


DOINGS: dict[Event, Callable[[Draft, Happened], None]] = {
    Event.AGENT_TOOK: _human_speaks,
    Event.AGENT_REPLIED: _human_speaks,
    Event.HANDED_BACK: _handed_back,
    Event.CUSTOMER_WAITED: _customer_waited,
    Event.FORCED_RESET: _reset,
    Event.FORCED_ESCALATION: _forced_to_human,
    Event.ESCALATED: _escalated,
    Event.NUDGED: _nudged,
    Event.TIMED_OUT: _timed_out,
    Event.CLOSED: _closed,
    Event.FAILED: _failed,
}
FROM_OUTSIDE = frozenset(DOINGS)
"""The events that an agent, the clock or a failure can cause; all others come from what a customer says."""
