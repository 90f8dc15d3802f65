"""What follows from each command of a turn: handled in one order, the same in every state, and none
is dropped without a word in the trace.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from gatte.conversation import option_ids, questions
from gatte.conversation.command_reader import MIN_QUESTION_WORDS
from gatte.conversation.command_words import call_human, cancel, continue_flow
from gatte.conversation.commands import (
    PRECEDENCE,
    Affirm,
    CancelFlow,
    Command,
    Complain,
    CorrectSlot,
    Courtesy,
    Deny,
    Escalate,
    EscalateReason,
    Hostile,
    LeaveQueue,
    OffTopic,
    OptIn,
    OptOut,
    OtherLanguage,
    Outcome,
    Question,
    RequestHuman,
    Resolution,
    ResumeFlow,
    Secret,
    SetSlot,
    ShowMenu,
    Skip,
    SmallTalk,
    StartFlow,
    Unclear,
    WrongPerson,
    intent_of,
)
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason, StopNotices
from gatte.conversation.fallback import ask_to_disambiguate, handle_fallback
from gatte.conversation.flows.base import FlowName
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.handoff import (
    acknowledge_while_queued,
    announce_queue,
    escalate,
    leave_queue,
    raises_priority,
)
from gatte.conversation.input_triage import UnderstoodText, attach_media
from gatte.conversation.no_active_flow import ask_what_for, greet, show_menu
from gatte.conversation.parsing.normalize import words
from gatte.conversation.slot_filling import (
    ask_again,
    ask_what_to_fix,
    can_resume,
    confirm,
    current_flow,
    fill,
    offer_resume,
    proceed,
    reject_answer,
    reopen_slot,
    start,
    suspend_flow,
)
from gatte.conversation.states import Event, State
from gatte.conversation.texts import exists, render
from gatte.conversation.thresholds import DISAMBIGUATE_AFTER, ESCALATE_AFTER

REASON_FOR_DESK = {
    EscalateReason.INVOICES_STOPPED: EscalationReason.INVOICE_STOPPED,
    EscalateReason.REVOCATION: EscalationReason.REVOCATION,
    EscalateReason.FRAUD: EscalationReason.FRAUD,
    EscalateReason.REFUND: EscalationReason.REFUND,
    EscalateReason.LEGAL: EscalationReason.LEGAL_THREAT,
    EscalateReason.DATA_BREACH: EscalationReason.DATA_BREACH,
    EscalateReason.DISTRESS: EscalationReason.DISTRESS,
}
PERSON_ONLY = frozenset({"move_appointment", "cancel_appointment"})
"""Wishes for which there is no flow: a person takes them, with what was said."""
LISTENED_BESIDE = (OptOut,)
"""Commands that are carried out whatever else a turn holds, when they are literal: the law."""


@dataclass
class CommandRun:
    """The commands of a turn on their way: what was said, what was offered before, and what came of
    it so far.
    """

    draft: DecisionBuilder
    commands: tuple[Command, ...]
    said: Sequence[UnderstoodText]
    attached: Sequence[str] = ()
    offered: str = ""
    settled_by: str = ""
    changed: bool = False
    corrected: bool = False
    progressed: bool = False
    resolutions: list[Resolution] = field(default_factory=list)

    @property
    def text(self) -> str:
        """All that was said."""
        return "\n".join(one.text for one in self.said)

    @property
    def waiting(self) -> bool:
        """Whether a person is awaited."""
        return self.draft.snapshot.state == State.WAITING_HUMAN

    @property
    def confirming(self) -> bool:
        return self.draft.snapshot.state == State.CONFIRMING

    def settle(self, by: Command) -> Outcome:
        """Nothing after this command is carried out in this turn."""
        self.settled_by = by.command
        self.progressed = True
        return Outcome.DONE


Handler = Callable[[CommandRun, Any], Outcome]


def run(turn: CommandRun) -> None:
    """Handle all commands of a turn in the order of `PRECEDENCE`, then ask what comes next."""
    _ask_back_contradictions(turn)
    for group in PRECEDENCE:
        for command in turn.commands:
            if isinstance(command, group):
                turn.resolutions.append(_handle(turn, command))
    if not turn.settled_by:
        _conclude(turn)


def _ask_back_contradictions(turn: CommandRun) -> None:
    """Yes and no in one turn are neither: what was meant is asked once more."""
    answers = [one for one in turn.commands if isinstance(one, Affirm | Deny)]
    if len({type(one) for one in answers}) < 2:
        return
    turn.resolutions += [Resolution(one, Outcome.ASKED_BACK, "contradiction") for one in answers]
    others = tuple(one for one in turn.commands if one not in answers)
    turn.commands = (*others, Unclear())


def _handle(turn: CommandRun, command: Command) -> Resolution:
    beside = isinstance(command, LISTENED_BESIDE) and command.literal
    if turn.settled_by and not beside:
        return Resolution(command, Outcome.OVERRULED, turn.settled_by)
    if turn.settled_by:
        turn.draft.add_effect(StopNotices())
        return Resolution(command, Outcome.DONE)
    handlers = WAITING_HANDLERS if turn.waiting else HANDLERS
    return Resolution(command, handlers.get(type(command), HANDLERS[type(command)])(turn, command))


def _conclude(turn: CommandRun) -> None:
    """Go on with what runs: ask for the next value, sum up, or count a turn that led nowhere."""
    draft = turn.draft
    if turn.waiting or draft.question is not None:
        return
    told = any(one.outcome is Outcome.KEPT for one in turn.resolutions)
    if told and not draft.snapshot.flow and not draft.replies:
        ask_what_for(draft, tuple(one.text for one in turn.said))
        return
    if turn.changed and current_flow(draft):
        if turn.corrected and draft.snapshot.state != State.CONFIRMING:
            draft.add_text("fix.noted")
        proceed(draft)


# --- first of all: secrets, insults ---


def _secret(turn: CommandRun, _command: Secret) -> Outcome:
    turn.draft.add_text("secret.password")
    return Outcome.DONE


def _hostile(turn: CommandRun, command: Hostile) -> Outcome:
    """Once a calm word and the offer of a person; then silence would be rude, so the same again."""
    turn.settle(command)
    turn.progressed = False
    _count_no_progress(turn, "hostile", "ladder.hostile")
    return Outcome.DONE


# --- people ---


def _escalate(turn: CommandRun, command: Escalate) -> Outcome:
    reason = REASON_FOR_DESK[command.reason]
    if turn.waiting and not raises_priority(turn.draft, reason):
        acknowledge_while_queued(turn.draft)
        return turn.settle(command)
    if turn.attached and not turn.waiting:
        attach_media(turn.draft, list(turn.attached))
    escalate(turn.draft, reason, f"{command.source} {command.reason}", turn.text)
    return turn.settle(command)


def _request_human(turn: CommandRun, command: RequestHuman) -> Outcome:
    call_human(turn.draft, turn.text)
    return turn.settle(command)


def _complain(turn: CommandRun, command: Complain) -> Outcome:
    escalate(turn.draft, EscalationReason.COMPLAINT, f"{command.source} complaint", turn.text)
    return turn.settle(command)


def _complain_while_waiting(turn: CommandRun, command: Complain) -> Outcome:
    if raises_priority(turn.draft, EscalationReason.COMPLAINT):
        escalate(turn.draft, EscalationReason.COMPLAINT, f"{command.source} complaint", turn.text)
    else:
        turn.draft.add_text("handoff.still_waiting")
        announce_queue(turn.draft)
    return turn.settle(command)


def _wrong_person(turn: CommandRun, command: WrongPerson) -> Outcome:
    suspend_flow(turn.draft)
    turn.draft.transition(Event.MENU_SHOWN, "wrong person")
    turn.draft.add_buttons(
        render("social.wrong_person", company=turn.draft.snapshot.company[:60]),
        option_ids.HUMAN(),
        option_ids.MENU(),
    )
    return turn.settle(command)


def _other_language(turn: CommandRun, command: OtherLanguage) -> Outcome:
    key = f"language.{command.language or 'any'}"
    turn.draft.add_text(key if exists(key) else "language.any")
    escalate(turn.draft, EscalationReason.REQUESTED, "another language", turn.text)
    return turn.settle(command)


# --- what works in every state ---


def _opt_out(turn: CommandRun, command: OptOut) -> Outcome:
    """No more notices: at once when it was said in exactly these words, else asked by name."""
    draft = turn.draft
    if command.literal:
        draft.end_flow()
        draft.discard_suspended_flow()
        start(draft, FlowName.OPT_OUT, "leave")
        return turn.settle(command)
    draft.set_flag("offer", option_ids.NOTICES_OFF().id)
    draft.add_buttons(render("notices.ask_out"), option_ids.NOTICES_OFF(), option_ids.MENU())
    turn.settle(command)
    return Outcome.ASKED_BACK


def _opt_in(turn: CommandRun, command: OptIn) -> Outcome:
    draft = turn.draft
    if command.literal:
        start(draft, FlowName.OPT_IN, "back in")
        return turn.settle(command)
    draft.set_flag("offer", option_ids.NOTICES_ON().id)
    draft.add_buttons(render("notices.ask_in"), option_ids.NOTICES_ON(), option_ids.MENU())
    turn.settle(command)
    return Outcome.ASKED_BACK


def _leave_queue(turn: CommandRun, command: LeaveQueue) -> Outcome:
    if not turn.waiting:
        return Outcome.OVERRULED
    leave_queue(turn.draft, Event.CANCELLED, "leaves the queue")
    return turn.settle(command)


def _cancel(turn: CommandRun, command: CancelFlow) -> Outcome:
    if not command.literal and not turn.draft.snapshot.flow and not turn.waiting:
        return _deny(turn, Deny(span=command.span))
    cancel(turn.draft, turn.text)
    return turn.settle(command)


def _menu(turn: CommandRun, command: ShowMenu) -> Outcome:
    if turn.waiting:
        leave_queue(turn.draft, Event.MENU_SHOWN, "menu")
    else:
        show_menu(turn.draft, "menu")
    return turn.settle(command)


# --- values, yes and no ---


def _set_slot(turn: CommandRun, command: SetSlot) -> Outcome:
    flow = current_flow(turn.draft)
    slot = flow.slot(command.slot) if flow else None
    if slot is None:
        return Outcome.KEPT
    before = turn.draft.snapshot.slots.get(slot.name)
    if fill(turn.draft, slot, command.value, command.span):
        turn.corrected = turn.corrected or before is not None
    turn.changed = turn.progressed = True
    return Outcome.DONE


def _correct_slot(turn: CommandRun, command: CorrectSlot) -> Outcome:
    flow = current_flow(turn.draft)
    slot = flow.slot(command.slot) if flow else None
    if slot is None:
        return Outcome.KEPT
    if not command.value:
        reopen_slot(turn.draft, slot)
        turn.settle(command)
        return Outcome.ASKED_BACK
    return _set_slot(turn, SetSlot(command.slot, command.value, span=command.span))


def _skip(turn: CommandRun, command: Skip) -> Outcome:
    flow = current_flow(turn.draft)
    slot = flow.slot(command.slot or turn.draft.snapshot.requested_slot) if flow else None
    if slot is None:
        return Outcome.KEPT
    parsed = slot.parse_answer("não tenho", turn.draft.snapshot)
    if parsed.value is None:
        reject_answer(turn.draft, "needed", turn.text)
        turn.settled_by = command.command
        return Outcome.ASKED_BACK
    fill(turn.draft, slot, parsed.value, command.span)
    turn.changed = turn.progressed = True
    return Outcome.DONE


def _affirm(turn: CommandRun, command: Affirm) -> Outcome:
    draft = turn.draft
    if turn.offered and not (turn.offered == "resume" and not can_resume(draft)):
        _accept_offer(turn)
        return turn.settle(command)
    if turn.confirming:
        if turn.changed:
            return Outcome.OVERRULED
        confirm(draft)
        turn.progressed = True
        return Outcome.DONE
    if draft.snapshot.flow:
        ask_again(draft)
        return turn.settle(command)
    show_menu(draft, "yes to nothing")
    return turn.settle(command)


def _accept_offer(turn: CommandRun) -> None:
    draft, offered = turn.draft, turn.offered
    if offered == "human":
        escalate(draft, EscalationReason.SLOT_FAILED, "offer accepted", turn.text)
    elif offered == "desk":
        escalate(draft, EscalationReason.REQUESTED, "offer accepted", turn.text)
    elif offered == questions.OFFER_MORE:
        questions.ask_for_more(draft)
    elif offered in option_ids.FLOW_OF_ROW:
        start(draft, option_ids.FLOW_OF_ROW[offered], "offer accepted")
    else:
        continue_flow(draft, "offer accepted")


def _deny(turn: CommandRun, command: Deny) -> Outcome:
    draft = turn.draft
    if turn.offered and not (turn.offered == "resume" and not can_resume(draft)):
        _decline_offer(turn)
        return turn.settle(command)
    if turn.confirming:
        if turn.changed:
            return Outcome.DONE
        flow = current_flow(draft)
        if flow is not None and flow.no_means_cancel:
            cancel(draft, "")
        else:
            ask_what_to_fix(draft)
        return turn.settle(command)
    if draft.snapshot.flow:
        return _no_to_a_question(turn, command)
    if draft.flag("answered"):
        draft.set_flag("offer", "desk")
        draft.transition(Event.NOT_UNDERSTOOD, "answer did not help")
        draft.add_buttons(render("answer.did_not_help"), option_ids.TICKET(), option_ids.HUMAN())
        return turn.settle(command)
    draft.add_text("social.declined")
    return turn.settle(command)


def _no_to_a_question(turn: CommandRun, command: Deny) -> Outcome:
    """No in the middle of a form: to an optional value it means none; else nothing was given."""
    slot_name = turn.draft.snapshot.requested_slot or ""
    if turn.changed:
        return Outcome.DONE
    return _skip(turn, Skip(slot=slot_name, span=command.span))


def _decline_offer(turn: CommandRun) -> None:
    draft = turn.draft
    if turn.offered == "human":
        ask_again(draft)
    elif turn.offered in {"desk", questions.OFFER_MORE, *option_ids.FLOW_OF_ROW}:
        draft.add_text("social.declined")
    else:
        draft.discard_suspended_flow()
        show_menu(draft, "offer declined")


# --- flows ---


def _start_flow(turn: CommandRun, command: StartFlow) -> Outcome:
    draft = turn.draft
    if command.flow in PERSON_ONLY:
        draft.add_text(f"schedule.{command.flow}")
        escalate(draft, EscalationReason.REQUESTED, command.flow, turn.text)
        return turn.settle(command)
    name = FlowName(command.flow)
    running = draft.snapshot.flow
    if running == name:
        return Outcome.OVERRULED if turn.changed else _again(turn, command)
    texts = tuple(one.text for one in turn.said)
    start(draft, name, f"intent {intent_of(command) or name}", texts)
    if running and draft.snapshot.suspended_flow == running and draft.snapshot.flow:
        draft.prepend_text(render("resume.put_aside", the_flow=render(f"flow.{running}")))
    turn.progressed = True
    turn.changed = False
    asks = any(isinstance(one, Question) for one in turn.commands)
    if asks and draft.snapshot.flow and draft.snapshot.state == State.COLLECTING:
        draft.replies.pop()  # the question is answered first; the flow asks after it
    return Outcome.DONE


def _again(turn: CommandRun, command: Command) -> Outcome:
    ask_again(turn.draft)
    return turn.settle(command)


def _resume_flow(turn: CommandRun, command: ResumeFlow) -> Outcome:
    if turn.confirming:
        return _affirm(turn, Affirm(span=command.span, literal=True))
    if not continue_flow(turn.draft, turn.text):
        return _unclear(turn, Unclear())
    return turn.settle(command)


# --- questions ---


def _question(turn: CommandRun, command: Question) -> Outcome:
    questions.take_question(turn.draft, command)
    return Outcome.DONE


# --- courtesy and the rest ---


def _small_talk(turn: CommandRun, command: SmallTalk) -> Outcome:
    draft = turn.draft
    if turn.progressed or turn.changed or draft.question is not None or draft.replies:
        return Outcome.DONE
    if draft.snapshot.flow:
        return _small_talk_in_flow(turn, command)
    match command.kind:
        case Courtesy.GREETING:
            _hello(turn)
        case Courtesy.THANKS:
            draft.add_text("social.thanks")
        case Courtesy.GOODBYE:
            draft.add_text("social.goodbye")
            draft.transition(Event.CLOSED, "goodbye")
            return turn.settle(command)
        case _:
            draft.add_text("social.listening")
    return Outcome.DONE


def _hello(turn: CommandRun) -> None:
    """The whole greeting once; after that a word."""
    draft = turn.draft
    if draft.flag("woken") and can_resume(draft):
        offer_resume(draft)
    elif draft.flag("introduced") and draft.snapshot.state != State.START:
        draft.add_text("social.hello_again")
    else:
        greet(draft, "greeting")


def _small_talk_in_flow(turn: CommandRun, command: SmallTalk) -> Outcome:
    draft = turn.draft
    if command.kind is Courtesy.GOODBYE:
        suspend_flow(draft)
        kept = bool(draft.snapshot.suspended_flow)
        draft.add_text("social.goodbye_kept" if kept else "social.goodbye")
        draft.transition(Event.TIMED_OUT if kept else Event.CLOSED, "goodbye")
        return turn.settle(command)
    if command.kind is Courtesy.OTHER:
        draft.update(invalid_slot_count=draft.snapshot.invalid_slot_count + 1)
        draft.add_text("social.take_your_time")
    else:
        draft.add_text("social.in_flow")
        ask_again(draft)
    return Outcome.DONE


def _off_topic(turn: CommandRun, _command: OffTopic) -> Outcome:
    draft = turn.draft
    told = any(one.outcome is Outcome.KEPT for one in turn.resolutions)
    if turn.progressed or told or draft.question is not None:
        return Outcome.OVERRULED
    if draft.snapshot.flow:
        draft.add_text("ladder.out_of_scope_in_flow")
        ask_again(draft)
        return Outcome.DONE
    if _count(turn) >= ESCALATE_AFTER:
        escalate(draft, EscalationReason.NOT_UNDERSTOOD, "out of scope", turn.text)
        return Outcome.ASKED_BACK
    draft.transition(Event.MENU_SHOWN, "out of scope")
    draft.add_list(
        render("ladder.out_of_scope", company=draft.snapshot.company[:60]), option_ids.menu_rows()
    )
    return Outcome.DONE


def _unclear(turn: CommandRun, command: Unclear) -> Outcome:
    draft = turn.draft
    told = any(one.outcome is Outcome.KEPT for one in turn.resolutions)
    if turn.progressed or told or draft.question is not None or draft.replies:
        return Outcome.OVERRULED
    if turn.confirming:
        _not_confirmed(turn)
    elif draft.snapshot.flow and draft.snapshot.requested_slot:
        slot = FLOWS[draft.snapshot.flow].slot(draft.snapshot.requested_slot)
        said = turn.said[-1].text if turn.said else ""
        problem = slot.parse_answer(said, draft.snapshot).problem if slot else ""
        reject_answer(draft, problem, said)
    elif draft.snapshot.flow:
        ask_again(draft)
    else:
        _unclear_wish(turn, command)
    return Outcome.ASKED_BACK


def _unclear_wish(turn: CommandRun, command: Unclear) -> None:
    """Words that nobody could read: two guesses to choose from, a look into the knowledge base, a
    greeting to somebody who comes new, or the ladder.
    """
    draft = turn.draft
    text = command.span or turn.text
    if command.between:
        ask_to_disambiguate(draft, *command.between, text)
    elif len(words(text)) >= MIN_QUESTION_WORDS:
        questions.ask(draft, text, "unclear")
    elif draft.snapshot.state == State.START and draft.snapshot.fallback_count == 0:
        greet(draft, "first words")
    else:
        handle_fallback(draft, text)


def _not_confirmed(turn: CommandRun) -> None:
    draft = turn.draft
    count = _count(turn)
    if count >= ESCALATE_AFTER:
        escalate(draft, EscalationReason.NOT_UNDERSTOOD, f"no yes or no, {count} times", turn.text)
        return
    draft.transition(Event.NOT_UNDERSTOOD, "no yes or no")
    draft.add_text("fix.yes_or_no_again" if count >= DISAMBIGUATE_AFTER else "fix.yes_or_no")
    ask_again(draft)


def _count(turn: CommandRun) -> int:
    """One more turn without progress; how many they are in a row."""
    count = turn.draft.snapshot.fallback_count + 1
    turn.draft.update(fallback_count=count)
    return count


def _count_no_progress(turn: CommandRun, cause: str, key: str) -> None:
    """Say why it does not go on; the third in a row brings a person."""
    draft = turn.draft
    if _count(turn) >= ESCALATE_AFTER:
        escalate(draft, EscalationReason.NOT_UNDERSTOOD, cause, turn.text)
        return
    draft.add_buttons(render(key), option_ids.HUMAN(), option_ids.MENU())


# --- while a person is awaited ---


def _noted(turn: CommandRun, _command: Command) -> Outcome:
    """For the person: noted, and said so once."""
    if turn.draft.question is None and not turn.draft.replies:
        acknowledge_while_queued(turn.draft)
    return Outcome.KEPT


HANDLERS: dict[type[Any], Handler] = {
    Secret: _secret,
    Hostile: _hostile,
    Escalate: _escalate,
    RequestHuman: _request_human,
    Complain: _complain,
    WrongPerson: _wrong_person,
    OtherLanguage: _other_language,
    OptOut: _opt_out,
    OptIn: _opt_in,
    LeaveQueue: _leave_queue,
    CancelFlow: _cancel,
    ShowMenu: _menu,
    CorrectSlot: _correct_slot,
    SetSlot: _set_slot,
    Affirm: _affirm,
    Deny: _deny,
    Skip: _skip,
    StartFlow: _start_flow,
    ResumeFlow: _resume_flow,
    Question: _question,
    SmallTalk: _small_talk,
    OffTopic: _off_topic,
    Unclear: _unclear,
}
WAITING_HANDLERS: dict[type[Any], Handler] = {
    Complain: _complain_while_waiting,
    **dict.fromkeys(
        (
            CorrectSlot,
            SetSlot,
            Affirm,
            Deny,
            Skip,
            StartFlow,
            ResumeFlow,
            SmallTalk,
            OffTopic,
            Hostile,
            OtherLanguage,
            WrongPerson,
            Unclear,
        ),
        _noted,
    ),
}
