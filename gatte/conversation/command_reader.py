"""What the words of a turn are read as: rules first, then the models' labels, each checked.

Rules hold what is literal. Models say what a text does in its place. A value counts only when the
parser of its slot takes it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import cast

from gatte.conversation.commands import (
    Affirm,
    CancelFlow,
    Command,
    Complain,
    CorrectSlot,
    Courtesy,
    Deny,
    Escalate,
    EscalateReason,
    FlowWish,
    Hostile,
    LeaveQueue,
    OffTopic,
    OptIn,
    OptOut,
    OtherLanguage,
    Question,
    RequestHuman,
    ResumeFlow,
    SetSlot,
    ShowMenu,
    Skip,
    SmallTalk,
    StartFlow,
    TurnReading,
    Unclear,
    WrongPerson,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.escalation_rules import cannot_issue_invoices, find_trigger
from gatte.conversation.fact_commands import questions_in, with_facts
from gatte.conversation.fallback import (
    FLOW_OF_INTENT,
    QUESTIONS,
    is_confident,
    looks_like_question,
    resolve_intent,
)
from gatte.conversation.flows.base import Flow, FlowName, Slot
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import Intent, PredictionSource
from gatte.conversation.parsing.answers import declines, yes_or_no
from gatte.conversation.parsing.documents import find_document
from gatte.conversation.parsing.names import find_email
from gatte.conversation.parsing.normalize import normalize_text, union, word_set, words
from gatte.conversation.rules import (
    Command as Word,
)
from gatte.conversation.rules import (
    asks_for_ticket,
    cancels_this,
    command_in,
    says_unhelpful,
    small_talk_in,
)
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State
from gatte.conversation.thresholds import FLOW_SWITCH_THRESHOLD

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
BY_WORD = frozenset({FlowName.OPT_OUT, FlowName.OPT_IN})
"""Flows that replace a running one only by their own command: "prefiro não informar" is no wish to
be forgotten.
"""
BARE_YES = word_set("s sim ss quero")
LONGEST_READ = 1_000
"""Characters of a message that are read: more tells a story, and costs time."""
TOLD_BESIDE_QUESTION = frozenset({"document", "email"})
"""Values that are taken from a message which asks for facts: days and products are what it asks
about.
"""
MIN_QUESTION_WORDS = 2
"""Words from which on an unclear text is worth a look into the knowledge base."""
QUESTION_LENGTH = 120
LONG_ANSWER = 6
"""Words from which on a text at the summary is no bare value any more."""

LABEL_THRESHOLD = 0.5
"""A label this sure is acted on where nothing literal says otherwise."""
ESCALATE_THRESHOLD = 0.35
"""Escalations and requests for a person count sooner: a person too many is the lesser harm."""
STORY_THRESHOLD = 0.8
"""Where the customer is asked to tell what happened, much sounds like a reason for a person."""
CONFIRM_THRESHOLD = 0.8
"""A yes to a summary, in words that no rule knows."""
MARKED_QUESTION_THRESHOLD = 0.2
"""A message with a question mark is a question sooner."""
NEVER = 2.0
VETO = 0.12
"""A rule's alarm counts for nothing when the model gives it less than this and hears a question."""
NO_VALUE = 0.2
"""Free text is no answer to the slot asked when the model gives it less than this."""

LITERAL: dict[Word, type[Command]] = {
    Word.HUMAN: RequestHuman,
    Word.MENU: ShowMenu,
    Word.CANCEL: CancelFlow,
    Word.LEAVE: OptOut,
    Word.BACK_IN: OptIn,
    Word.CONTINUE: ResumeFlow,
}
REASON_OF_TRIGGER = {
    EscalationReason.INVOICE_STOPPED: EscalateReason.INVOICES_STOPPED,
    EscalationReason.REVOCATION: EscalateReason.REVOCATION,
    EscalationReason.FRAUD: EscalateReason.FRAUD,
    EscalationReason.REFUND: EscalateReason.REFUND,
    EscalationReason.LEGAL_THREAT: EscalateReason.LEGAL,
}
COURTESY_OF_INTENT = {
    Intent.GREETING: Courtesy.GREETING,
    Intent.THANKS: Courtesy.THANKS,
    Intent.GOODBYE: Courtesy.GOODBYE,
}
SIMPLE_LABELS: dict[str, type[Command]] = {
    "Complain": Complain,
    "WrongPerson": WrongPerson,
    "OptOut": OptOut,
    "OptIn": OptIn,
    "CancelFlow": CancelFlow,
    "ShowMenu": ShowMenu,
    "LeaveQueue": LeaveQueue,
    "OtherLanguage": OtherLanguage,
    "OffTopic": OffTopic,
    "Hostile": Hostile,
    "RequestHuman": RequestHuman,
}


