"""A flow runs: answers, corrections, a question in between, a change of mind, yes and no."""

import re
from functools import cache

from gatte.conversation.commanding import cancel
from gatte.conversation.draft import Draft
from gatte.conversation.effects import Reason
from gatte.conversation.filling import CONFIRM, ask_again, ask_what_to_fix, confirm, fail, fill, find, fix, proceed, put_aside, start
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.handoff import escalate
from gatte.conversation.idle import ask_knowledge
from gatte.conversation.ladder import is_question, is_sure, looks_like_question, wants_no_answer, wishes_flow
from gatte.conversation.media import Said
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.words import any_of, fold, words
from gatte.conversation.rules import social_in
from gatte.conversation.states import Event, State
from gatte.conversation.texts import say
from gatte.conversation.thresholds import CHOICES_AT, HUMAN_AT, SWITCH
from gatte.conversation.understanding import Intent

CORRECTION = any_of(
    r"\berrei\b", r"\berrad[oa]\b", r"\bcorrig\w+", r"\bcorrecao\b", r"\bcorreto e\b", r"\bcerto e\b", r"\bna verdade\b", r"\bdigitei\b",
    r"\bengan\w+", r"\bmud(?:a|ar|e|ei)\b", r"\btroc(?:a|ar|ei)\b", r"\balter\w+", r"\bem vez\b", r"\bnao,",
)  # fmt: skip
CHANGE_OF_MIND = re.compile(r"\bna verdade\b|\bmudei de ideia\b|\bantes disso\b|\bem vez disso\b|\bprefiro\b|\besquece\b|\bmelhor\b")
WISHING = frozenset({"quero", "queria", "preciso", "gostaria", "vou", "prefiro"})
QUESTION_LENGTH = 120
BY_WORD = frozenset({FlowName.OPT_OUT, FlowName.OPT_IN})
"""Flows that leave another one only by their own words, as a command: "prefiro não informar" is no wish to be forgotten."""


def hear(draft: Draft, said: list[Said]) -> None:
    """Understand the words of a turn while a flow runs."""
    if draft.now.state == State.CONFIRMING:
        _hear_while_confirming(draft, said)
    else:
        _hear_while_collecting(draft, said)


def _hear_while_confirming(draft: Draft, said: list[Said]) -> None:
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
        fix(draft, wrong)
    elif not _interrupted(draft, said):
        _not_confirmed(draft, said)


def _take_answer(draft: Draft, *, yes: bool) -> None:
    if yes:
        confirm(draft)
    elif _flow(draft).no_cancels:
        cancel(draft, "")
    else:
        ask_what_to_fix(draft)


def _answer(said: list[Said]) -> bool | None:
    """Yes or no, when all that was said says so and nothing else."""
    answers = {yes_or_no(one.text) for one in said if not social_in(one.text)}
    return answers.pop() if len(answers) == 1 else None


def _not_confirmed(draft: Draft, said: list[Said]) -> None:
    if social_in(said[-1].text) == Intent.GOODBYE:
        _leave_for_later(draft)
        return
    if all(social_in(one.text) for one in said):
        ask_again(draft)
        return
    count = draft.now.misunderstandings + 1
    draft.keep(misunderstandings=count)
    if count >= HUMAN_AT:
        escalate(draft, Reason.NOT_UNDERSTOOD, f"no yes or no, {count} times", said[-1].text)
        return
    draft.move(Event.NOT_UNDERSTOOD, "no yes or no")
    draft.say("fix.yes_or_no_again" if count >= CHOICES_AT else "fix.yes_or_no")
    ask_again(draft)


def _correct(draft: Draft, text: str) -> bool:
    """Take a corrected value out of the text; whether one of a filled slot was named or changed."""
    named = _fill_named(draft, text)
    before = dict(draft.now.slots)
    find(draft, text, sure_only=not CORRECTION.search(fold(text)) and len(words(text)) > 6, overwrite=not named)
    return named or dict(draft.now.slots) != before


def _fill_named(draft: Draft, text: str) -> bool:
    """Fill slots that the text names with a value: "o nome é Ana", "e-mail: a@b.co"; whether there was one."""
    filled = False
    for slot in _flow(draft).wanted(draft.now):
        said = _naming(slot.words).search(text) if slot.words else None
        if not said or (slot.name not in draft.now.slots and slot.name != draft.now.asking):
            continue
        parsed = slot.parse(said["value"], draft.now)
        if parsed.value is not None:
            fill(draft, slot, parsed.value, text)
            filled = True
    return filled


