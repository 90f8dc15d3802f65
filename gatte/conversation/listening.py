"""The customer spoke: all messages of a turn are understood together, in one order of precedence.

Secrets and deletions first, then what always goes to a human, commands, taps, open offers, and only then the flow or the intent.
"""

import json

from gatte.conversation import choices, idle, in_flow, waiting
from gatte.conversation.alarms import Alarm, alarm_in, invoices_stopped
from gatte.conversation.commanding import obey
from gatte.conversation.draft import Draft
from gatte.conversation.effects import OptOut, Reason
from gatte.conversation.filling import ask_again, can_resume, find, offer_back, proceed, put_aside, resume, running, start
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.handoff import escalate
from gatte.conversation.ladder import WORDS_KEPT, is_question, judge
from gatte.conversation.media import Said, Sorted, answer_attached, answer_wordless, attach, refuse, sort_out
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.words import fold, words
from gatte.conversation.rules import SHORT_FORMS, Command, cancels_this, command_in, opens_ticket
from gatte.conversation.snapshot import CustomerSpoke, Owner
from gatte.conversation.states import Event, State
from gatte.conversation.tapping import tap
from gatte.conversation.texts import say
from gatte.conversation.understanding import Intent

ORDINALS = {"1": 0, "primeira": 0, "primeiro": 0, "2": 1, "segunda": 1, "segundo": 1, "3": 2, "terceira": 2, "terceiro": 2} | {
    str(number): number - 1 for number in range(4, 11)
}
AROUND_ORDINALS = frozenset(ORDINALS) | {"a", "o", "opcao", "numero"}


def hear(draft: Draft, spoke: CustomerSpoke) -> None:
    """Take in one turn of the customer."""
    heard = sort_out(draft, spoke.heard)
    if draft.now.owner == Owner.HUMAN or draft.now.state == State.WITH_HUMAN:
        _overhear(draft, heard)
        return
    if not heard.needs_answer:
        _take_edits(draft, heard)
        return
    offered = _begin(draft, heard)
    _respond(draft, heard, offered)
    draft.note("woken", None)
    draft.note("answered", None)
    if draft.now.state == State.START:
        draft.move(Event.MENU_SHOWN, "spoke without words")
    if draft.question is None:
        draft.keep(errors=0)
        draft.note("failed", None)
    introduce(draft)


def _overhear(draft: Draft, heard: Sorted) -> None:
    """A human owns the conversation: only what the law or safety asks for is done, and nothing is said."""
    if heard.needs_answer and not draft.noted("customer_waiting"):
        since = draft.now.now.isoformat()
        draft.note("customer_waiting", since)
        draft.note("warn_from", since)
        draft.note("warned", None)
    if any(command_in(one.text) == Command.LEAVE and len(words(one.text)) == 1 for one in heard.said):
        draft.do(OptOut())


def _begin(draft: Draft, heard: Sorted) -> str:
    """Wake up, take up what was interrupted; the offer that was open."""
    offered = draft.noted("offer")
    for mark in ("offer", "nudged", "asked_about"):
        draft.note(mark, None)
    if heard.choice is None:
        heard.choice = _typed_choice(draft, heard)
    if not (heard.choice or "").startswith(("intent:", "menu:")):
        draft.drop(WORDS_KEPT)
    _wake(draft)
    return offered


def _wake(draft: Draft) -> None:
    if draft.now.state in {State.TIMEOUT, State.CLOSED}:
        if draft.now.state == State.CLOSED:
            draft.note("introduced", None)
        put_aside(draft)
        draft.move(Event.REOPENED, "customer wrote")
        draft.note("woken")
        if not can_resume(draft):
            draft.forget_suspended()
    elif draft.now.state in {State.ERROR, State.ANSWERING} and draft.now.flow:
        confirming = draft.now.asking == "confirm"
        draft.move(Event.RESUMED, "customer wrote")
        if confirming:
            draft.move(Event.SLOTS_COMPLETE, "customer wrote")


def _typed_choice(draft: Draft, heard: Sorted) -> str | None:
    """The option that the only text names; a phrase that names one keeps its words, which may fill slots."""
    if len(heard.said) != 1:
        return None
    text = heard.said[0].text
    found = typed_choice(draft, text)
    if found:
        heard.said = []
    return found or (choices.TICKET().id if not draft.now.flow and opens_ticket(text) else None)


def typed_choice(draft: Draft, text: str) -> str | None:
    """The option that a text is: a title that was offered last or its place ("2", "a primeira"), or a short form of the menu."""
    return _offered_with(draft, text) or (None if _asks_free_text(draft) else _short_form(text))


def _asks_free_text(draft: Draft) -> bool:
    flow = running(draft)
    slot = flow.slot(draft.now.asking) if flow else None
    return bool(slot and slot.free)


def _short_form(text: str) -> str | None:
    plain = fold(text).strip(" .!")
    rows = {fold(one.title): one.id for one in choices.menu_rows()}
    return SHORT_FORMS.get(plain) or rows.get(plain)


def _offered_with(draft: Draft, text: str) -> str | None:
    if not draft.noted("offered"):
        return None
    offered: list[list[str]] = json.loads(draft.noted("offered"))
    plain, spoken = fold(text).strip(" .!"), set(words(text))
    places = [ORDINALS[word] for word in spoken if word in ORDINALS]
    by_place = spoken <= AROUND_ORDINALS and len(places) == 1 and places[0] < len(offered)
    by_title = next((identity for identity, title in offered if title == plain), None)
    return by_title or (offered[places[0]][0] if by_place else None)