@dataclass(frozen=True)
class Place:
    """Where a customer speaks: the state, the running flow, the slot asked, whether an offer is
    open.
    """

    snapshot: Snapshot
    flow: Flow | None
    slot: Slot | None
    offered: str
    texts: tuple[str, ...]

    @property
    def confirming(self) -> bool:
        return self.snapshot.state == State.CONFIRMING

    @property
    def waiting(self) -> bool:
        """Whether a person is awaited."""
        return self.snapshot.state == State.WAITING_HUMAN

    @property
    def awaits_yes(self) -> bool:
        """Whether a yes or a no answers something."""
        return self.confirming or bool(self.offered)


def read(
    snapshot: Snapshot, said: Sequence[UnderstoodText], offered: str, reading: TurnReading
) -> tuple[Command, ...]:
    """The commands of a turn, in the order of its messages; never empty for words.

    A reading that holds commands is the whole turn, beside what was said literally. Recorded turns
    of former versions have no `reading`: then their intents alone speak.
    """
    said = [replace(one, text=one.text[:LONGEST_READ]) for one in said]
    flow = FLOWS.get(snapshot.flow or "")
    slot = flow.slot(snapshot.requested_slot) if flow else None
    place = Place(snapshot, flow, slot, offered, tuple(one.text for one in said))
    if reading.commands:
        given = [*_literals(place), *_checked(place, reading.commands)]
        return tuple(with_facts(_without_repetition(given), snapshot)) or (Unclear(),)
    found: list[Command] = [*_alarms(place, reading)]
    for one in said:
        found += _of_message(place, one, reading)
    found += _of_labels(place, said, found, reading)
    if not _says_something(found) and not (flow and found):
        found += _of_intents(place, said, found)
    elif not flow and not any(isinstance(one, Question) for one in found):
        found += [
            Question(one.text, _question_intent([one]), span=one.text)
            for one in said
            if len(said) > 1 and _asks(one)
        ]
    return tuple(with_facts(_without_repetition(found), snapshot)) or (Unclear(),)


def _says_something(found: Sequence[Command]) -> bool:
    return any(not isinstance(one, SmallTalk | SetSlot) for one in found)


def _without_repetition(found: Sequence[Command]) -> list[Command]:
    """Each command once; who read it first counts."""
    kept: list[Command] = []
    for one in found:
        if not any(_same(one, other) for other in kept):
            kept.append(one)
    return kept


def _same(one: Command, other: Command) -> bool:
    bare = {"source": PredictionSource.RULE, "confidence": 1.0, "span": "", "literal": False}
    return replace(one, **bare) == replace(other, **bare)  # type: ignore[arg-type]


# --- commands that a model gave ---


def _literals(place: Place) -> Iterator[Command]:
    for text in place.texts:
        word = command_in(text)
        if word is not None:
            yield LITERAL[word](span=text, literal=True)  # type: ignore[call-arg]  # without keys


def _checked(place: Place, commands: Sequence[Command]) -> Iterator[Command]:
    """Given commands, none of them literal; a value that its slot does not take is left out, and
    a correction without its value asks for it.
    """
    for one in commands:
        command: Command = replace(one, literal=False)
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


def _value_for(slot: Slot, command: SetSlot | CorrectSlot, snapshot: Snapshot) -> str | None:
    """The value as the slot takes it, from what was given for it or else from its span."""
    parsed = (slot.parse_answer(text, snapshot) for text in (command.value, command.span) if text)
    return next((one.value for one in parsed if one.value is not None), None)


# --- rules ---


