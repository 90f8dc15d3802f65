"""The way to a human: escalation with reason, place in the queue and summary; what is said while
waiting; leaving the queue.
"""

from datetime import datetime

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import ATTACHMENTS, TOLD, DecisionBuilder
from gatte.conversation.effects import EscalationReason, QueueForHuman
from gatte.conversation.escalation_rules import PRIORITY
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.parsing.day_wishes import WEEKDAY_NAMES
from gatte.conversation.parsing.normalize import truncate
from gatte.conversation.snapshot import DeskFacts, Snapshot
from gatte.conversation.states import Event, State
from gatte.conversation.texts import exists, render

WORDS_SHOWN = 160


def escalate(
    draft: DecisionBuilder,
    reason: EscalationReason,
    cause: str,
    said: str = "",
    event: Event = Event.ESCALATED,
) -> None:
    """Put the conversation in the desk's queue, or forward in it; the flow ends, its values go into
    the summary.
    """
    priority = PRIORITY[reason]
    draft.add_effect(
        QueueForHuman(reason, priority, summary(draft.snapshot, reason, said), draft.flag("trail"))
    )
    draft.transition(event, cause)
    if exists(f"handoff.because_{reason}"):
        draft.add_text(f"handoff.because_{reason}")
    announce_queue(draft, priority)
    draft.discard_suspended_flow()
    draft.update(
        flow=None, requested_slot=None, fallback_count=0, invalid_slot_count=0, consecutive_errors=0
    )
    # A conversation that moves forward in the queue keeps its time of waiting.
    kept = {name: draft.flag(name) for name in ("warn_from", "warned") if draft.flag(name)}
    marks = {
        "introduced": "1",
        "priority": str(priority),
        "waiting_told": "1",
        "warn_from": draft.snapshot.now.isoformat(),
    }
    draft.update(flags=marks | kept)


def raises_priority(draft: DecisionBuilder, reason: EscalationReason) -> bool:
    """Whether this reason moves a waiting conversation forward in the queue."""
    return PRIORITY[reason] < int(draft.flag("priority") or 9)


def summary(snapshot: Snapshot, reason: EscalationReason, said: str) -> str:
    """The lines for the agent: why and who, what was under way, the customer's last words, and
    those that a failure left unanswered.
    """
    failed = snapshot.flags.get("failed", "")
    said_name = snapshot.slots.get("name") or snapshot.slots.get(f"{TOLD}name")
    who = said_name or snapshot.contact.name or render("summary.nobody")
    lines = [
        f"{render(f'reason.{reason}')} · {truncate(who, 60)}",
        _under_way(snapshot),
        render("summary.said", value=truncate(said, WORDS_SHOWN))
        if said
        else render("summary.said_nothing"),
    ]
    if failed and failed != truncate(said, WORDS_SHOWN):
        lines.append(render("summary.failed", value=failed))
    return "\n".join(lines)


def _under_way(snapshot: Snapshot) -> str:
    flow = FLOWS.get(snapshot.flow or "")
    if flow:
        values = [
            slot.format(value) for slot in flow.slots if (value := snapshot.slots.get(slot.name))
        ]
        return render(
            "summary.flow",
            flow=render(f"flow.{flow.name}"),
            value=truncate(", ".join(values), WORDS_SHOWN) or render("summary.no_values"),
        )
    if snapshot.certificates:
        first = min(snapshot.certificates, key=lambda one: one.valid_until)
        return render(
            "summary.certificate", kind=first.kind, valid_until=f"{first.valid_until:%d/%m/%Y}"
        )
    return render("summary.no_flow")


def announce_queue(draft: DecisionBuilder, priority: int | None = None) -> None:
    """Say how the queue stands for this priority (or that which the conversation waits with), or
    when the desk opens.
    """
    desk = draft.snapshot.desk
    if priority is None:
        priority = int(draft.flag("priority") or PRIORITY[EscalationReason.REQUESTED])
    if not desk.open:
        _tell_opening(draft, desk)
        return
    ahead = desk.queue_position(priority)
    wait = desk.wait_minutes(ahead)
    draft.add_text(_queue_key(ahead, wait), ahead=ahead, wait=wait)


def _tell_opening(draft: DecisionBuilder, desk: DeskFacts) -> None:
    if desk.opens_at is None:
        draft.add_text("handoff.closed")
    else:
        draft.add_text("handoff.closed_until", when=show_opening(desk.opens_at, draft.snapshot.now))


def _queue_key(ahead: int, wait: int | None) -> str:
    if ahead <= 0:
        return "handoff.next"
    if ahead == 1:
        return "handoff.one_ahead_wait" if wait else "handoff.one_ahead"
    return "handoff.ahead_wait" if wait else "handoff.ahead"


def show_opening(opens_at: datetime, now: datetime) -> str:
    """When the desk opens, as people say it: "hoje às 13h", "amanhã às 9h", "segunda-feira, 30/11,
    às 9h".
    """
    opens = opens_at.astimezone(now.tzinfo)
    hour = f"{opens.hour}h{opens.minute:02d}" if opens.minute else f"{opens.hour}h"
    days = (opens.date() - now.date()).days
    day = {0: "hoje", 1: "amanhã"}.get(days, f"{WEEKDAY_NAMES[opens.weekday()]}, {opens:%d/%m},")
    return f"{day} às {hour}"


def acknowledge_while_queued(draft: DecisionBuilder) -> None:
    """A message while waiting: said once that it was noted; after that silence, since each reply
    costs and says nothing new.
    """
    if draft.flag("waiting_told") == "noted":
        return
    draft.add_text("handoff.noted")
    draft.set_flag("waiting_told", "noted")


def leave_queue(draft: DecisionBuilder, event: Event, cause: str) -> None:
    """The customer wants the bot again: the context of the escalation goes, so that it can trigger
    no other. NotSaidLiterally where that is only a guess.
    """
    draft.require_literal(cause)
    draft.transition(event, cause)
    draft.reset()
    draft.set_flag("introduced")
    draft.add_buttons(render("handoff.left"), option_ids.MENU(), option_ids.HUMAN())


def ask_to_leave_queue(draft: DecisionBuilder) -> None:
    """Ask whether the place in the queue shall be given up; until then it is kept."""
    draft.set_flag("offer", option_ids.LEAVE_QUEUE().id)
    draft.add_buttons(render("handoff.ask_leave"), option_ids.LEAVE_QUEUE(), option_ids.STAY())


def clear_queue_flags(draft: DecisionBuilder) -> None:
    """Drop what the queue noted when a flow starts out of it."""
    if draft.snapshot.state == State.WAITING_HUMAN:
        kept = {
            name: value
            for name, value in draft.snapshot.slots.items()
            if name == ATTACHMENTS or name.startswith(TOLD)
        }
        draft.update(slots=kept, flags={"introduced": "1"})
        draft.add_text("handoff.left_for_flow")
