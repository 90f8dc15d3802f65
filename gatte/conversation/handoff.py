"""The way to a human: escalation with reason, place in the queue and summary; what is said while waiting; leaving the queue."""

from datetime import datetime

from gatte.conversation import choices
from gatte.conversation.alarms import PRIORITY
from gatte.conversation.draft import ATTACHMENTS, SUSPENDED, Draft
from gatte.conversation.effects import Escalate, Reason
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.parsing.dates import WEEKDAY_NAMES
from gatte.conversation.parsing.words import clip
from gatte.conversation.snapshot import DeskFacts, Snapshot
from gatte.conversation.states import Event, State
from gatte.conversation.texts import has, say

WORDS_SHOWN = 160


def escalate(draft: Draft, reason: Reason, cause: str, said: str = "", event: Event = Event.ESCALATED) -> None:
    """Put the conversation in the desk's queue, or forward in it; the flow ends, its values go into the summary."""
    priority = PRIORITY[reason]
    draft.do(Escalate(reason, priority, summary(draft.now, reason, said), draft.noted("trail")))
    draft.move(event, cause)
    if has(f"handoff.because_{reason}"):
        draft.say(f"handoff.because_{reason}")
    tell_queue(draft, priority)
    draft.forget_suspended()
    draft.keep(flow=None, asking=None, misunderstandings=0, slot_failures=0, errors=0)
    kept = {name: draft.noted(name) for name in ("warn_from", "warned") if draft.noted(name)}  # who moves forward waits since then
    marks = {"introduced": "1", "priority": str(priority), "waiting_told": "1", "warn_from": draft.now.now.isoformat()}
    draft.keep(notes=marks | kept)


def is_more_pressing(draft: Draft, reason: Reason) -> bool:
    """Whether this reason moves a waiting conversation forward in the queue."""
    return PRIORITY[reason] < int(draft.noted("priority") or 9)


def summary(snapshot: Snapshot, reason: Reason, said: str) -> str:
    """The lines for the agent: why and who, what was under way, the customer's last words, and those that a failure left unanswered."""
    failed = snapshot.notes.get("failed", "")
    who = snapshot.slots.get("name") or snapshot.contact.name or say("summary.nobody")
    lines = [
        f"{say(f'reason.{reason}')} · {clip(who, 60)}",
        _under_way(snapshot),
        say("summary.said", value=clip(said, WORDS_SHOWN)) if said else say("summary.said_nothing"),
    ]
    if failed and failed != clip(said, WORDS_SHOWN):
        lines.append(say("summary.failed", value=failed))
    return "\n".join(lines)


def _under_way(snapshot: Snapshot) -> str:
    flow = FLOWS.get(snapshot.flow or "")
    if flow:
        values = [slot.show(value) for slot in flow.slots if (value := snapshot.slots.get(slot.name))]
        return say("summary.flow", flow=say(f"flow.{flow.name}"), value=clip(", ".join(values), WORDS_SHOWN) or say("summary.no_values"))
    if snapshot.certificates:
        first = min(snapshot.certificates, key=lambda one: one.valid_until)
        return say("summary.certificate", kind=first.kind, valid_until=f"{first.valid_until:%d/%m/%Y}")
    return say("summary.no_flow")


def tell_queue(draft: Draft, priority: int | None = None) -> None:
    """Say how the queue stands for this priority (or that which the conversation waits with), or when the desk opens."""
    desk = draft.now.desk
    if priority is None:
        priority = int(draft.noted("priority") or PRIORITY[Reason.REQUESTED])
    if not desk.open:
        _tell_opening(draft, desk)
        return
    ahead = desk.ahead(priority)
    wait = desk.wait_minutes(ahead)
    draft.say(_queue_key(ahead, wait), ahead=ahead, wait=wait)


def _tell_opening(draft: Draft, desk: DeskFacts) -> None:
    if desk.opens_at is None:
        draft.say("handoff.closed")
    else:
        draft.say("handoff.closed_until", when=show_opening(desk.opens_at, draft.now.now))


def _queue_key(ahead: int, wait: int | None) -> str:
    if ahead <= 0:
        return "handoff.next"
    if ahead == 1:
        return "handoff.one_ahead_wait" if wait else "handoff.one_ahead"
    return "handoff.ahead_wait" if wait else "handoff.ahead"


def show_opening(opens_at: datetime, now: datetime) -> str:
    """When the desk opens, as people say it: "hoje às 13h", "amanhã às 9h", "segunda-feira, 30/11, às 9h"."""
    opens = opens_at.astimezone(now.tzinfo)
    hour = f"{opens.hour}h{opens.minute:02d}" if opens.minute else f"{opens.hour}h"
    days = (opens.date() - now.date()).days
    day = {0: "hoje", 1: "amanhã"}.get(days, f"{WEEKDAY_NAMES[opens.weekday()]}, {opens:%d/%m},")
    return f"{day} às {hour}"


def keep_waiting(draft: Draft) -> None:
    """A message while waiting: said once that it was noted; after that silence, since each reply costs and says nothing new."""
    if draft.noted("waiting_told") == "noted":
        return
    draft.say("handoff.noted")
    draft.note("waiting_told", "noted")


def leave_queue(draft: Draft, event: Event, cause: str) -> None:
    """The customer wants the bot again: the context of the escalation goes, so that it can trigger no other."""
    draft.move(event, cause)
    draft.forget_everything()
    draft.note("introduced")
    draft.ask(say("handoff.left"), choices.MENU(), choices.HUMAN())


def forget_queue(draft: Draft) -> None:
    """Drop what the queue noted when a flow starts out of it."""
    if draft.now.state == State.WAITING_HUMAN:
        kept = {name: value for name, value in draft.now.slots.items() if name == ATTACHMENTS and not name.startswith(SUSPENDED)}
        draft.keep(slots=kept, notes={"introduced": "1"})
        draft.say("handoff.left_for_flow")
