"""The customer spoke: all messages of a turn are understood together, in one order of precedence.

Secrets and deletions first, then what always goes to a human, commands, taps, open offers, and only
then the flow or the intent.
"""

import json

from gatte.conversation import active_flow, in_queue, no_active_flow, option_ids
from gatte.conversation.command_words import run_command
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason, OptOut
from gatte.conversation.escalation_rules import (
    EscalationTrigger,
    cannot_issue_invoices,
    find_trigger,
)
from gatte.conversation.fallback import PENDING_TEXT_SLOT, is_question, resolve_intent
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.handoff import escalate
from gatte.conversation.input_triage import (
    TriagedInput,
    UnderstoodText,
    acknowledge_attachment,
    attach_media,
    explain_unsupported,
    triage,
    warn_about_secret,
)
from gatte.conversation.nlu import Intent
from gatte.conversation.option_selected import handle_option
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.normalize import normalize_text, words
from gatte.conversation.rules import SHORT_FORMS, Command, asks_for_ticket, cancels_this, command_in
from gatte.conversation.slot_filling import (
    ask_again,
    can_resume,
    current_flow,
    extract_slots,
    offer_resume,
    proceed,
    resume,
    start,
    suspend_flow,
)
from gatte.conversation.snapshot import MessagesReceived, Owner
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render

ORDINALS = {
    "1": 0,
    "primeira": 0,
    "primeiro": 0,
    "2": 1,
    "segunda": 1,
    "segundo": 1,
    "3": 2,
    "terceira": 2,
    "terceiro": 2,
} | {str(number): number - 1 for number in range(4, 11)}
ORDINAL_CONTEXT = frozenset(ORDINALS) | {"a", "o", "opcao", "numero"}


def handle_messages(draft: DecisionBuilder, spoke: MessagesReceived) -> None:
    """Take in one turn of the customer."""
    heard = triage(draft, spoke.utterances)
    if draft.snapshot.owner == Owner.HUMAN or draft.snapshot.state == State.WITH_HUMAN:
        _observe_silently(draft, heard)
        return
    if not heard.needs_answer:
        _take_edits(draft, heard)
        return
    offered = _start_turn(draft, heard)
    _respond(draft, heard, offered)
    draft.set_flag("woken", None)
    draft.set_flag("answered", None)
    if draft.snapshot.state == State.START:
        draft.transition(Event.MENU_SHOWN, "spoke without words")
    if draft.question is None:
        draft.update(consecutive_errors=0)
        draft.set_flag("failed", None)
    prepend_introduction(draft)


def _observe_silently(draft: DecisionBuilder, heard: TriagedInput) -> None:
    """A human owns the conversation: only what the law or safety asks for is done, and nothing is
    said.
    """
    if heard.needs_answer and not draft.flag("customer_waiting"):
        since = draft.snapshot.now.isoformat()
        draft.set_flag("customer_waiting", since)
        draft.set_flag("warn_from", since)
        draft.set_flag("warned", None)
    if any(
        command_in(one.text) == Command.LEAVE and len(words(one.text)) == 1 for one in heard.said
    ):
        draft.add_effect(OptOut())


def _start_turn(draft: DecisionBuilder, heard: TriagedInput) -> str:
    """Wake up, take up what was interrupted; the offer that was open."""
    offered = draft.flag("offer")
    for mark in ("offer", "nudged", "asked_about"):
        draft.set_flag(mark, None)
    if heard.choice is None:
        heard.choice = _typed_choice(draft, heard)
    if not (heard.choice or "").startswith(("intent:", "menu:")):
        draft.clear_slots(PENDING_TEXT_SLOT)
    _reopen(draft)
    return offered


def _reopen(draft: DecisionBuilder) -> None:
    if draft.snapshot.state in {State.TIMEOUT, State.CLOSED}:
        if draft.snapshot.state == State.CLOSED:
            draft.set_flag("introduced", None)
        suspend_flow(draft)
        draft.transition(Event.REOPENED, "customer wrote")
        draft.set_flag("woken")
        if not can_resume(draft):
            draft.discard_suspended_flow()
    elif draft.snapshot.state in {State.ERROR, State.ANSWERING} and draft.snapshot.flow:
        confirming = draft.snapshot.requested_slot == "confirm"
        draft.transition(Event.RESUMED, "customer wrote")
        if confirming:
            draft.transition(Event.SLOTS_COMPLETE, "customer wrote")


