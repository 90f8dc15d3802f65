"""A flow runs: answers, corrections, a question in between, a change of mind, yes and no."""

import re
from functools import cache

from gatte.conversation.command_words import cancel
from gatte.conversation.decision_builder import DecisionBuilder
from gatte.conversation.effects import EscalationReason
from gatte.conversation.fallback import (
    is_confident,
    is_question,
    is_statement,
    looks_like_question,
    requested_flow,
)
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.handoff import escalate
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import Intent
from gatte.conversation.no_active_flow import ask_knowledge
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.normalize import normalize_text, union, words
from gatte.conversation.rules import small_talk_in
from gatte.conversation.slot_filling import (
    CONFIRM,
    ask_again,
    ask_what_to_fix,
    confirm,
    extract_slots,
    fill,
    proceed,
    reject_answer,
    reopen_slot,
    start,
    suspend_flow,
)
from gatte.conversation.states import Event, State
from gatte.conversation.texts import render
from gatte.conversation.thresholds import DISAMBIGUATE_AFTER, ESCALATE_AFTER, FLOW_SWITCH_THRESHOLD

CORRECTION = union(
    r"\berrei\b",
    r"\berrad[oa]\b",
    r"\bcorrig\w+",
    r"\bcorrecao\b",
    r"\bcorreto e\b",
    r"\bcerto e\b",
    r"\bna verdade\b",
    r"\bdigitei\b",
    r"\bengan\w+",
    r"\bmud(?:a|ar|e|ei)\b",
    r"\btroc(?:a|ar|ei)\b",
    r"\balter\w+",
    r"\bem vez\b",
    r"\bnao,",
)
CHANGE_OF_MIND = re.compile(
    r"\bna verdade\b|\bmudei de ideia\b|\bantes disso\b|\bem vez disso\b"
    r"|\bprefiro\b|\besquece\b|\bmelhor\b"
)
WISHING = frozenset({"quero", "queria", "preciso", "gostaria", "vou", "prefiro"})
QUESTION_LENGTH = 120
BY_WORD = frozenset({FlowName.OPT_OUT, FlowName.OPT_IN})
"""Flows that replace a running one only by their own command: "prefiro não informar" is no wish to
be forgotten.
"""


def handle_messages(draft: DecisionBuilder, said: list[UnderstoodText]) -> None:
    """Understand the words of a turn while a flow runs."""
    if draft.snapshot.state == State.CONFIRMING:
        _hear_while_confirming(draft, said)
    else:
        _hear_while_collecting(draft, said)


def _hear_while_confirming(draft: DecisionBuilder, said: list[UnderstoodText]) -> None:
    corrected = False
    for one in said:
        corrected = _correct(draft, one.text) or corrected
    if corrected:
        proceed(draft)
        return
    answer = _answer(said)
    if answer is not None:
        _take_answer(draft, yes=answer)
        return
    wrong = _named_slot(draft, said)
    if wrong:
        reopen_slot(draft, wrong)
    elif not _handle_interruption(draft, said):
        _not_confirmed(draft, said)


def _take_answer(draft: DecisionBuilder, *, yes: bool) -> None:
    if yes:
        confirm(draft)
    elif _flow(draft).no_means_cancel:
        cancel(draft, "")
    else:
        ask_what_to_fix(draft)


def _answer(said: list[UnderstoodText]) -> bool | None:
    """Yes or no, when all that was said says so and nothing else."""
    answers = {yes_or_no(one.text) for one in said if not small_talk_in(one.text)}
    return answers.pop() if len(answers) == 1 else None


def _not_confirmed(draft: DecisionBuilder, said: list[UnderstoodText]) -> None:
    if small_talk_in(said[-1].text) == Intent.GOODBYE:
        _leave_for_later(draft)
        return
    if all(small_talk_in(one.text) for one in said):
        ask_again(draft)
        return
    count = draft.snapshot.fallback_count + 1
    draft.update(fallback_count=count)
    if count >= ESCALATE_AFTER:
        escalate(
            draft, EscalationReason.NOT_UNDERSTOOD, f"no yes or no, {count} times", said[-1].text
        )
        return
    draft.transition(Event.NOT_UNDERSTOOD, "no yes or no")
    draft.add_text("fix.yes_or_no_again" if count >= DISAMBIGUATE_AFTER else "fix.yes_or_no")
    ask_again(draft)


