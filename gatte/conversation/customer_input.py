"""The customer spoke: all messages of a turn are understood together, in one order of precedence.

Secrets and deletions first, then what always goes to a human, commands, taps, open offers, and only
then the flow or the intent.
"""

import json

from gatte.conversation import option_ids, questions, voice_confirmation
from gatte.conversation.command_handlers import processor
from gatte.conversation.command_handlers.command_run import CommandRun
from gatte.conversation.command_reader import reader
from gatte.conversation.commands import Affirm, Deny, Escalate, OffTopic, SmallTalk, Unclear
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import StopNotices
from gatte.conversation.fallback import PENDING_TEXT_SLOT
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.handoff import acknowledge_while_queued
from gatte.conversation.input_triage import (
    TriagedInput,
    UnderstoodText,
    acknowledge_attachment,
    attach_media,
    explain_unsupported,
    triage,
)
from gatte.conversation.option_selected import handle_option
from gatte.conversation.parsing.normalize import FILLERS, normalize_text, words
from gatte.conversation.rules import SHORT_FORMS, CommandWord, asks_for_ticket, command_in
from gatte.conversation.slot_filling import (
    ask_again,
    can_resume,
    current_flow,
    extract_slots,
    offer_resume,
    proceed,
    resume,
    suspend_flow,
)
from gatte.conversation.snapshot import MessagesReceived, Owner
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render
from gatte.conversation.voice_confirmation import HEARD_SLOT, OFFER_HEARD

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
    "ultima": -1,
    "ultimo": -1,
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
    said = tuple(heard.said)
    offered = _start_turn(draft, heard)
    if not _settle_what_was_heard(draft, spoke, said, offered, heard.choice):
        _respond(draft, heard, spoke, "" if offered == OFFER_HEARD else offered)
    questions.conclude_questions(draft)
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
        command_in(one.text) == CommandWord.LEAVE and len(words(one.text)) == 1
        for one in heard.said
    ):
        draft.literal = True
        draft.add_effect(StopNotices())


def _start_turn(draft: DecisionBuilder, heard: TriagedInput) -> str:
    """Wake up, take up what was interrupted; the offer that was open."""
    offered = draft.flag("offer")
    for mark in ("offer", "nudged", "asked_about"):
        draft.set_flag(mark, None)
    if heard.choice is None:
        heard.choice = _typed_choice(draft, heard)
    if not (heard.choice or "").startswith(("intent:", "menu:")):
        draft.clear_slots(PENDING_TEXT_SLOT)
    draft.clear_slots(HEARD_SLOT)
    _reopen(draft)
    return offered


def _settle_what_was_heard(
    draft: DecisionBuilder,
    spoke: MessagesReceived,
    said: tuple[UnderstoodText, ...],
    offered: str,
    choice: str | None,
) -> bool:
    """Ask whether a doubtful voice message was heard right, or take in that it was not; whether
    that is all of the turn.
    """
    text = said[0].text if len(said) == 1 else ""
    if voice_confirmation.says_no(offered, text, choice):
        voice_confirmation.answer_no(draft)
        return True
    if not said or not any(one.doubtful for one in spoke.utterances):
        return False
    commands = reader.read(draft.snapshot, said, offered, spoke.reading)
    if not voice_confirmation.must_confirm(draft.snapshot, spoke, commands):
        return False
    voice_confirmation.ask(draft, commands, said)
    return True


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
    wanted = set(words(text)) - FILLERS
    by_title = next(
        (
            identity
            for identity, title in offered
            if title == plain or (wanted and wanted == set(words(title)) - FILLERS)
        ),
        None,
    )
    if by_title:
        return by_title
    if any(identity.startswith("slot:day:") for identity, _ in offered) and not plain.isdigit():
        return None  # "segunda" is a day of the week among days
    spoken = set(words(text))
    places = [ORDINALS[word] for word in spoken if word in ORDINALS]
    if spoken <= ORDINAL_CONTEXT and len(places) == 1 and places[0] < len(offered):
        return offered[places[0]][0]
    return None


def _respond(
    draft: DecisionBuilder, heard: TriagedInput, spoke: MessagesReceived, offered: str
) -> None:
    if heard.secrets:
        _warn_about_secrets(draft, heard)
    commands = reader.read(draft.snapshot, heard.said, offered, spoke.reading) if heard.said else ()
    turn = CommandRun(draft, commands, heard.said, heard.attached, offered)
    if heard.choice:
        _respond_to_choice(draft, heard, turn)
        return
    if heard.attached and not any(isinstance(one, Escalate) for one in commands):
        attach_media(draft, heard.attached)
    if not heard.said:
        _answer_wordless(draft, heard)
    elif not _take_up_interrupted(draft, turn):
        processor.run(turn)
    draft.resolutions += turn.resolutions


def _warn_about_secrets(draft: DecisionBuilder, heard: TriagedInput) -> None:
    warning = CommandRun(draft, reader.read_secrets(heard.secrets), heard.said)
    processor.run(warning)
    draft.resolutions += warning.resolutions


def _respond_to_choice(draft: DecisionBuilder, heard: TriagedInput, turn: CommandRun) -> None:
    """A tap, unless words beside it want something that goes before it."""
    turn.commands = tuple(
        one
        for one in turn.commands
        if isinstance(one, Escalate) or (one.literal and not isinstance(one, Affirm | Deny))
    )
    if turn.commands:
        processor.run(turn)
        draft.resolutions += turn.resolutions
        if turn.settled_by:
            return
    if heard.attached:
        attach_media(draft, heard.attached)
    handle_option(draft, heard.choice or "")
    _fill_beside_choice(draft, heard)


def _take_up_interrupted(draft: DecisionBuilder, turn: CommandRun) -> bool:
    """After a pause: go on where somebody answers as if there had been none, offer it where nothing
    else is wanted; whether that was so.
    """
    if not draft.flag("woken") or draft.snapshot.flow or not can_resume(draft):
        return False
    flow = FLOWS[draft.snapshot.suspended_flow or ""]
    answers = any(
        slot.unambiguous and slot.extract(one.text, draft.snapshot).value
        for slot in flow.slots
        for one in turn.said
    )
    if answers:
        resume(draft, "answered after a pause", tuple(one.text for one in turn.said))
    elif all(isinstance(one, SmallTalk | Unclear | OffTopic) for one in turn.commands):
        offer_resume(draft)
    else:
        return False
    return True


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


def _answer_wordless(draft: DecisionBuilder, heard: TriagedInput) -> None:
    if draft.snapshot.state == State.WAITING_HUMAN:
        acknowledge_while_queued(draft)
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