def _typed_choice(draft: DecisionBuilder, heard: TriagedInput) -> str | None:
    """The option that the only text names; a phrase that names one keeps its words, which may fill
    slots.
    """
    if len(heard.said) != 1:
        return None
    text = heard.said[0].text
    found = option_named_in(draft, text)
    if found:
        heard.said = []
    return found or (
        option_ids.TICKET().id if not draft.snapshot.flow and asks_for_ticket(text) else None
    )


def option_named_in(draft: DecisionBuilder, text: str) -> str | None:
    """The option that a text is: a title that was offered last or its place ("2", "a primeira"), or
    a short form of the menu.
    """
    return _offered_with(draft, text) or (None if _asks_free_text(draft) else _short_form(text))


def _asks_free_text(draft: DecisionBuilder) -> bool:
    flow = current_flow(draft)
    slot = flow.slot(draft.snapshot.requested_slot) if flow else None
    return bool(slot and slot.free_text)


def _short_form(text: str) -> str | None:
    plain = normalize_text(text).strip(" .!")
    rows = {normalize_text(one.title): one.id for one in option_ids.menu_rows()}
    return SHORT_FORMS.get(plain) or rows.get(plain)


def _offered_with(draft: DecisionBuilder, text: str) -> str | None:
    if not draft.flag("offered"):
        return None
    offered: list[list[str]] = json.loads(draft.flag("offered"))
    plain = normalize_text(text).strip(" .!")
    by_title = next((identity for identity, title in offered if title == plain), None)
    if by_title:
        return by_title
    spoken = set(words(text))
    places = [ORDINALS[word] for word in spoken if word in ORDINALS]
    if spoken <= ORDINAL_CONTEXT and len(places) == 1 and places[0] < len(offered):
        return offered[places[0]][0]
    return None


def _respond(draft: DecisionBuilder, heard: TriagedInput, offered: str) -> None:
    if heard.rejected:
        warn_about_secret(draft, heard.rejected)
    if _escalate_alarm(draft, heard) or _run_commands(draft, heard):
        return
    if heard.attached:
        attach_media(draft, heard.attached)
    if heard.choice:
        handle_option(draft, heard.choice)
        _fill_beside_choice(draft, heard)
    elif heard.said:
        _hear_words(draft, heard, offered)
    else:
        _answer_wordless(draft, heard)


def _escalate_alarm(draft: DecisionBuilder, heard: TriagedInput) -> bool:
    """Bring what a human must see at once to the desk; whether that settles the turn."""
    text = "\n".join(one.text for one in heard.said)
    alarm = _alarm(draft, text)
    if alarm is None:
        return False
    if any(command_in(one.text) == Command.LEAVE for one in heard.said):
        draft.add_effect(OptOut())
    if draft.snapshot.state == State.WAITING_HUMAN:
        return in_queue.raise_priority(draft, alarm, text)
    if heard.attached:
        attach_media(draft, heard.attached)
    escalate(draft, alarm.reason, f"rule {alarm.reason}", text)
    return True


def _alarm(draft: DecisionBuilder, text: str) -> EscalationTrigger | None:
    """What a human must see at once; a certificate that we know to be expired counts as said."""
    alarm = find_trigger(text)
    if (
        alarm
        and alarm.reason == EscalationReason.REFUND
        and draft.snapshot.flow
        and cancels_this(text)
    ):
        return None
    today = draft.snapshot.now.date()
    expired = any(one.valid_until < today for one in draft.snapshot.certificates)
    if alarm is None and expired and cannot_issue_invoices(text):
        return EscalationTrigger(EscalationReason.INVOICE_STOPPED, 0)
    return alarm


def _run_commands(draft: DecisionBuilder, heard: TriagedInput) -> bool:
    """Carry out the last command of the turn, or a wish to leave; whether that settles the turn."""
    commands = [command for one in heard.said if (command := command_in(one.text))]
    if not commands and draft.snapshot.flow and any(cancels_this(one.text) for one in heard.said):
        commands = [Command.CANCEL]
    if not commands:
        return False
    command = Command.LEAVE if Command.LEAVE in commands else commands[-1]
    text = "\n".join(one.text for one in heard.said)
    return run_command(draft, command, text)