def _correct(draft: DecisionBuilder, text: str) -> bool:
    """Take a corrected value out of the text; whether one of a filled slot was named or changed."""
    named = _fill_named(draft, text)
    before = dict(draft.snapshot.slots)
    corrects = CORRECTION.search(normalize_text(text)) is not None
    sure_only = not corrects and len(words(text)) > 6
    extract_slots(draft, text, sure_only=sure_only, overwrite=not named)
    return named or dict(draft.snapshot.slots) != before


def _fill_named(draft: DecisionBuilder, text: str) -> bool:
    """Fill slots that the text names with a value: "o nome é Ana", "e-mail: a@b.co"; whether there
    was one.
    """
    filled = False
    for slot in _flow(draft).wanted(draft.snapshot):
        said = _naming(slot.synonyms).search(text) if slot.synonyms else None
        if not said or (
            slot.name not in draft.snapshot.slots and slot.name != draft.snapshot.requested_slot
        ):
            continue
        parsed = slot.parse_answer(said["value"], draft.snapshot)
        if parsed.value is not None:
            fill(draft, slot, parsed.value, text)
            filled = True
    return filled


@cache
def _naming(words_for_it: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(re.escape(word) for word in words_for_it)
    between = (
        r"(?:\s+(?:certo|correto|mesmo|na verdade|da empresa|completo))*"
        r"\s*(?:[eé]\s|eh\s|:|=|seria\s|para\s|pra\s)\s*"
    )
    return re.compile(rf"\b(?:{names})\b{between}(?P<value>.+)", re.IGNORECASE | re.DOTALL)


def _flow(draft: DecisionBuilder) -> Flow:
    return FLOWS[draft.snapshot.flow or ""]


def _named_slot(draft: DecisionBuilder, said: list[UnderstoodText]) -> Slot | None:
    """The filled slot that a short text, or one that speaks of an error, names as wrong."""
    text = " ".join(one.text for one in said)
    spoken = set(words(text))
    plain = normalize_text(text)
    if len(spoken) > 3 and not CORRECTION.search(plain) and not draft.flag("fixing"):
        return None
    slots = (
        slot for slot in _flow(draft).wanted(draft.snapshot) if slot.name in draft.snapshot.slots
    )
    return next(
        (slot for slot in slots if spoken & {normalize_text(word) for word in slot.synonyms}), None
    )


def _hear_while_collecting(draft: DecisionBuilder, said: list[UnderstoodText]) -> None:
    slot = _flow(draft).slot(draft.snapshot.requested_slot)
    questions = [one for one in said if slot and _interrupts(one, slot)]
    answers = [one for one in said if one not in questions]
    used = False
    problem = ""
    for one in answers:
        useful, its_problem = _take(draft, one)
        used = used or useful
        problem = its_problem or problem
    if questions:
        _ask_in_between(draft, questions)
    elif used:
        if any(step.event == Event.CORRECTED for step in draft.steps):
            draft.add_text("fix.noted")
        proceed(draft)
    elif not _handle_interruption(draft, answers):
        _answer_unusable(draft, answers, problem)


def _interrupts(one: UnderstoodText, slot: Slot) -> bool:
    """Whether the words are a question rather than an answer to this slot; free text may hold
    questions of its own.
    """
    if not looks_like_question(one.text) or is_statement(one):
        return False
    return not slot.free_text or ("?" in one.text and len(one.text) <= QUESTION_LENGTH)


def _ask_in_between(draft: DecisionBuilder, questions: list[UnderstoodText]) -> None:
    for one in questions:
        extract_slots(draft, one.text, sure_only=True)
    guess = questions[-1].understanding
    ask_knowledge(
        draft, "\n".join(one.text for one in questions), guess.intent if guess else "question"
    )


def _take(draft: DecisionBuilder, one: UnderstoodText) -> tuple[bool, str]:
    """Fill what one message gives: whether it was of use, and the problem with it."""
    slot = _flow(draft).slot(draft.snapshot.requested_slot)
    if _changes_mind(draft, one, slot):
        return False, ""
    corrects = bool(CORRECTION.search(normalize_text(one.text)))
    free_text = bool(slot and slot.free_text)
    describes = slot is not None and slot.name == "description"
    named = False
    if corrects or not describes:
        named = _fill_named(draft, one.text)
    overwrite = not named and (corrects or not free_text)
    spoken = extract_slots(draft, one.text, sure_only=free_text, overwrite=overwrite)
    used = named or bool(spoken)
    if slot is None:
        return used, ""
    if slot.name in draft.snapshot.slots:
        _say_in_full(draft, slot, one)
    if slot.name in draft.snapshot.slots or (corrects and used) or small_talk_in(one.text):
        return used, ""
    parsed = slot.parse_answer(one.text, draft.snapshot)
    if parsed.value is None:
        return used, parsed.problem
    fill(draft, slot, parsed.value, one.text)
    return True, ""


def _say_in_full(draft: DecisionBuilder, slot: Slot, one: UnderstoodText) -> None:
    """Take the value of an earlier message of this turn with the words that this one adds: "Ana",
    then "Ana Lima".
    """
    fuller = slot.parse_answer(one.text, draft.snapshot).value
    if fuller and fuller.startswith(f"{draft.snapshot.slots[slot.name]} "):
        draft.set_slots({slot.name: fuller})


def _changes_mind(draft: DecisionBuilder, one: UnderstoodText, slot: Slot | None) -> bool:
    """Whether a flow is wished for in words that say so and are no story of their own, whatever
    values they hold.
    """
    wished = requested_flow(one)
    if slot is None or not wished or wished in BY_WORD:
        return False
    turns = bool(CHANGE_OF_MIND.search(normalize_text(one.text)))
    if not slot.free_text:
        wishes = bool(WISHING & set(words(one.text)))
        return turns and wishes and wished != draft.snapshot.flow
    return turns or (not slot.long_text and words(one.text)[0] in WISHING)


def _other_flow(draft: DecisionBuilder, one: UnderstoodText) -> FlowName | None:
    """The flow that the words surely ask for, where it is another than the running one."""
    wished = requested_flow(one)
    return None if wished == draft.snapshot.flow or wished in BY_WORD else wished


def _handle_interruption(draft: DecisionBuilder, said: list[UnderstoodText]) -> bool:
    """Serve words that want something else, a question or another flow; whether they did."""
    other = next((wished for one in reversed(said) if (wished := _other_flow(draft, one))), None)
    questions = [one for one in said if is_question(one)]
    if other:
        _switch(draft, other, said)
    elif questions:
        _ask_in_between(draft, questions)
    elif any(_is_out_of_scope(one) for one in said):
        draft.add_text("ladder.out_of_scope_in_flow")
        ask_again(draft)
        return True
    return bool(other or questions)


def _is_out_of_scope(one: UnderstoodText) -> bool:
    guess = one.understanding
    return (
        guess is not None
        and guess.intent == Intent.OUT_OF_SCOPE
        and is_confident(guess, FLOW_SWITCH_THRESHOLD)
        and looks_like_question(one.text)
    )


def _switch(draft: DecisionBuilder, other: str, said: list[UnderstoodText]) -> None:
    old = draft.snapshot.flow
    start(draft, FLOWS[other].name, f"intent {other}", tuple(one.text for one in said))
    if draft.snapshot.suspended_flow == old and draft.snapshot.flow:
        draft.prepend_text(render("resume.put_aside", the_flow=render(f"flow.{old}")))


def _leave_for_later(draft: DecisionBuilder) -> None:
    """The customer says goodbye in the middle: what was told is kept for a while, in a conversation
    that stays open for it.
    """
    suspend_flow(draft)
    kept = bool(draft.snapshot.suspended_flow)
    draft.add_text("social.goodbye_kept" if kept else "social.goodbye")
    draft.transition(Event.TIMED_OUT if kept else Event.CLOSED, "goodbye")


def _answer_unusable(draft: DecisionBuilder, said: list[UnderstoodText], problem: str) -> None:
    if said and small_talk_in(said[-1].text) == Intent.GOODBYE:
        _leave_for_later(draft)
    elif said and all(small_talk_in(one.text) for one in said):
        draft.add_text("social.in_flow")
        ask_again(draft)
    elif draft.snapshot.requested_slot in {None, CONFIRM}:
        ask_again(draft)
    else:
        reject_answer(draft, problem, said[-1].text if said else "")