def _alarms(place: Place, reading: TurnReading) -> Iterator[Command]:
    text = "\n".join(place.texts)
    trigger = find_trigger(text)
    today = place.snapshot.now.date()
    expired = any(one.valid_until < today for one in place.snapshot.certificates)
    if trigger is None and expired and cannot_issue_invoices(text):
        yield Escalate(EscalateReason.INVOICES_STOPPED, span=text)
        return
    if trigger is None or (
        trigger.reason is EscalationReason.REFUND and place.flow and cancels_this(text)
    ):
        return
    reason = REASON_OF_TRIGGER.get(trigger.reason)
    label = f"Escalate:{reason}" if reason else "Complain"
    is_question = reading.probability("Question") > 1 - VETO
    if reading.labels and is_question and reading.probability(label) < VETO:
        return
    yield Escalate(reason, span=text) if reason else Complain(span=text)


def _of_message(place: Place, one: UnderstoodText, reading: TurnReading) -> list[Command]:
    """What rules read in one message."""
    whole = _whole_message(place, one.text)
    if whole is not None:
        return [whole]
    if asked := questions_in(one.text, place.snapshot, reading):
        return [*asked, *_told_beside(place, one.text)]
    if place.waiting:
        return []
    if place.flow:
        return list(_values(place, one, reading))
    if yes_or_no(one.text) and set(words(one.text)) & BARE_YES:
        return [Affirm(span=one.text)]
    return list(_data(one.text))


def _told_beside(place: Place, text: str) -> Iterator[Command]:
    """Data that stand beside a question on facts: only those that can be checked."""
    if place.flow and not place.confirming:
        yield from (
            one
            for one in _volunteered(place, text, sure_only=True)
            if one.slot in TOLD_BESIDE_QUESTION
        )
    elif not place.flow:
        yield from _data(text)


def _whole_message(place: Place, text: str) -> Command | None:
    """The one command that a message is, where rules know it whole."""
    word = command_in(text)
    answer = yes_or_no(text)
    courtesy = small_talk_in(text)
    found: Command | None = None
    if word is not None:
        found = LITERAL[word](span=text, literal=True)  # type: ignore[call-arg]  # without keys
    elif place.flow and cancels_this(text):
        found = CancelFlow(span=text, literal=True)
    elif not place.flow and asks_for_ticket(text):
        found = StartFlow("ticket", span=text)
    elif place.awaits_yes and answer is not None:
        found = (Affirm if answer else Deny)(span=text, literal=True)
    elif place.snapshot.flags.get("answered") and says_unhelpful(text):
        found = Deny(span=text, literal=True)
    elif courtesy:
        found = SmallTalk(kind=COURTESY_OF_INTENT[courtesy], span=text)
    return found


def _data(text: str) -> Iterator[Command]:
    """Data that are told before any flow runs: only those that can be checked."""
    if document := find_document(text).value:
        yield SetSlot("document", document, span=text)
    if email := find_email(text).value:
        yield SetSlot("email", email, span=text)


# --- values ---


def _values(place: Place, one: UnderstoodText, reading: TurnReading) -> Iterator[Command]:
    if place.confirming:
        yield from _corrections(place, one.text)
    elif place.slot is None or not _interrupts(one, place.slot, reading):
        yield from _answers(place, one, reading)
    else:
        guess = one.understanding
        yield Question(one.text, guess.intent if guess else None, span=one.text)
        yield from _volunteered(place, one.text, sure_only=True)


def _interrupts(one: UnderstoodText, slot: Slot, reading: TurnReading) -> bool:
    """Whether a message is a question rather than an answer to this slot; free text may hold
    questions of its own.
    """
    if not looks_like_question(one.text):
        return False
    if reading.labels:
        return reading.probability("Question") >= LABEL_THRESHOLD / 2
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
    found = list(_volunteered(place, text, sure_only=free_text, corrects=corrects and not named))
    yield from (one for one in found if not any(other.slot == one.slot for other in named))
    spoken = {one.slot for one in (*named, *found)}
    if slot is None or slot.name in spoken or (corrects and spoken):
        return
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
        changes = turns or (not slot.long_text and words(one.text)[0] in WISHING)
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


