"""Runs the flows: starts them, fills their slots, asks, sums up, finishes, puts one aside for another and takes it up again."""

import json
import zlib
from datetime import datetime

from gatte.conversation import choices
from gatte.conversation.compose import BUTTONS_LENGTH
from gatte.conversation.draft import ATTACHMENTS, SUSPENDED, Draft
from gatte.conversation.effects import Reason
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.handoff import escalate, forget_queue
from gatte.conversation.replies import Option, Text
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import Event, State
from gatte.conversation.texts import has, say
from gatte.conversation.thresholds import RESUME_LIMIT, SLOT_ESCALATES_AT, SLOT_OFFERS_HUMAN_AT

CONFIRM = "confirm"
FIX = "fix"
TITLE_LENGTH, MOST_BUTTONS, MOST_ROWS = 20, 3, 10


def running(draft: Draft) -> Flow | None:
    """The flow that runs now."""
    return FLOWS.get(draft.now.flow or "")


def start(draft: Draft, name: FlowName, cause: str, texts: tuple[str, ...] = ()) -> None:
    """Start a flow with what the texts already tell; one that runs is put aside, the same one just goes on."""
    flow = FLOWS[name]
    if draft.now.flow == name and draft.now.state in {State.COLLECTING, State.CONFIRMING}:
        ask_again(draft)
        return
    forget_queue(draft)
    put_aside(draft)
    draft.move(Event.FLOW_STARTED, cause)
    kept = {slot: value for slot, value in draft.now.slots.items() if slot.startswith(SUSPENDED) or slot == ATTACHMENTS}
    draft.keep(flow=str(name), asking=None, slots={**kept, **flow.prefill(draft.now)}, slot_failures=0, misunderstandings=0)
    draft.tell(say(f"flow.{name}"))
    for text in texts:
        find(draft, text)
    if has(f"{name}.open"):
        draft.say(f"{name}.open")
    if not _refuse_volunteered(draft, texts):
        proceed(draft)


def _refuse_volunteered(draft: Draft, texts: tuple[str, ...]) -> bool:
    """Say what is wrong with a value that came with the wish, in place of the question for it; whether something was."""
    slot = FLOWS[draft.now.flow or ""].missing(draft.now)
    problem = next((said for text in texts if slot and (said := slot.wrong(text, draft.now))), "")
    if not slot or not problem:
        return False
    draft.keep(asking=slot.name)
    options = slot.options(draft.now)
    offer(draft, say(f"problem.{problem}"), options) if options else draft.say(f"problem.{problem}")
    return True


def proceed(draft: Draft) -> None:
    """Ask for the next slot, or sum up, or finish when no yes is due."""
    flow = FLOWS[draft.now.flow or ""]
    slot = flow.missing(draft.now)
    if slot:
        ask(draft, slot)
    elif draft.now.state == State.CONFIRMING:
        sum_up(draft)
    elif flow.confirms(draft.now):
        draft.move(Event.SLOTS_COMPLETE, flow.name)
        sum_up(draft)
    else:
        draft.move(Event.FLOW_FINISHED, flow.name)
        finish(draft)


def ask(draft: Draft, slot: Slot) -> None:
    """Ask for one slot, with its options as buttons or as a list."""
    if draft.now.asking != slot.name:
        draft.keep(asking=slot.name, slot_failures=0)
    body, options = question_of(draft.now, slot), slot.options(draft.now)
    if options:
        offer(draft, body, options)
    else:
        draft.say(question_key(draft.now, slot))


def question_key(snapshot: Snapshot, slot: Slot) -> str:
    """The key of a slot's question: the flow's own where there is one."""
    own = f"{snapshot.flow}.ask_{slot.name}"
    return own if has(own) else f"ask.{slot.name}"


def question_of(snapshot: Snapshot, slot: Slot) -> str:
    return say(question_key(snapshot, slot))