def _respond(draft: Draft, heard: Sorted, offered: str) -> None:
    if heard.refused:
        refuse(draft, heard.refused)
    if _alarmed(draft, heard) or _commanded(draft, heard):
        return
    if heard.attached:
        attach(draft, heard.attached)
    if heard.choice:
        tap(draft, heard.choice)
        _fill_beside_choice(draft, heard)
    elif heard.said:
        _hear_words(draft, heard, offered)
    else:
        _answer_wordless(draft, heard)


def _alarmed(draft: Draft, heard: Sorted) -> bool:
    text = "\n".join(one.text for one in heard.said)
    alarm = _alarm(draft, text)
    if alarm is None:
        return False
    if any(command_in(one.text) == Command.LEAVE for one in heard.said):
        draft.do(OptOut())
    if draft.now.state == State.WAITING_HUMAN:
        return waiting.raise_alarm(draft, alarm, text)
    if heard.attached:
        attach(draft, heard.attached)
    escalate(draft, alarm.reason, f"rule {alarm.reason}", text)
    return True


def _alarm(draft: Draft, text: str) -> Alarm | None:
    """What a human must see at once; a certificate that we know to be expired counts as said."""
    alarm = alarm_in(text)
    if alarm and alarm.reason == Reason.REFUND and draft.now.flow and cancels_this(text):
        return None
    today = draft.now.now.date()
    expired = any(one.valid_until < today for one in draft.now.certificates)
    if alarm is None and expired and invoices_stopped(text):
        return Alarm(Reason.INVOICE_STOPPED, 0)
    return alarm


def _commanded(draft: Draft, heard: Sorted) -> bool:
    commands = [command for one in heard.said if (command := command_in(one.text))]
    if not commands and draft.now.flow and any(cancels_this(one.text) for one in heard.said):
        commands = [Command.CANCEL]
    if not commands:
        return False
    leaving = Command.LEAVE in commands
    return obey(draft, Command.LEAVE if leaving else commands[-1], "\n".join(one.text for one in heard.said))


def _fill_beside_choice(draft: Draft, heard: Sorted) -> None:
    """Words beside a tap may fill slots of the flow that the tap started; the question then moves on."""
    if draft.now.state != State.COLLECTING or not draft.now.flow:
        return
    asked, found = len(draft.replies), set()
    for one in heard.said:
        found |= find(draft, one.text)
    if found:
        del draft.replies[asked - 1 :]
        proceed(draft)


def _hear_words(draft: Draft, heard: Sorted, offered: str) -> None:
    if draft.now.state == State.WAITING_HUMAN:
        waiting.hear(draft, heard.said)
    elif _took_offer(draft, heard.said, offered):
        return
    elif draft.now.flow:
        in_flow.hear(draft, heard.said)
    elif draft.noted("woken") and can_resume(draft) and (_answers_interrupted(draft, heard.said) or not _wants_something(heard.said)):
        _offer_or_resume(draft, heard.said)
    else:
        idle.hear(draft, heard.said)


def _wants_something(said: list[Said]) -> bool:
    intent = judge(said).intent or Intent.GREETING
    return intent not in {Intent.GREETING, Intent.OUT_OF_SCOPE} or any(is_question(one) for one in said)


def _answers_interrupted(draft: Draft, said: list[Said]) -> bool:
    """Whether the words hold a sure value of the flow that a pause interrupted."""
    flow = FLOWS[draft.now.suspended or ""]
    return any(slot.sure and slot.find(one.text, draft.now).value for slot in flow.slots for one in said)


def _offer_or_resume(draft: Draft, said: list[Said]) -> None:
    """Offer to go on after a pause; somebody who answers the flow's question as if there had been none just goes on."""
    if _answers_interrupted(draft, said):
        resume(draft, "answered after a pause", tuple(one.text for one in said))
    else:
        offer_back(draft)


def _took_offer(draft: Draft, said: list[Said], offered: str) -> bool:
    """Whether the words are a yes or a no to what was offered in the last reply."""
    answer = yes_or_no(" ".join(one.text for one in said)) if offered else None
    if answer is None or (offered == "resume" and not can_resume(draft)):
        return False
    if offered == "human":
        escalate(draft, Reason.SLOT_FAILED, "offer accepted", said[-1].text) if answer else ask_again(draft)
    elif offered in choices.FLOW_OF_ROW:
        start(draft, choices.FLOW_OF_ROW[offered], "offer accepted") if answer else draft.say("social.declined")
    elif answer:
        resume(draft, "offer accepted")
    else:
        draft.forget_suspended()
        idle.show_menu(draft, "offer declined")
    return True


def _answer_wordless(draft: Draft, heard: Sorted) -> None:
    if draft.now.state == State.WAITING_HUMAN:
        waiting.hear(draft, [])
    elif heard.attached:
        answer_attached(draft)
    elif heard.wordless:
        answer_wordless(draft, heard.wordless)
    elif draft.now.flow:
        ask_again(draft)


def _take_edits(draft: Draft, heard: Sorted) -> None:
    """An edited message corrects what it said, where that can be told; otherwise it is let be."""
    if draft.now.state not in {State.COLLECTING, State.CONFIRMING} or not heard.edits:
        return
    before = dict(draft.now.slots)
    for text in heard.edits:
        find(draft, text, sure_only=True, overwrite=True)
    if dict(draft.now.slots) != before:
        proceed(draft)


def introduce(draft: Draft) -> None:
    """The first words in a conversation say who is speaking, in the same bubble."""
    if draft.replies and not draft.noted("introduced"):
        draft.insert(say("greeting.intro", company=draft.now.company[:60]))
        draft.note("introduced")