def _corrections(place: Place, text: str) -> Iterator[Command]:
    """Values at the summary, each of which corrects one that stands in it."""
    named = list(_named(place, text))
    for one in named:
        yield CorrectSlot(one.slot, one.value, span=one.span)
    corrects = bool(CORRECTION.search(normalize_text(text)))
    sure_only = not corrects and len(words(text)) > LONG_ANSWER
    taken = {one.slot for one in named}
    for one in _volunteered(place, text, sure_only=sure_only):
        changes = place.snapshot.slots.get(one.slot) != one.value
        if one.slot not in taken and changes:
            taken.add(one.slot)
            yield CorrectSlot(one.slot, one.value, span=text)
    wrong = None if taken else _slot_named_wrong(place, text)
    if wrong:
        yield CorrectSlot(wrong.name, span=text)


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


def _volunteered(
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


# --- models ---


def _of_labels(
    place: Place, said: Sequence[UnderstoodText], found: Sequence[Command], reading: TurnReading
) -> Iterator[Command]:
    """What the local model adds to what rules read."""
    if any(one.literal for one in found) or not words("\n".join(place.texts)):
        return
    asked = any(isinstance(one, Question) for one in found)
    valued = any(isinstance(one, SetSlot | CorrectSlot) for one in found)
    for score in reading.labels:
        sure = score.probability >= _threshold(place, score.label, reading)
        command = _of_label(place, score.label, said) if sure else None
        told = (asked and isinstance(command, Question)) or (valued and isinstance(command, Skip))
        if command is not None and not told:
            yield replace(
                command,
                source=PredictionSource.LOCAL,
                confidence=score.probability,
                span="\n".join(place.texts),
            )


def _threshold(place: Place, label: str, reading: TurnReading) -> float:
    """How sure a label must be here to be acted on."""
    tells_story = place.slot is not None and place.slot.long_text
    name = label.partition(":")[0]
    if name in {"Escalate", "RequestHuman"}:
        return STORY_THRESHOLD if tells_story else ESCALATE_THRESHOLD
    if name == "Complain" and tells_story:
        return NEVER  # a ticket is where it belongs
    if name == "Affirm" and place.confirming:
        return CONFIRM_THRESHOLD
    if name == "Question":
        return _question_threshold(place, reading)
    return LABEL_THRESHOLD


def _question_threshold(place: Place, reading: TurnReading) -> float:
    """A question mark makes a question likelier; while waiting only what looks like one is."""
    marked = any("?" in text and len(words(text)) > MIN_QUESTION_WORDS for text in place.texts)
    if reading.probability("OffTopic") > reading.probability("Question"):
        return NEVER
    if place.waiting and not any(looks_like_question(text) for text in place.texts):
        return NEVER
    return MARKED_QUESTION_THRESHOLD if marked else LABEL_THRESHOLD


def _of_label(place: Place, label: str, said: Sequence[UnderstoodText]) -> Command | None:
    """The command that a label stands for in this place; None where it says nothing new: values
    come from their parsers.
    """
    name, _, detail = label.partition(":")
    found: Command | None = None
    if name in SIMPLE_LABELS:
        found = SIMPLE_LABELS[name]()  # type: ignore[call-arg]  # those without keys
    elif name == "Escalate":
        found = Escalate(EscalateReason(detail))
    elif name == "StartFlow":
        found = StartFlow(cast("FlowWish", detail))
    elif name == "Question":
        found = Question(_question_text(said), _question_intent(said))
    elif name in {"Affirm", "Deny"} and place.awaits_yes:
        found = Affirm() if name == "Affirm" else Deny()
    elif name == "Skip" and place.slot is not None:
        found = Skip(slot=place.slot.name)
    elif name == "SmallTalk":
        found = SmallTalk(kind=Courtesy(detail or "other"))
    return found


def _question_intent(said: Sequence[UnderstoodText]) -> Intent | None:
    """Of what kind a question is, as the intents of its messages say."""
    guesses = (one.understanding.intent for one in said if one.understanding)
    return next((intent for intent in guesses if intent in QUESTIONS), None)


def _question_text(said: Sequence[UnderstoodText]) -> str:
    """The messages that ask, or all but courtesy where none has the form of a question."""
    asking = [one.text for one in said if looks_like_question(one.text)]
    telling = [one.text for one in said if not small_talk_in(one.text)]
    return "\n".join(asking or telling or [one.text for one in said])


def _of_intents(
    place: Place, said: Sequence[UnderstoodText], found: Sequence[Command]
) -> Iterator[Command]:
    """What the intents of the single messages say, where nothing else was read."""
    spoken = [one for one in said if not small_talk_in(one.text)]
    if not spoken:
        return
    if place.waiting:
        yield from _questions_while_waiting(spoken)
        return
    if place.flow:
        yield from _of_intents_in_flow(place, spoken)
        return
    verdict = resolve_intent(list(said))
    if verdict.intent is None:
        yield Unclear(between=verdict.ambiguous, span=verdict.text)
        return
    if verdict.intent is Intent.OUT_OF_SCOPE and len(words(verdict.text)) < MIN_QUESTION_WORDS:
        yield Unclear(span=verdict.text)
        return
    yield from _of_intent(verdict.intent, verdict.text, found)
    beside = [one for one in spoken if _asks(one) and verdict.intent not in QUESTIONS]
    if beside and verdict.intent in FLOW_OF_INTENT:
        text = "\n".join(one.text for one in beside)
        yield Question(text, span=text)


def _questions_while_waiting(spoken: Sequence[UnderstoodText]) -> Iterator[Command]:
    for one in spoken:
        guess = one.understanding
        sure = is_confident(guess, FLOW_SWITCH_THRESHOLD)
        if guess and sure and guess.intent in QUESTIONS and "?" in one.text:
            yield Question(one.text, guess.intent, span=one.text)


def _asks(one: UnderstoodText) -> bool:
    return (
        looks_like_question(one.text)
        and one.understanding is not None
        and one.understanding.intent in QUESTIONS
    )


def _of_intents_in_flow(place: Place, spoken: Sequence[UnderstoodText]) -> Iterator[Command]:
    for one in spoken:
        guess = one.understanding
        if guess is None or not is_confident(guess, FLOW_SWITCH_THRESHOLD):
            if looks_like_question(one.text):
                yield Question(one.text, span=one.text)
            continue
        flow = FLOW_OF_INTENT.get(guess.intent)
        if flow and flow in {FlowName.OPT_OUT, FlowName.OPT_IN, place.snapshot.flow}:
            continue
        if guess.intent in QUESTIONS and len(words(one.text)) < MIN_QUESTION_WORDS:
            continue
        if guess.intent is Intent.OUT_OF_SCOPE and not looks_like_question(one.text):
            continue
        if guess.intent in COURTESY_OF_INTENT:
            continue  # a value may look like courtesy to a model that does not know the question
        yield from _of_intent(guess.intent, one.text, ())


def _of_intent(intent: Intent, text: str, found: Sequence[Command]) -> Iterator[Command]:
    more = {"source": PredictionSource.LOCAL, "span": text}
    if intent in QUESTIONS:
        yield Question(text, intent, **more)  # type: ignore[arg-type]
    elif intent is Intent.OPT_OUT:
        yield OptOut(**more)  # type: ignore[arg-type]
    elif intent in FLOW_OF_INTENT:
        yield StartFlow(FLOW_OF_INTENT[intent].value, **more)  # type: ignore[arg-type]
    elif intent is Intent.TALK_TO_HUMAN:
        yield RequestHuman(**more)  # type: ignore[arg-type]
    elif intent is Intent.REVOKE_CERTIFICATE:
        yield Escalate(EscalateReason.REVOCATION, **more)  # type: ignore[arg-type]
    elif intent is Intent.COMPLAINT:
        yield Complain(**more)  # type: ignore[arg-type]
    elif intent is Intent.OUT_OF_SCOPE:
        yield OffTopic(**more)  # type: ignore[arg-type]
    elif intent in COURTESY_OF_INTENT and not any(isinstance(one, SmallTalk) for one in found):
        yield SmallTalk(kind=COURTESY_OF_INTENT[intent], **more)  # type: ignore[arg-type]
