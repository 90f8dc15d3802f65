"""Merges what rules, labels and intents read in a turn into its commands."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from gatte.conversation.command_reader.intent_commands import asks, commands_of_intents
from gatte.conversation.command_reader.label_commands import (
    commands_of_labels,
    language_of_turn,
    question_intent,
)
from gatte.conversation.command_reader.literal_commands import (
    BARE_YES,
    alarms,
    literals,
    told_data,
    whole_message,
)
from gatte.conversation.command_reader.person_calls import calls_for_person
from gatte.conversation.command_reader.place import Place
from gatte.conversation.command_reader.refused_questions import with_refusals
from gatte.conversation.command_reader.slot_commands import (
    CORRECTION,
    values_or_question,
    volunteered,
)
from gatte.conversation.command_reader.sure_commands import with_sure_commands
from gatte.conversation.commands import (
    Affirm,
    Command,
    CorrectSlot,
    Deny,
    OtherLanguage,
    Question,
    RequestHuman,
    Secret,
    SetSlot,
    SmallTalk,
    StartFlow,
    TurnReading,
    Unclear,
)
from gatte.conversation.fact_commands import questions_in, with_facts
from gatte.conversation.flows.base import Slot
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import PredictionSource, Utterance
from gatte.conversation.parsing.answers import yes_or_no
from gatte.conversation.parsing.documents import find_document
from gatte.conversation.parsing.normalize import normalize_text, words
from gatte.conversation.parsing.products import parts_of
from gatte.conversation.secret_detection import secret_in
from gatte.conversation.snapshot import Snapshot

ABOUT_APPOINTMENTS = frozenset({"move_appointment", "cancel_appointment", "appointment_status"})
TOLD_BESIDE_QUESTION = frozenset({"name", "document", "email"})
"""Values that are taken from a message which asks for facts: days and products are what it asks
about.
"""
PIECE = re.compile(r"[\d./ -]+")
"""A message that may be a piece of a document."""
LONGEST_READ = 1_000
"""Characters of a message that are read: more tells a story, and costs time."""


def read(
    snapshot: Snapshot, said: Sequence[UnderstoodText], offered: str, reading: TurnReading
) -> tuple[Command, ...]:
    """The commands of a turn, in the order of its messages; never empty for words.

    A reading that holds commands is the whole turn, beside what was said literally, and beside what
    rules and labels of the same reading are sure of. Recorded turns of former versions have no
    `reading`: then their intents alone speak.
    """
    said = [replace(one, text=one.text[:LONGEST_READ]) for one in _with_whole_documents(said)]
    flow = FLOWS.get(snapshot.flow or "")
    slot = flow.slot(snapshot.requested_slot) if flow else None
    place = Place(snapshot, flow, slot, offered, tuple(one.text for one in said))
    if reading.commands:
        given = _beside_literals(place, _checked(place, reading.commands))
        if reading.labels:
            given = with_sure_commands(place, given, reading)
        return _finished(place, given)
    found: list[Command] = [*alarms(place, reading)]
    for one in said:
        found += _of_message(place, one, reading, found)
    found = _with_one_answer(place, found)
    found += commands_of_labels(place, said, found, reading)
    if not _says_something(found) and not (flow and found):
        found += commands_of_intents(place, said, found)
    elif not flow and len(said) > 1:
        found += [
            Question(one.text, question_intent([one]), span=one.text)
            for one in said
            if asks(one) and not _is_read(one.text, found)
        ]
    return _finished(place, found)


def _with_one_answer(place: Place, found: list[Command]) -> list[Command]:
    """The commands, where of several messages that could each be the name that is asked for the
    first is it: those behind it speak of something else, unless they correct it, or are the rest of
    a name of which only one word came.
    """
    slot = place.slot
    if slot is None or slot.long_text or not (slot.free_text or slot.name == "name"):
        return found
    values = [one for one in found if isinstance(one, SetSlot) and one.slot == slot.name]
    if len(values) < 2:
        return found
    answer = values[0]
    for later in values[1:]:
        if CORRECTION.search(normalize_text(later.span)):
            answer = later
        elif slot.name == "name":
            answer = _fuller_name(answer, later)
    others = {id(one) for one in values[1:]}
    return [answer if one is values[0] else one for one in found if id(one) not in others]


def _fuller_name(answer: SetSlot, later: SetSlot) -> SetSlot:
    """The later of two names when it is the whole one, both when each is a single word, else the
    former.
    """
    first, following = words(answer.value), words(later.value)
    if len(first) == 1 < len(following) or set(first) < set(following):
        return later
    if len(first) > 1:
        return answer
    whole = f"{answer.value} {later.value}"
    return replace(answer, value=whole, span=whole)


def _is_read(text: str, found: Sequence[Command]) -> bool:
    """Whether a question was read in this message, or in it among others."""
    read = [one.text for one in found if isinstance(one, Question)]
    return any(one in text or text in one for one in read)


def _finished(place: Place, found: Sequence[Command]) -> tuple[Command, ...]:
    """The commands without repetition and what the policy refuses, with the facts that they ask
    for.
    """
    allowed = with_refusals(place, _without_repetition(found))
    return tuple(with_facts(allowed, place.snapshot)) or (Unclear(),)


def _with_whole_documents(said: Sequence[UnderstoodText]) -> Sequence[UnderstoodText]:
    """The messages, where the pieces of a document that stand in several are one."""
    pieces = [one for one in said if PIECE.fullmatch(one.text.strip())]
    whole = "".join(one.text.strip() for one in pieces)
    is_split = len(pieces) > 1 and not any(find_document(one.text).value for one in pieces)
    if not is_split or not find_document(whole).value:
        return said
    others = [one for one in said if one not in pieces]
    return [*others, UnderstoodText(whole)]


def _beside_literals(place: Place, given: Iterable[Command]) -> list[Command]:
    """What was said literally, and given commands; a yes or a no in so many words stands against
    any other.
    """
    literal = list(literals(place))
    answered = any(isinstance(one, Affirm | Deny) for one in literal)
    kept = [one for one in given if not (answered and isinstance(one, Affirm | Deny))]
    return [*literal, *kept]


def read_secrets(messages: Sequence[Utterance]) -> tuple[Secret, ...]:
    """A command for each message that holds a password or a key."""
    found = ((secret_in(one), one.message_id) for one in messages)
    return tuple(Secret(kind, message_id) for kind, message_id in found if kind)


def _says_something(found: Sequence[Command]) -> bool:
    return any(not isinstance(one, SmallTalk | SetSlot) for one in found)


def _of_message(
    place: Place, one: UnderstoodText, reading: TurnReading, before: Sequence[Command]
) -> list[Command]:
    """What rules read in one message, after what they read in those before it."""
    whole = whole_message(place, one.text)
    if whole is not None and not _is_overheard(place, whole, reading):
        return [whole]
    if asked := questions_in(one.text, place.snapshot, reading, before):
        return [*asked, *_told_beside(place, one.text), *_product_asked_about(place, asked)]
    if place.waiting:
        return []
    if place.flow:
        return [*values_or_question(place, one, reading), *_told_for_later(place, one.text)]
    if yes_or_no(one.text) and set(words(one.text)) & BARE_YES:
        return [Affirm(span=one.text)]
    return list(told_data(one.text))


def _is_overheard(place: Place, whole: Command, reading: TurnReading) -> bool:
    """Whether words for a person are no call for one, as a model reads them."""
    is_phrase = isinstance(whole, RequestHuman) and not whole.literal and not place.waiting
    return is_phrase and bool(reading.labels) and not calls_for_person(place, reading, by_rule=True)


def _told_beside(place: Place, text: str) -> Iterator[Command]:
    """Data that stand beside a question on facts: only those that can be checked, or are said to
    be what they are.
    """
    if not place.flow:
        yield from told_data(text)
    elif not place.confirming:
        told = volunteered(place, text, sure_only=True)
        yield from (one for one in told if one.slot in TOLD_BESIDE_QUESTION)
        yield from _told_for_later(place, text)


def _product_asked_about(place: Place, asked: Sequence[Command]) -> Iterator[SetSlot]:
    """The one product that questions name before any form runs: who then wants to buy wants it."""
    facts = [fact for one in asked if isinstance(one, Question) for fact in one.facts]
    products = {name for fact in facts for name in fact.products}
    if not place.flow and len(products) == 1 and parts_of(min(products)).whole:
        yield SetSlot("product", min(products), span=facts[0].text)


def _told_for_later(place: Place, text: str) -> Iterator[SetSlot]:
    """Data for which the running flow has no slot; a story may be full of them, and is a value."""
    if place.flow is None or (place.slot and place.slot.long_text):
        return
    yield from (one for one in told_data(text) if place.flow.slot(one.slot) is None)


def _without_repetition(found: Sequence[Command]) -> list[Command]:
    """Each command once; who read it first counts, and what says less than another is left out."""
    kept: list[Command] = []
    for one in found:
        repeated = any(_same(one, other) for other in kept)
        if not repeated and not _is_superseded(one, found):
            kept.append(one)
    return kept


def _is_superseded(one: Command, found: Sequence[Command]) -> bool:
    """Whether a correction comes without the value that another message gives, or a new booking is
    only the less exact reading of a wish about an appointment that is there.
    """
    if isinstance(one, CorrectSlot) and not one.value:
        given = (other for other in found if isinstance(other, SetSlot | CorrectSlot))
        return any(other.slot == one.slot and other.value for other in given)
    if isinstance(one, StartFlow) and one.flow == "schedule":
        others = (other.flow for other in found if isinstance(other, StartFlow))
        return any(flow in ABOUT_APPOINTMENTS for flow in others)
    return False


def _same(one: Command, other: Command) -> bool:
    bare = {"source": PredictionSource.RULE, "confidence": 1.0, "span": "", "literal": False}
    return replace(one, **bare) == replace(other, **bare)  # type: ignore[arg-type]


def _checked(place: Place, commands: Sequence[Command]) -> Iterator[Command]:
    """Given commands, none of them literal; a value that its slot does not take is looked at for
    slots that are still empty, and a correction without its value asks for it. What only a model
    calls a secret was not erased, so nobody is told that it was.
    """
    for one in commands:
        command: Command = replace(one, literal=False)
        if isinstance(command, Secret):
            continue
        if isinstance(command, OtherLanguage) and not command.language:
            command = replace(command, language=language_of_turn(place))
        slot = None
        if place.flow and isinstance(command, SetSlot | CorrectSlot):
            slot = place.flow.slot(command.slot)
        if slot is None or not isinstance(command, SetSlot | CorrectSlot):
            yield command
            continue
        value = _value_for(slot, command, place.snapshot)
        if value is not None:
            yield replace(command, value=value)
        elif isinstance(command, CorrectSlot):
            yield replace(command, value="")
        else:
            told = volunteered(place, command.span or command.value, sure_only=False)
            yield from (other for other in told if other.slot not in place.snapshot.slots)


def _value_for(slot: Slot, command: SetSlot | CorrectSlot, snapshot: Snapshot) -> str | None:
    """The value as the slot takes it, from what was given for it or else from its span."""
    parsed = (slot.parse_answer(text, snapshot) for text in (command.value, command.span) if text)
    return next((one.value for one in parsed if one.value is not None), None)
