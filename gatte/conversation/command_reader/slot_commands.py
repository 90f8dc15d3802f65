"""Values of the running flow in a message: given, corrected, declined; or a question."""

import re
from collections.abc import Iterator
from functools import cache
from typing import cast

from gatte.conversation.command_reader.place import Place
from gatte.conversation.commands import (
    Command,
    CorrectSlot,
    FlowWish,
    Question,
    SetSlot,
    Skip,
    StartFlow,
    TurnReading,
)
from gatte.conversation.fallback import (
    FLOW_OF_INTENT,
    QUESTIONS,
    is_confident,
    looks_like_question,
)
from gatte.conversation.flows.base import FlowName, Slot
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import PredictionSource
from gatte.conversation.parsing.answers import declines
from gatte.conversation.parsing.normalize import normalize_text, union, words
from gatte.conversation.thresholds import (
    FLOW_SWITCH_THRESHOLD,
    LABEL_THRESHOLD,
    STORY_THRESHOLD,
)

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
    r"\bespera\b",
    r"\bretific\w+",
    r"\bpensando (?:bem|melhor)\b",
    r"\bmesm[ao] (?:hora|horario)\b",
    r"\bnao[,.!]",
)
CHANGE_OF_MIND = re.compile(
    r"\bna verdade\b|\bmudei de ideia\b|\bantes disso\b|\bem vez disso\b"
    r"|\bprefiro\b|\besquece\b|\bmelhor\b"
)
WISHING = frozenset({"quero", "queria", "preciso", "gostaria", "vou", "prefiro"})
BY_WORD = frozenset({FlowName.OPT_OUT, FlowName.OPT_IN})
"""Flows that replace a running one only by their own command: "prefiro não informar" is no wish to
be forgotten.
"""
QUESTION_LENGTH = 120
LONG_ANSWER = 6
"""Words from which on a text at the summary is no bare value any more."""
NO_VALUE = 0.1
"""Free text is no answer to the slot asked when the model gives it less than this."""


def values_or_question(
    place: Place, one: UnderstoodText, reading: TurnReading
) -> Iterator[Command]:
    if place.confirming:
        yield from _corrections(place, one.text, reading)
    elif place.slot is None or not _interrupts(one, place.slot, reading):
        yield from _answers(place, one, reading)
    else:
        guess = one.understanding
        yield Question(one.text, guess.intent if guess else None, span=one.text)
        yield from volunteered(place, one.text, sure_only=True)


def _interrupts(one: UnderstoodText, slot: Slot, reading: TurnReading) -> bool:
    """Whether a message is a question rather than an answer to this slot; free text may hold
    questions of its own.
    """
    if not looks_like_question(one.text):
        return False
    if reading.labels:
        asks = reading.probability("Question")
        if slot.long_text:
            return asks >= STORY_THRESHOLD and asks > reading.probability("SetSlot")
        return asks >= LABEL_THRESHOLD / 2
    sure = one.understanding is not None and is_confident(one.understanding, FLOW_SWITCH_THRESHOLD)
    if sure and one.understanding and one.understanding.intent not in QUESTIONS:
        return False
    return not slot.free_text or ("?" in one.text and len(one.text) <= QUESTION_LENGTH)


def _answers(place: Place, one: UnderstoodText, reading: TurnReading) -> Iterator[Command]:
    """Values in a message that answers while a flow collects."""
    text, slot = one.text, place.slot
    if slot is not None and (wished := _changes_mind(place, one, slot)):
        yield StartFlow(wished, source=PredictionSource.LOCAL, span=text)
        return
    corrects = bool(CORRECTION.search(normalize_text(text)))
    free_text = bool(slot and slot.free_text)
    describes = slot is not None and slot.name == "description"
    named = list(_named(place, text)) if corrects or not describes else []
    yield from named
    found = list(volunteered(place, text, sure_only=free_text, corrects=corrects and not named))
    yield from (one for one in found if not any(other.slot == one.slot for other in named))
    spoken = {one.slot for one in (*named, *found)}
    if slot is None or slot.name in spoken or (corrects and spoken):
        return
    if slot.free_text and not slot.long_text and "name" in spoken:
        return  # "meu nome é Ana" is no company
    if declines(text) and slot.parse_answer(text, place.snapshot).value == "":
        yield Skip(slot=slot.name, span=text)
    elif not _no_answer(slot, reading):
        parsed = slot.parse_answer(_stretch(slot, text, reading), place.snapshot)
        if parsed.value is not None:
            yield SetSlot(slot.name, parsed.value, span=text)