@cache
def _naming(words_for_it: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(re.escape(word) for word in words_for_it)
    between = r"(?:\s+(?:certo|correto|mesmo|na verdade|da empresa|completo))*\s*(?:[eé]\s|eh\s|:|=|seria\s|para\s|pra\s)\s*"
    return re.compile(rf"\b(?:{names})\b{between}(?P<value>.+)", re.IGNORECASE | re.DOTALL)


def _flow(draft: Draft) -> Flow:
    return FLOWS[draft.now.flow or ""]


def _named_slot(draft: Draft, said: list[Said]) -> Slot | None:
    """The filled slot that a short text, or one that speaks of an error, names as wrong."""
    text = " ".join(one.text for one in said)
    spoken, plain = set(words(text)), fold(text)
    if len(spoken) > 3 and not CORRECTION.search(plain) and not draft.noted("fixing"):
        return None
    slots = (slot for slot in _flow(draft).wanted(draft.now) if slot.name in draft.now.slots)
    return next((slot for slot in slots if spoken & {fold(word) for word in slot.words}), None)


def _hear_while_collecting(draft: Draft, said: list[Said]) -> None:
    slot = _flow(draft).slot(draft.now.asking)
    questions = [one for one in said if slot and _interrupts(one, slot)]
    answers = [one for one in said if one not in questions]
    used, problem = False, ""
    for one in answers:
        taken, trouble = _take(draft, one)
        used, problem = used or taken, trouble or problem
    if questions:
        _ask_in_between(draft, questions)
    elif used:
        if any(step.event == Event.CORRECTED for step in draft.steps):
            draft.say("fix.noted")
        proceed(draft)
    elif not _interrupted(draft, answers):
        _answer_unusable(draft, answers, problem)


def _interrupts(one: Said, slot: Slot) -> bool:
    """Whether the words are a question rather than an answer to this slot; free text may hold questions of its own."""
    if not looks_like_question(one.text) or wants_no_answer(one):
        return False
    return not slot.free or ("?" in one.text and len(one.text) <= QUESTION_LENGTH)


def _ask_in_between(draft: Draft, questions: list[Said]) -> None:
    for one in questions:
        find(draft, one.text, sure_only=True)
    guess = questions[-1].understanding
    ask_knowledge(draft, "\n".join(one.text for one in questions), guess.intent if guess else "question")


def _take(draft: Draft, one: Said) -> tuple[bool, str]:
    """Fill what one message gives: whether it was of use, and the problem with it."""
    slot = _flow(draft).slot(draft.now.asking)
    corrects = bool(CORRECTION.search(fold(one.text)))
    if _changes_mind(draft, one, slot):
        return False, ""
    named = _fill_named(draft, one.text) if corrects or slot is None or slot.name != "description" else False
    spoken = find(draft, one.text, sure_only=bool(slot and slot.free), overwrite=not named and (corrects or not slot or not slot.free))
    used = named or bool(spoken)
    if slot is not None and slot.name in draft.now.slots:
        _say_in_full(draft, slot, one)
    if slot is None or slot.name in draft.now.slots or (corrects and used):
        return used, ""
    if social_in(one.text):
        return used, ""
    parsed = slot.parse(one.text, draft.now)
    if parsed.value is None:
        return used, parsed.problem
    fill(draft, slot, parsed.value, one.text)
    return True, ""


def _say_in_full(draft: Draft, slot: Slot, one: Said) -> None:
    """Take the value of an earlier message of this turn with the words that this one adds: "Ana", then "Ana Lima"."""
    fuller = slot.parse(one.text, draft.now).value
    if fuller and fuller.startswith(f"{draft.now.slots[slot.name]} "):
        draft.put({slot.name: fuller})


def _changes_mind(draft: Draft, one: Said, slot: Slot | None) -> bool:
    """Whether a flow is wished for in words that say so and are no story of their own, whatever values they hold."""
    wished = wishes_flow(one)
    if slot is None or not wished or wished in BY_WORD:
        return False
    turns, wishes = bool(CHANGE_OF_MIND.search(fold(one.text))), bool(WISHING & set(words(one.text)))
    if not slot.free:
        return turns and wishes and wished != draft.now.flow
    return turns or (not slot.story and words(one.text)[0] in WISHING)


def _other_flow(draft: Draft, one: Said) -> FlowName | None:
    """The flow that the words surely ask for, where it is another than the running one."""
    wished = wishes_flow(one)
    return None if wished == draft.now.flow or wished in BY_WORD else wished


def _interrupted(draft: Draft, said: list[Said]) -> bool:
    """Whether the words want something else: a question, or another flow."""
    other = next((wished for one in reversed(said) if (wished := _other_flow(draft, one))), None)
    questions = [one for one in said if is_question(one)]
    if other:
        _switch(draft, other, said)
    elif questions:
        _ask_in_between(draft, questions)
    elif any(_is_out_of_scope(one) for one in said):
        draft.say("ladder.out_of_scope_in_flow")
        ask_again(draft)
        return True
    return bool(other or questions)


def _is_out_of_scope(one: Said) -> bool:
    guess = one.understanding
    return guess is not None and guess.intent == Intent.OUT_OF_SCOPE and is_sure(guess, SWITCH) and looks_like_question(one.text)


def _switch(draft: Draft, other: str, said: list[Said]) -> None:
    old = draft.now.flow
    start(draft, FLOWS[other].name, f"intent {other}", tuple(one.text for one in said))
    if draft.now.suspended == old and draft.now.flow:
        draft.insert(say("resume.put_aside", the_flow=say(f"flow.{old}")))


def _leave_for_later(draft: Draft) -> None:
    """The customer says goodbye in the middle: what was told is kept for a while, in a conversation that stays open for it."""
    put_aside(draft)
    kept = bool(draft.now.suspended)
    draft.say("social.goodbye_kept" if kept else "social.goodbye")
    draft.move(Event.TIMED_OUT if kept else Event.CLOSED, "goodbye")


def _answer_unusable(draft: Draft, said: list[Said], problem: str) -> None:
    if said and social_in(said[-1].text) == Intent.GOODBYE:
        _leave_for_later(draft)
    elif said and all(social_in(one.text) for one in said):
        draft.say("social.in_flow")
        ask_again(draft)
    elif draft.now.asking in {None, CONFIRM}:
        ask_again(draft)
    else:
        fail(draft, problem, said[-1].text if said else "")
