"""Events of an agent, of the clock, and failures."""

from collections.abc import Callable

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.handoff import WORDS_SHOWN, escalate
from gatte.conversation.parsing.normalize import truncate
from gatte.conversation.slot_filling import current_flow, question_of, suspend_flow
from gatte.conversation.snapshot import ExternalEvent
from gatte.conversation.states import Event, InvalidTransition, State, next_state
from gatte.conversation.texts import render
from gatte.conversation.thresholds import ERRORS_ESCALATE_AT

HUMAN_STATES = frozenset({State.WAITING_HUMAN, State.WITH_HUMAN})
SILENT_STATES = frozenset({State.TIMEOUT, State.CLOSED})


def handle_external_event(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    """Take in an event; InvalidTransition when the table, or the kind of event, does not allow it
    from outside.
    """
    next_state(draft.snapshot.state, happened.event)
    doing = EVENT_HANDLERS.get(happened.event)
    if doing is None:
        raise InvalidTransition(draft.snapshot.state, happened.event)
    doing(draft, happened)


def _cause(happened: ExternalEvent) -> str:
    return happened.reason or happened.event.replace("_", " ")


def _human_speaks(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    """An agent took over or answered, from the panel or the phone: the bot is silent from here."""
    draft.transition(happened.event, _cause(happened))
    draft.update(
        flow=None,
        requested_slot=None,
        suspended_flow=None,
        fallback_count=0,
        invalid_slot_count=0,
        consecutive_errors=0,
        flags={"introduced": "1"},
    )


def _handed_back(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    draft.transition(happened.event, _cause(happened))
    draft.reset()
    draft.set_flag("introduced")
    draft.add_buttons(render("handoff.handed_back"), option_ids.MENU())


def _customer_waited(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    """The desk is warned, and once more when twice the time has passed again."""
    draft.transition(happened.event, _cause(happened))
    draft.set_flag("warn_from", draft.snapshot.now.isoformat())
    warnings = int(draft.flag("warned") or 0) + 1
    draft.set_flag("warned", str(min(warnings, 9)))


def _reset(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    draft.transition(happened.event, _cause(happened))
    draft.reset()


def _forced_to_human(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    unheard = draft.snapshot.state in SILENT_STATES
    escalate(
        draft,
        EscalationReason.FORCED,
        _cause(happened),
        happened.reason,
        event=Event.FORCED_ESCALATION,
    )
    if unheard:
        draft.replies.clear()


def _escalated(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    reason = (
        EscalationReason(happened.reason)
        if happened.reason in set(EscalationReason)
        else EscalationReason.REQUESTED
    )
    escalate(draft, reason, _cause(happened))


def _nudged(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    draft.transition(happened.event, _cause(happened))
    draft.set_flag("nudged")
    flow = current_flow(draft)
    if flow:
        collecting = draft.snapshot.state == State.COLLECTING
        slot = flow.slot(draft.snapshot.requested_slot) if collecting else None
        question = question_of(draft.snapshot, slot) if slot else render("nudge.confirm")
        draft.add_text("nudge.flow", the_flow=render(f"flow.{flow.name}"), question=question)
    else:
        draft.add_text("nudge.idle")


def _timed_out(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    """Silent, since a reply costs: the nudge said already that one can go on later."""
    draft.transition(happened.event, _cause(happened))
    suspend_flow(draft)
    draft.update(fallback_count=0)


def _closed(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    with_human = draft.snapshot.state in HUMAN_STATES
    draft.transition(happened.event, _cause(happened))
    if with_human:
        draft.reset()
    else:
        suspend_flow(draft)


def _agent_closed(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    """Whoever talked to a person, or waited for one, hears that it is over."""
    _closed(draft, happened)
    draft.add_text("handoff.ended")


def _failed(draft: DecisionBuilder, happened: ExternalEvent) -> None:
    """One apology with a way on; the second failure in a row goes to a human; a human's
    conversation is left alone.
    """
    if draft.snapshot.state in HUMAN_STATES:
        draft.transition(happened.event, _cause(happened))
        return
    draft.update(consecutive_errors=draft.snapshot.consecutive_errors + 1)
    draft.transition(happened.event, _cause(happened))
    draft.log_activity(render("trail.failed"))
    if draft.snapshot.consecutive_errors >= ERRORS_ESCALATE_AT:
        escalate(
            draft,
            EscalationReason.ERRORS,
            f"{draft.snapshot.consecutive_errors} failures in a row",
            happened.said,
        )
    else:
        draft.set_flag("failed", truncate(happened.said, WORDS_SHOWN) or None)
        draft.add_buttons(
            render("error.sorry"), option_ids.RETRY(), option_ids.MENU(), option_ids.HUMAN()
        )


EVENT_HANDLERS: dict[Event, Callable[[DecisionBuilder, ExternalEvent], None]] = {
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
    Event.AGENT_CLOSED: _agent_closed,
    Event.FAILED: _failed,
}
EXTERNAL_EVENTS = frozenset(EVENT_HANDLERS)
"""The events that an agent, the clock or a failure can cause; all others come from a customer."""