def _changes_mind(place: Place, one: UnderstoodText, slot: Slot) -> FlowWish | None:
    """The flow that is wished for in words that say so and are no story of their own, whatever
    values they hold.
    """
    guess = one.understanding
    if guess is None or not is_confident(guess, FLOW_SWITCH_THRESHOLD):
        return None
    wished = FLOW_OF_INTENT.get(guess.intent)
    if wished is None or wished in BY_WORD:
        return None
    turns = bool(CHANGE_OF_MIND.search(normalize_text(one.text)))
    wishes = bool(WISHING & set(words(one.text)))
    if slot.free_text:
        changes = turns or (not slot.long_text and WISHING & set(words(one.text)[:1]))
    else:
        changes = turns and wishes and wished != place.snapshot.flow
    return cast("FlowWish", wished.value) if changes else None


def _stretch(slot: Slot, text: str, reading: TurnReading) -> str:
    """The stretch that a model marked for this slot, where it stands in the message."""
    return next((span for name, span in reading.spans if name == slot.name and span in text), text)


def _no_answer(slot: Slot, reading: TurnReading) -> bool:
    """Whether the model is sure that no value was given; a checked value needs no opinion."""
    permissive = slot.free_text or slot.name == "name"
    if not permissive or not reading.labels:
        return False
    gives = max(reading.probability("SetSlot"), reading.probability("CorrectSlot"))
    return gives < NO_VALUE


def _corrections(place: Place, text: str, reading: TurnReading) -> Iterator[Command]:
    """Values at the summary, each of which corrects one that stands in it; a long text gives only
    sure ones, unless its words or a model say that something is wrong.
    """
    named = list(_named(place, text))
    for one in named:
        yield CorrectSlot(one.slot, one.value, span=one.span)
    corrects = bool(CORRECTION.search(normalize_text(text)))
    corrects = corrects or reading.probability("CorrectSlot") >= LABEL_THRESHOLD
    sure_only = not corrects and len(words(text)) > LONG_ANSWER
    taken = {one.slot for one in named}
    for one in volunteered(place, text, sure_only=sure_only):
        changes = place.snapshot.slots.get(one.slot) != one.value
        if one.slot not in taken and changes:
            taken.add(one.slot)
            yield CorrectSlot(one.slot, one.value, span=text)
    wrong = None if taken else _slot_with_problem(place, text) or _slot_named_wrong(place, text)
    if wrong:
        yield CorrectSlot(wrong.name, span=text)


def _slot_with_problem(place: Place, text: str) -> Slot | None:
    """The filled slot for which a text names a value that cannot be."""
    filled = (
        slot
        for slot in (place.flow.wanted(place.snapshot) if place.flow else ())
        if slot.name in place.snapshot.slots
    )
    if looks_like_question(text):
        return None
    return next((slot for slot in filled if slot.validate(text, place.snapshot)), None)


def _slot_named_wrong(place: Place, text: str) -> Slot | None:
    """The filled slot that a short text, or one that speaks of an error, names as wrong."""
    spoken = set(words(text))
    fixing = bool(place.snapshot.flags.get("fixing"))
    if len(spoken) > 3 and not CORRECTION.search(normalize_text(text)) and not fixing:
        return None
    if place.flow is None or looks_like_question(text):
        return None
    filled = (
        slot for slot in place.flow.wanted(place.snapshot) if slot.name in place.snapshot.slots
    )
    return next(
        (slot for slot in filled if spoken & {normalize_text(word) for word in slot.synonyms}), None
    )


def _named(place: Place, text: str) -> Iterator[SetSlot]:
    """Values that the text names: "o nome é Ana", "e-mail: a@b.co"."""
    for slot in place.flow.wanted(place.snapshot) if place.flow else ():
        said = _naming(slot.synonyms).search(text) if slot.synonyms else None
        known = slot.name in place.snapshot.slots or slot == place.slot
        if not said or not known:
            continue
        parsed = slot.parse_answer(said["value"], place.snapshot)
        if parsed.value is not None:
            yield SetSlot(slot.name, parsed.value, span=said[0])


@cache
def _naming(words_for_it: tuple[str, ...]) -> re.Pattern[str]:
    names = "|".join(re.escape(word) for word in words_for_it)
    between = (
        r"(?:\s+(?:certo|correto|mesmo|na verdade|da empresa|completo))*"
        r"\s*(?:[eé]\s|eh\s|:|=|seria\s|para\s|pra\s)\s*"
    )
    return re.compile(rf"\b(?:{names})\b{between}(?P<value>.+)", re.IGNORECASE | re.DOTALL)


def volunteered(
    place: Place, text: str, *, sure_only: bool, corrects: bool = False
) -> Iterator[SetSlot]:
    """Values of the running flow's slots that the text holds, asked for or not."""
    for slot in place.flow.slots if place.flow else ():
        if sure_only and not slot.unambiguous:
            continue
        value = slot.extract(text, place.snapshot).value
        if value is not None and (
            corrects or slot == place.slot or slot.name not in place.snapshot.slots or not sure_only
        ):
            yield SetSlot(slot.name, value, span=text)