def offer(draft: Draft, body: str, options: tuple[Option, ...]) -> None:
    """Show options: up to three short ones as buttons, else as a list."""
    short = len(options) <= MOST_BUTTONS and all(len(one.title) <= TITLE_LENGTH for one in options)
    if short and len(body) <= BUTTONS_LENGTH:
        draft.ask(body, *options)
    else:
        draft.offer(body, options[:MOST_ROWS])


def ask_again(draft: Draft) -> None:
    """Repeat what the flow waits for."""
    flow = FLOWS[draft.now.flow or ""]
    if draft.now.state == State.CONFIRMING:
        sum_up(draft)
        return
    slot = flow.slot(draft.now.asking) or flow.missing(draft.now)
    if slot and slot.name not in draft.now.slots:
        ask(draft, slot)
    else:
        proceed(draft)


def mark_of(snapshot: Snapshot) -> str:
    """A short mark of the running flow's values: a yes counts only for the summary that showed exactly these."""
    values = sorted((name, value) for name, value in snapshot.slots.items() if not name.startswith(SUSPENDED) and name != ATTACHMENTS)
    return f"{zlib.crc32(json.dumps([snapshot.flow, values]).encode()):08x}"


def sum_up(draft: Draft) -> None:
    """Show all values and wait for a yes."""
    flow = FLOWS[draft.now.flow or ""]
    draft.keep(asking=CONFIRM)
    draft.note("fixing", None)
    own = f"{flow.name}.confirm_{draft.now.slots.get('request', '')}"
    key = own if has(own) else f"{flow.name}.confirm"
    mark = mark_of(draft.now)
    yes, correct = Option(f"confirm:{mark}:yes", say("option.confirm")), Option(f"confirm:{mark}:fix", say("option.fix"))
    options = (yes, choices.CANCEL()) if flow.no_cancels else (yes, correct, choices.CANCEL())
    draft.ask(say(key, lines=lines_of(draft.now, flow)), *options)


def lines_of(snapshot: Snapshot, flow: Flow) -> str:
    """A line for each value of the flow."""
    shown = ((slot, snapshot.slots.get(slot.name)) for slot in flow.slots)
    return "\n".join(f"• {say(f'label.{slot.name}')}: {shown_value(snapshot, slot, value)}" for slot, value in shown if value)


def shown_value(snapshot: Snapshot, slot: Slot, value: str) -> str:
    """A value as the customer reads it; a certificate by its kind, not by our id."""
    if slot.name == "certificate":
        return next((one.kind for one in snapshot.certificates if one.id == value), say("row.other"))
    return slot.show(value)


def confirm(draft: Draft) -> None:
    """The customer said yes to the summary."""
    draft.move(Event.CONFIRMED, draft.now.flow or "")
    finish(draft)


def finish(draft: Draft) -> None:
    """Carry out the flow's effect, and offer to come back to one that was put aside."""
    FLOWS[draft.now.flow or ""].finish(draft)
    draft.forget_flow()
    draft.keep(misunderstandings=0)
    asks = draft.replies and not isinstance(draft.replies[-1], Text)
    if not asks:
        offer_back(draft)


def ask_what_to_fix(draft: Draft) -> None:
    """Show the values as a list to pick the wrong one from."""
    flow = FLOWS[draft.now.flow or ""]
    draft.keep(asking=FIX)
    draft.note("fixing")
    rows = tuple(
        Option(f"fix:{slot.name}", say(f"label.{slot.name}"), shown_value(draft.now, slot, draft.now.slots[slot.name])[:72])
        for slot in flow.wanted(draft.now)
        if slot.name in draft.now.slots
    )
    draft.offer(say("fix.which"), rows[:MOST_ROWS])


def fix(draft: Draft, slot: Slot) -> None:
    """Empty one value and ask for it again."""
    draft.move(Event.CORRECTED, slot.name)
    draft.drop(slot.name, *slot.clears)
    draft.note("fixing", None)
    draft.keep(misunderstandings=0)
    ask(draft, slot)