def _fill_beside_choice(draft: DecisionBuilder, heard: TriagedInput) -> None:
    """Words beside a tap may fill slots of the flow that the tap started; the question then moves
    on.
    """
    if draft.snapshot.state != State.COLLECTING or not draft.snapshot.flow:
        return
    asked = len(draft.replies)
    found: set[str] = set()
    for one in heard.said:
        found |= extract_slots(draft, one.text)
    if found:
        del draft.replies[asked - 1 :]
        proceed(draft)


def _hear_words(draft: DecisionBuilder, heard: TriagedInput, offered: str) -> None:
    if draft.snapshot.state == State.WAITING_HUMAN:
        in_queue.handle_messages(draft, heard.said)
    elif _take_offer(draft, heard.said, offered):
        return
    elif draft.snapshot.flow:
        active_flow.handle_messages(draft, heard.said)
    elif (
        draft.flag("woken")
        and can_resume(draft)
        and (_answers_interrupted(draft, heard.said) or not _wants_something(heard.said))
    ):
        _offer_or_resume(draft, heard.said)
    else:
        no_active_flow.handle_messages(draft, heard.said)


def _wants_something(said: list[UnderstoodText]) -> bool:
    intent = resolve_intent(said).intent or Intent.GREETING
    return intent not in {Intent.GREETING, Intent.OUT_OF_SCOPE} or any(
        is_question(one) for one in said
    )


def _answers_interrupted(draft: DecisionBuilder, said: list[UnderstoodText]) -> bool:
    """Whether the words hold a sure value of the flow that a pause interrupted."""
    flow = FLOWS[draft.snapshot.suspended_flow or ""]
    return any(
        slot.unambiguous and slot.extract(one.text, draft.snapshot).value
        for slot in flow.slots
        for one in said
    )


def _offer_or_resume(draft: DecisionBuilder, said: list[UnderstoodText]) -> None:
    """Offer to go on after a pause; somebody who answers the flow's question as if there had been
    none just goes on.
    """
    if _answers_interrupted(draft, said):
        resume(draft, "answered after a pause", tuple(one.text for one in said))
    else:
        offer_resume(draft)


def _take_offer(draft: DecisionBuilder, said: list[UnderstoodText], offered: str) -> bool:
    """Act on a yes or a no to what the last reply offered; False when the words are neither."""
    answer = yes_or_no(" ".join(one.text for one in said)) if offered else None
    if answer is None or (offered == "resume" and not can_resume(draft)):
        return False
    if answer:
        _accept_offer(draft, said, offered)
    else:
        _decline_offer(draft, offered)
    return True


def _accept_offer(draft: DecisionBuilder, said: list[UnderstoodText], offered: str) -> None:
    if offered == "human":
        escalate(draft, EscalationReason.SLOT_FAILED, "offer accepted", said[-1].text)
    elif offered in option_ids.FLOW_OF_ROW:
        start(draft, option_ids.FLOW_OF_ROW[offered], "offer accepted")
    else:
        resume(draft, "offer accepted")


def _decline_offer(draft: DecisionBuilder, offered: str) -> None:
    if offered == "human":
        ask_again(draft)
    elif offered in option_ids.FLOW_OF_ROW:
        draft.add_text("social.declined")
    else:
        draft.discard_suspended_flow()
        no_active_flow.show_menu(draft, "offer declined")


def _answer_wordless(draft: DecisionBuilder, heard: TriagedInput) -> None:
    if draft.snapshot.state == State.WAITING_HUMAN:
        in_queue.handle_messages(draft, [])
    elif heard.attached:
        acknowledge_attachment(draft)
    elif heard.non_text:
        explain_unsupported(draft, heard.non_text)
    elif draft.snapshot.flow:
        ask_again(draft)


def _take_edits(draft: DecisionBuilder, heard: TriagedInput) -> None:
    """An edited message corrects what it said, where that can be told; otherwise it is let be."""
    if draft.snapshot.state not in {State.COLLECTING, State.CONFIRMING} or not heard.edits:
        return
    before = dict(draft.snapshot.slots)
    for text in heard.edits:
        extract_slots(draft, text, sure_only=True, overwrite=True)
    if dict(draft.snapshot.slots) != before:
        proceed(draft)


def prepend_introduction(draft: DecisionBuilder) -> None:
    """The first words in a conversation say who is speaking, in the same bubble."""
    if draft.replies and not draft.flag("introduced"):
        draft.prepend_text(render("greeting.intro", company=draft.snapshot.company[:60]))
        draft.set_flag("introduced")
