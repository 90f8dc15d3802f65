"""Runs the flows: starts them, fills their slots, asks, sums up, finishes, puts one aside for
another and takes it up again.
"""

import json
import zlib
from collections.abc import Mapping
from datetime import datetime

from gatte.conversation import option_ids
from gatte.conversation.decision_builder import (
    ATTACHMENTS,
    KEPT_BESIDE_FLOW,
    SUSPENDED,
    TOLD,
    DecisionBuilder,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.flows.appointment_changes import time_of
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.flows.certificates import certificate_of, show_validity
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.flows.schedule import show_when
from gatte.conversation.handoff import clear_queue_flags, escalate
from gatte.conversation.merge_replies import BUTTONS_LENGTH
from gatte.conversation.parsing.normalize import truncate
from gatte.conversation.replies import ButtonsReply, Reply, ReplyOption, TextReply
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import Event, State
from gatte.conversation.texts import exists, render
from gatte.conversation.thresholds import RESUME_LIMIT, SLOT_ESCALATES_AT, SLOT_OFFERS_HUMAN_AT

CONFIRM = "confirm"
FIX = "fix"
TITLE_LENGTH, MOST_BUTTONS, MOST_ROWS = 20, 3, 10
LONGEST_LINE = 160
"""Characters of a summary in one line."""


def current_flow(draft: DecisionBuilder) -> Flow | None:
    """The flow that runs now."""
    return FLOWS.get(draft.snapshot.flow or "")


def start(
    draft: DecisionBuilder,
    name: FlowName,
    cause: str,
    texts: tuple[str, ...] = (),
    values: Mapping[str, str] | None = None,
) -> None:
    """Start a flow with what the texts already tell, and with values that were read of its slots;
    one that runs is put aside, the same one just goes on.
    """
    flow = FLOWS[name]
    if draft.snapshot.flow == name and draft.snapshot.state in {State.COLLECTING, State.CONFIRMING}:
        ask_again(draft)
        return
    clear_queue_flags(draft)
    suspend_flow(draft)
    draft.transition(Event.FLOW_STARTED, cause)
    kept = {
        slot: value
        for slot, value in draft.snapshot.slots.items()
        if slot.startswith(KEPT_BESIDE_FLOW) or slot == ATTACHMENTS
    }
    draft.update(
        flow=str(name),
        requested_slot=None,
        slots={**kept, **flow.prefill(draft.snapshot, "\n".join(texts))},
        invalid_slot_count=0,
        fallback_count=0,
    )
    draft.log_activity(render(f"flow.{name}"))
    for text in texts:
        extract_slots(draft, text)
    _fill_given(draft, flow, values or {})
    _fill_told(draft, flow)
    opening = flow.open_key(draft.snapshot) or f"{name}.open"
    if exists(opening):
        draft.add_text(opening, **flow.summary_values(draft.snapshot))
    if not _refuse_volunteered(draft, texts):
        proceed(draft)


def _fill_given(draft: DecisionBuilder, flow: Flow, values: Mapping[str, str]) -> None:
    """Fill slots with values that were read for them, where their parsers take them."""
    for slot in flow.slots:
        given = values.get(slot.name)
        if given is None or slot.name in draft.snapshot.slots:
            continue
        value = slot.parse_answer(given, draft.snapshot).value
        if value is not None:
            fill(draft, slot, value)


def _fill_told(draft: DecisionBuilder, flow: Flow) -> None:
    """Fill slots that are still empty with what was told earlier, which is used up by that."""
    told = {name.removeprefix(TOLD): value for name, value in _told(draft).items()}
    _fill_given(draft, flow, told)
    draft.clear_slots(*(f"{TOLD}{slot.name}" for slot in flow.slots))


def _refuse_volunteered(draft: DecisionBuilder, texts: tuple[str, ...]) -> bool:
    """Say what is wrong with a value that came with the wish, in place of the question for it;
    whether something was.
    """
    slot = FLOWS[draft.snapshot.flow or ""].next_slot(draft.snapshot)
    problem = next(
        (said for text in texts if slot and (said := slot.validate(text, draft.snapshot))), ""
    )
    if not slot or not problem:
        return False
    draft.update(requested_slot=slot.name)
    show_problem(draft, slot, problem, "\n".join(texts))
    return True


def show_problem(draft: DecisionBuilder, slot: Slot, problem: str, said: str) -> None:
    """Say what is wrong with a value, with other values to choose from where the slot has any."""
    body = render(f"problem.{problem}", **slot.problem_values(draft.snapshot))
    options = slot.alternatives(said, draft.snapshot) or slot.options(draft.snapshot)
    if options:
        offer(draft, body, options)
    else:
        draft.replies.append(TextReply(body))


def proceed(draft: DecisionBuilder, *, brief: bool = False) -> None:
    """Ask for the next slot, or sum up, or finish when no yes is due. A brief summary only asks for
    the yes: the customer has just seen the values.
    """
    flow = FLOWS[draft.snapshot.flow or ""]
    slot = flow.next_slot(draft.snapshot)
    if slot:
        ask(draft, slot)
        return
    if not flow.settle(draft):
        return
    left = flow.next_slot(draft.snapshot)
    if left:
        ask(draft, left)
    elif draft.snapshot.state == State.CONFIRMING:
        show_summary(draft, brief=brief)
    elif flow.needs_confirmation(draft.snapshot):
        draft.transition(Event.SLOTS_COMPLETE, flow.name)
        show_summary(draft, brief=brief)
    else:
        draft.transition(Event.FLOW_FINISHED, flow.name)
        finish(draft)


def ask(draft: DecisionBuilder, slot: Slot) -> None:
    """Ask for one slot, with its options as buttons or as a list."""
    if draft.snapshot.requested_slot != slot.name:
        draft.update(requested_slot=slot.name, invalid_slot_count=0)
    slot.before_asking(draft)
    options = slot.options(draft.snapshot)
    if options:
        offer(draft, question_of(draft.snapshot, slot), options)
    else:
        draft.replies.append(TextReply(question_of(draft.snapshot, slot)))


def question_key(snapshot: Snapshot, slot: Slot) -> str:
    """The key of a slot's question: the one for what is known, or the flow's own, or the usual."""
    own = slot.question_key(snapshot) or f"{snapshot.flow}.ask_{slot.name}"
    return own if exists(own) else f"ask.{slot.name}"


def question_of(snapshot: Snapshot, slot: Slot) -> str:
    """The question for a slot; one that names what is remembered, where something is."""
    known = slot.known_value(snapshot)
    if known:
        return render(f"ask.{slot.name}_known", value=known)
    return render(question_key(snapshot, slot))


def offer(draft: DecisionBuilder, body: str, options: tuple[ReplyOption, ...]) -> None:
    """Show options: up to three short ones as buttons, else as a list."""
    short = len(options) <= MOST_BUTTONS and all(len(one.title) <= TITLE_LENGTH for one in options)
    if short and len(body) <= BUTTONS_LENGTH:
        draft.add_buttons(body, *options)
    else:
        draft.add_list(body, options[:MOST_ROWS])


def ask_again(draft: DecisionBuilder) -> None:
    """Repeat what the flow waits for."""
    flow = FLOWS[draft.snapshot.flow or ""]
    if draft.snapshot.state == State.CONFIRMING:
        show_summary(draft)
        return
    slot = flow.slot(draft.snapshot.requested_slot) or flow.next_slot(draft.snapshot)
    if slot and slot.name not in draft.snapshot.slots:
        ask(draft, slot)
    else:
        proceed(draft)


def summary_fingerprint(snapshot: Snapshot) -> str:
    """A short mark of the running flow's values: a yes counts only for the summary that showed
    exactly these.
    """
    values = sorted(
        (name, value)
        for name, value in snapshot.slots.items()
        if not name.startswith(KEPT_BESIDE_FLOW) and name != ATTACHMENTS
    )
    shown = json.dumps([snapshot.flow, values]).encode()
    return f"{zlib.crc32(shown):08x}"


def show_summary(draft: DecisionBuilder, *, brief: bool = False) -> None:
    """Show all values, a line each or in one line, and wait for a yes. What cannot be undone is
    always named in full.
    """
    flow = FLOWS[draft.snapshot.flow or ""]
    draft.update(requested_slot=CONFIRM)
    draft.set_flag("fixing", None)
    own = f"{flow.name}.confirm_{draft.snapshot.slots.get('request', '')}"
    key = own if exists(own) else flow.summary_key(draft.snapshot) or f"{flow.name}.confirm"
    mark = summary_fingerprint(draft.snapshot)
    options = [ReplyOption(f"confirm:{mark}:yes", render(flow.yes_key))]
    if not flow.no_means_cancel:
        options.append(ReplyOption(f"confirm:{mark}:fix", render("option.fix")))
    options.append(ReplyOption("cancel", render(flow.cancel_key)))
    if brief and not flow.no_means_cancel:
        body = render("resume.confirm", value=_values_in_line(draft.snapshot, flow))
    else:
        lines = summary_lines(draft.snapshot, flow)
        body = render(key, lines=lines, **flow.summary_values(draft.snapshot))
    draft.add_buttons(body, *options)


def summary_lines(snapshot: Snapshot, flow: Flow) -> str:
    """A line for each value of the flow."""
    shown = ((slot, _shown(snapshot, slot)) for slot in flow.slots)
    return "\n".join(f"• {render(f'label.{slot.name}')}: {value}" for slot, value in shown if value)


def _shown(snapshot: Snapshot, slot: Slot) -> str:
    """The value of a slot as the customer reads it; empty where it has none, or says nothing."""
    value = snapshot.slots.get(slot.name)
    return shown_value(snapshot, slot, value) if value else ""


def _values_in_line(snapshot: Snapshot, flow: Flow) -> str:
    """The values of the flow in one line."""
    shown = (_shown(snapshot, slot) for slot in flow.slots)
    return truncate(", ".join(value for value in shown if value), LONGEST_LINE)


def shown_value(snapshot: Snapshot, slot: Slot, value: str) -> str:
    """A value as the customer reads it; a certificate by its kind and an appointment by its time,
    not by our id.
    """
    if slot.name == "appointment":
        known = (one for one in snapshot.appointments if one.id == value)
        return next((show_when(time_of(one)) for one in known), "")
    if slot.name == "certificate":
        renewed = certificate_of(snapshot, value)
        return show_validity(renewed, snapshot.now.date()) if renewed else ""
    return slot.format(value)


def confirm(draft: DecisionBuilder) -> None:
    """The customer said yes to the summary, which must still hold."""
    flow = FLOWS[draft.snapshot.flow or ""]
    if not flow.settle(draft):
        return
    draft.transition(Event.CONFIRMED, draft.snapshot.flow or "")
    finish(draft)


def finish(draft: DecisionBuilder) -> None:
    """Carry out the flow's effect, and offer to come back to one that was put aside."""
    flow = FLOWS[draft.snapshot.flow or ""]
    flow.on_complete(draft)
    draft.end_flow()
    draft.update(fallback_count=0)
    if flow.is_aside and can_resume(draft):
        draft.replies = [_without_options(one) for one in draft.replies]
        resume(draft, "after an aside")
        return
    asks = draft.replies and not isinstance(draft.replies[-1], TextReply)
    if not asks:
        offer_resume(draft)


def _without_options(reply: Reply) -> Reply:
    """The text alone of a reply with buttons: what runs on asks for something else."""
    return TextReply(reply.body) if isinstance(reply, ButtonsReply) else reply


def ask_what_to_fix(draft: DecisionBuilder) -> None:
    """Show the values as a list to pick the wrong one from."""
    flow = FLOWS[draft.snapshot.flow or ""]
    draft.update(requested_slot=FIX)
    draft.set_flag("fixing")
    rows = tuple(
        ReplyOption(
            f"fix:{slot.name}",
            render(f"label.{slot.name}"),
            shown_value(draft.snapshot, slot, draft.snapshot.slots[slot.name])[:72],
        )
        for slot in flow.wanted(draft.snapshot)
        if slot.name in draft.snapshot.slots
    )
    draft.add_list(render("fix.which"), rows[:MOST_ROWS])


def reopen_slot(draft: DecisionBuilder, slot: Slot, said: str = "") -> None:
    """Empty one value and ask for it again, or say what is wrong with the one that was said."""
    problem = slot.validate(said, draft.snapshot) if said else ""
    draft.transition(Event.CORRECTED, slot.name)
    draft.clear_slots(slot.name, *slot.invalidates)
    draft.set_flag("fixing", None)
    draft.update(fallback_count=0)
    if problem:
        draft.update(requested_slot=slot.name, invalid_slot_count=0)
        show_problem(draft, slot, problem, said)
    else:
        ask(draft, slot)


def fill(draft: DecisionBuilder, slot: Slot, value: str, text: str = "") -> bool:
    """Put a value into a slot; whether that changed anything."""
    before = draft.snapshot.slots.get(slot.name)
    if before == value:
        return False
    first_value = before is None and draft.snapshot.state == State.COLLECTING
    draft.transition(Event.SLOT_FILLED if first_value else Event.CORRECTED, slot.name)
    draft.clear_slots(*slot.invalidates)
    derived = {
        name: one
        for name, one in slot.derived_slots(value, text).items()
        if name not in draft.snapshot.slots
    }
    draft.set_slots({slot.name: value, **derived})
    draft.update(invalid_slot_count=0, fallback_count=0)
    return True


def extract_slots(
    draft: DecisionBuilder, text: str, *, sure_only: bool = False, overwrite: bool = False
) -> set[str]:
    """Fill the slots whose values the text volunteers; the names of those that it spoke of."""
    flow = FLOWS[draft.snapshot.flow or ""]
    spoken = set()
    for slot in flow.slots:
        value = (
            slot.extract(text, draft.snapshot).value if slot.unambiguous or not sure_only else None
        )
        if value is None:
            continue
        spoken.add(slot.name)
        if overwrite or slot.name not in draft.snapshot.slots:
            fill(draft, slot, value, text)
    return spoken


def reject_answer(draft: DecisionBuilder, problem: str, said: str) -> None:
    """An unusable answer: say what is wrong; the third in a row offers a human, the fifth calls
    one.
    """
    draft.update(invalid_slot_count=draft.snapshot.invalid_slot_count + 1)
    draft.transition(
        Event.NOT_UNDERSTOOD, f"{draft.snapshot.requested_slot} {problem or 'unusable'}"
    )
    slot = FLOWS[draft.snapshot.flow or ""].slot(draft.snapshot.requested_slot)
    key = f"problem.{problem}" if problem else "problem.any"
    values = slot.problem_values(draft.snapshot) if slot else {}
    draft.log_activity(
        render("trail.slot_failed", label=render(f"label.{draft.snapshot.requested_slot}"))
    )
    if draft.snapshot.invalid_slot_count >= SLOT_ESCALATES_AT:
        escalate(
            draft,
            EscalationReason.SLOT_FAILED,
            f"slot {draft.snapshot.requested_slot} failed",
            said,
        )
    elif draft.snapshot.invalid_slot_count >= SLOT_OFFERS_HUMAN_AT:
        draft.set_flag("offer", "human")
        draft.add_buttons(
            render("problem.offer_human", problem=render(key, **values)),
            option_ids.HUMAN(),
            option_ids.CANCEL(),
        )
    elif slot:
        show_problem(draft, slot, problem or "any", said)
    else:
        draft.add_text(key)


def suspend_flow(draft: DecisionBuilder) -> None:
    """Keep a running flow for later, when it holds anything; its slots get a prefix."""
    flow = current_flow(draft)
    if not flow:
        return
    own = {
        name: value
        for name, value in draft.snapshot.slots.items()
        if not name.startswith(KEPT_BESIDE_FLOW)
    }
    if set(own) - {ATTACHMENTS}:
        draft.discard_suspended_flow()
        draft.update(
            suspended_flow=str(flow.name),
            slots=_told(draft) | {f"{SUSPENDED}{name}": value for name, value in own.items()},
        )
        draft.set_flag("kept_at", draft.snapshot.now.isoformat())
    draft.end_flow()


def _told(draft: DecisionBuilder) -> dict[str, str]:
    """The slots with what was told while nothing asked for it."""
    return {name: value for name, value in draft.snapshot.slots.items() if name.startswith(TOLD)}


def can_resume(draft: DecisionBuilder) -> bool:
    """Whether a flow was put aside, and not too long ago."""
    kept_at = draft.flag("kept_at")
    return (
        bool(draft.snapshot.suspended_flow and kept_at)
        and draft.snapshot.now - datetime.fromisoformat(kept_at) <= RESUME_LIMIT
    )


def resume(draft: DecisionBuilder, cause: str, texts: tuple[str, ...] = ()) -> None:
    """Take up the flow that was put aside where it stopped, with what the texts add to it."""
    name = draft.snapshot.suspended_flow
    slots = {
        slot.removeprefix(SUSPENDED): value
        for slot, value in draft.snapshot.slots.items()
        if slot.startswith(SUSPENDED)
    }
    draft.transition(Event.RESUMED, cause)
    draft.update(
        flow=name,
        requested_slot=None,
        slots=_told(draft) | slots,
        suspended_flow=None,
        invalid_slot_count=0,
        fallback_count=0,
    )
    draft.set_flag("kept_at", None)
    draft.add_text("resume.going_on", the_flow=render(f"flow.{name}"))
    for text in texts:
        extract_slots(draft, text, sure_only=True)
    proceed(draft)


def offer_resume(draft: DecisionBuilder) -> None:
    """Offer to go on with the flow that was put aside, if it is still fresh."""
    if not can_resume(draft):
        draft.discard_suspended_flow()
        return
    draft.set_flag("offer", "resume")
    draft.add_buttons(
        render("resume.offer", the_flow=render(f"flow.{draft.snapshot.suspended_flow}")),
        option_ids.RESUME(),
        option_ids.DISCARD(),
    )
