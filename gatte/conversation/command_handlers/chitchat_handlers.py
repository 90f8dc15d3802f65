"""Questions, courtesy, what is not ours, and what nobody could read."""

from collections.abc import Sequence

from gatte.conversation import off_topic, questions
from gatte.conversation.command_handlers.command_run import CommandRun
from gatte.conversation.commands import (
    CorrectSlot,
    Courtesy,
    OffTopic,
    Outcome,
    Question,
    SetSlot,
    SmallTalk,
    StartFlow,
    Unclear,
)
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.fallback import ask_to_disambiguate, handle_fallback
from gatte.conversation.flows.base import Slot
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.handoff import escalate
from gatte.conversation.no_active_flow import greet
from gatte.conversation.parsing.answers import HOLD_ON
from gatte.conversation.parsing.day_wishes import show_day
from gatte.conversation.parsing.normalize import normalize_text, union, words
from gatte.conversation.slot_filling import (
    CONFIRM,
    ask_again,
    can_resume,
    current_flow,
    fill,
    offer,
    offer_resume,
    reject_answer,
    show_problem,
    suspend_flow,
)
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render
from gatte.conversation.thresholds import DISAMBIGUATE_AFTER, ESCALATE_AFTER, MIN_QUESTION_WORDS

ASKS_WHAT_IS_FREE = union(
    r"\b(?:que|quais|qual|q) (?:hora|horario|dia|data)s?\b.{0,25}"
    r"\b(?:tem|ha|teria|tinha|livre|vag[oa]|disponive(?:l|is)|pode|sobr\w+)\b",
    r"\b(?:tem|ha|teria) (?:que|quais|q|algum|alguma|mais)? ?(?:hora|horario|dia|data|vaga)s?\b",
)
"""In the middle of booking: which days and hours there are."""
GIVEN = (SetSlot, CorrectSlot)
"""Commands by which a question that names a time has been answered already."""
LONGEST_PROPOSAL = 12
"""Words up to which a question that names a day or an hour proposes it."""
RECORDS = frozenset({"certificate_status", "ticket_status", "appointment_status"})
"""Flows that tell what stands in the contact's own records."""


def answer_question(turn: CommandRun, command: Question) -> Outcome:
    if not command.facts and _asks_for_times(turn, command):
        return Outcome.DONE
    if _told_with_record(turn, command):
        return Outcome.OVERRULED
    questions.take_question(turn.draft, command)
    return Outcome.DONE


def _asks_for_times(turn: CommandRun, command: Question) -> bool:
    """Whether a question in a booking is one for days and hours: those that it names are taken
    ("dá pra ser sexta?"), or what is free is shown.
    """
    draft = turn.draft
    flow = current_flow(draft)
    asked = draft.snapshot.requested_slot
    slots = [one for one in flow.slots if one.tells_what_is_free] if flow else []
    if not slots or asked not in {CONFIRM, *(one.name for one in slots)}:
        return False
    if any(one.span == command.text for one in turn.commands if isinstance(one, GIVEN)):
        return True
    slot = next((one for one in slots if one.name == asked), slots[0])
    if ASKS_WHAT_IS_FREE.search(normalize_text(command.text)):
        offer(draft, _free_times(draft, slot), slot.alternatives("", draft.snapshot))
        turn.settle(command)
        return True
    short = len(words(command.text)) <= LONGEST_PROPOSAL
    proposes = short and asked != CONFIRM and draft.snapshot.state == State.COLLECTING
    return proposes and _takes_proposal(turn, command, slots)


def _takes_proposal(turn: CommandRun, command: Question, slots: Sequence[Slot]) -> bool:
    """Whether a question names a day or an hour: it is taken, or it is said why it cannot be."""
    draft = turn.draft
    named = 0
    for slot in slots:
        problem = slot.validate(command.text, draft.snapshot)
        if problem:
            show_problem(draft, slot, problem, command.text)
            turn.settle(command)
            return True
        value = slot.extract(command.text, draft.snapshot).value
        if value is not None:
            fill(draft, slot, value)
            named += 1
    turn.changed = turn.changed or named > 0
    return named > 0


def _free_times(draft: DecisionBuilder, slot: Slot) -> str:
    """What is said above free times: with the hours of the day, where one is chosen."""
    day = draft.snapshot.slots.get("day", "")
    hours = slot.problem_values(draft.snapshot).get("hours", "")
    is_one_day = bool(day) and ".." not in day and "|" not in day
    if not hours or not is_one_day:
        return render("schedule.free")
    return render("schedule.free_on", day=show_day(day).capitalize(), hours=hours)


def _told_with_record(turn: CommandRun, command: Question) -> bool:
    """Whether a question says no more than the wish for a record, which was told in this turn."""
    if current_flow(turn.draft) is not None:
        return False  # the form still asks for something before it can tell
    asked = set(words(command.text))
    records = [one for one in turn.commands if isinstance(one, StartFlow) and one.flow in RECORDS]
    short = len(words(command.text)) <= LONGEST_PROPOSAL and command.text.count("?") <= 1
    return not command.facts and short and any(asked <= set(words(one.span)) for one in records)


def answer_small_talk(turn: CommandRun, command: SmallTalk) -> Outcome:
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


def answer_off_topic(turn: CommandRun, command: OffTopic) -> Outcome:
    """A refusal in the words of its topic, and a way on; beside something that is ours only what
    the policy names is refused aloud.
    """
    draft = turn.draft
    told = any(one.outcome is Outcome.KEPT for one in turn.resolutions)
    if turn.progressed or told or draft.question is not None:
        if command.topic is None:
            return Outcome.OVERRULED
        draft.add_text(f"refusal.{command.topic}")
        return Outcome.DONE
    if draft.snapshot.flow:
        draft.add_text(
            f"refusal.{command.topic}" if command.topic else "ladder.out_of_scope_in_flow"
        )
        ask_again(draft)
        return Outcome.DONE
    if command.topic is not None:
        off_topic.refuse(draft, turn.text, command.topic)
    else:
        off_topic.handle_off_topic(draft, turn.text)
    return Outcome.DONE


def answer_unclear(turn: CommandRun, command: Unclear) -> Outcome:
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
        if problem == HOLD_ON:
            return _small_talk_in_flow(turn, SmallTalk(Courtesy.OTHER, span=said))
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
    count = turn.count_no_progress()
    if count >= ESCALATE_AFTER:
        escalate(draft, EscalationReason.NOT_UNDERSTOOD, f"no yes or no, {count} times", turn.text)
        return
    draft.transition(Event.NOT_UNDERSTOOD, "no yes or no")
    draft.add_text("fix.yes_or_no_again" if count >= DISAMBIGUATE_AFTER else "fix.yes_or_no")
    ask_again(draft)