def fill(draft: Draft, slot: Slot, value: str, text: str = "") -> bool:
    """Put a value into a slot; whether that changed anything."""
    before = draft.now.slots.get(slot.name)
    if before == value:
        return False
    draft.move(Event.SLOT_FILLED if before is None and draft.now.state == State.COLLECTING else Event.CORRECTED, slot.name)
    draft.drop(*slot.clears)
    draft.put({slot.name: value, **{name: one for name, one in slot.also(value, text).items() if name not in draft.now.slots}})
    draft.keep(slot_failures=0, misunderstandings=0)
    return True


def find(draft: Draft, text: str, *, sure_only: bool = False, overwrite: bool = False) -> set[str]:
    """Fill the slots whose values the text volunteers; the names of those that it spoke of."""
    flow = FLOWS[draft.now.flow or ""]
    spoken = set()
    for slot in flow.slots:
        value = slot.find(text, draft.now).value if slot.sure or not sure_only else None
        if value is None:
            continue
        spoken.add(slot.name)
        if overwrite or slot.name not in draft.now.slots:
            fill(draft, slot, value, text)
    return spoken


def fail(draft: Draft, problem: str, said: str) -> None:
    """An unusable answer: say what is wrong; the third in a row offers a human, the fifth calls one."""
    draft.keep(slot_failures=draft.now.slot_failures + 1)
    draft.move(Event.NOT_UNDERSTOOD, f"{draft.now.asking} {problem or 'unusable'}")
    slot = FLOWS[draft.now.flow or ""].slot(draft.now.asking)
    key = f"problem.{problem}" if problem else "problem.any"
    draft.tell(say("trail.slot_failed", label=say(f"label.{draft.now.asking}")))
    if draft.now.slot_failures >= SLOT_ESCALATES_AT:
        escalate(draft, Reason.SLOT_FAILED, f"slot {draft.now.asking} failed", said)
    elif draft.now.slot_failures >= SLOT_OFFERS_HUMAN_AT:
        draft.note("offer", "human")
        draft.ask(say("problem.offer_human", problem=say(key)), choices.HUMAN(), choices.CANCEL())
    elif slot and slot.options(draft.now):
        offer(draft, say(key), slot.options(draft.now))
    else:
        draft.say(key)


def put_aside(draft: Draft) -> None:
    """Keep a running flow for later, when it holds anything; its slots get a prefix."""
    flow = running(draft)
    if not flow:
        return
    own = {name: value for name, value in draft.now.slots.items() if not name.startswith(SUSPENDED)}
    if set(own) - {ATTACHMENTS}:
        draft.forget_suspended()
        draft.keep(suspended=str(flow.name), slots={f"{SUSPENDED}{name}": value for name, value in own.items()})
        draft.note("kept_at", draft.now.now.isoformat())
    draft.forget_flow()


def can_resume(draft: Draft) -> bool:
    """Whether a flow was put aside, and not too long ago."""
    kept_at = draft.noted("kept_at")
    return bool(draft.now.suspended and kept_at) and draft.now.now - datetime.fromisoformat(kept_at) <= RESUME_LIMIT


def resume(draft: Draft, cause: str, texts: tuple[str, ...] = ()) -> None:
    """Take up the flow that was put aside where it stopped, with what the texts add to it."""
    name = draft.now.suspended
    slots = {slot.removeprefix(SUSPENDED): value for slot, value in draft.now.slots.items() if slot.startswith(SUSPENDED)}
    draft.move(Event.RESUMED, cause)
    draft.keep(flow=name, asking=None, slots=slots, suspended=None, slot_failures=0, misunderstandings=0)
    draft.note("kept_at", None)
    draft.say("resume.going_on", the_flow=say(f"flow.{name}"))
    for text in texts:
        find(draft, text, sure_only=True)
    proceed(draft)


def offer_back(draft: Draft) -> None:
    """Offer to go on with the flow that was put aside, if it is still fresh."""
    if not can_resume(draft):
        draft.forget_suspended()
        return
    draft.note("offer", "resume")
    draft.ask(say("resume.offer", the_flow=say(f"flow.{draft.now.suspended}")), choices.RESUME(), choices.DROP())
