"""What the labels of a model become, each from its own probability on."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import cast

from gatte.conversation.command_reader.person_calls import calls_for_person
from gatte.conversation.command_reader.place import Place
from gatte.conversation.commands import (
    Affirm,
    CancelFlow,
    Command,
    Complain,
    CorrectSlot,
    Courtesy,
    Deny,
    Escalate,
    FlowWish,
    Hostile,
    LeaveQueue,
    OffTopic,
    OptIn,
    OptOut,
    OtherLanguage,
    Question,
    RequestHuman,
    SetSlot,
    ShowMenu,
    Skip,
    SmallTalk,
    StartFlow,
    TurnReading,
    WrongPerson,
)
from gatte.conversation.effects import EscalationReason
from gatte.conversation.fallback import QUESTIONS, looks_like_question
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import Intent, PredictionSource
from gatte.conversation.parsing.languages import foreign_language
from gatte.conversation.parsing.normalize import word_set, words
from gatte.conversation.rules import small_talk_in
from gatte.conversation.thresholds import (
    ASKED_FLOW_THRESHOLD,
    CONFIRM_THRESHOLD,
    DISPUTED_CONFIRM_THRESHOLD,
    ESCALATE_THRESHOLD,
    LABEL_THRESHOLD,
    MARKED_QUESTION_THRESHOLD,
    MIN_QUESTION_WORDS,
    STORY_THRESHOLD,
    WRONG_PERSON_THRESHOLD,
)

NEVER = 2.0
HOLDING_BACK = word_set("nao n nem ainda quase antes espera calma perai se")
SETTLED_BY_WISH = (StartFlow, CancelFlow, Affirm, Deny, Complain)
"""Labels that say nothing new where rules have read a wish for a flow."""
SIMPLE_LABELS: dict[str, type[Command]] = {
    "Complain": Complain,
    "WrongPerson": WrongPerson,
    "OptOut": OptOut,
    "OptIn": OptIn,
    "CancelFlow": CancelFlow,
    "ShowMenu": ShowMenu,
    "LeaveQueue": LeaveQueue,
    "OffTopic": OffTopic,
    "Hostile": Hostile,
    "RequestHuman": RequestHuman,
}


CALLS = frozenset({"Escalate", "RequestHuman", "Complain"})
"""Names of the labels that call for a person."""


def commands_of_labels(
    place: Place, said: Sequence[UnderstoodText], found: Sequence[Command], reading: TurnReading
) -> Iterator[Command]:
    """What the local model adds to what rules read."""
    if any(one.literal for one in found) or not words("\n".join(place.texts)):
        return
    asked = any(isinstance(one, Question) for one in found)
    valued = any(isinstance(one, SetSlot | CorrectSlot) for one in found)
    wished = any(isinstance(one, StartFlow) for one in found)
    left = any(isinstance(one, SmallTalk) and one.kind is Courtesy.GOODBYE for one in found)
    started = False
    for score in reading.labels:
        sure = reading.heard(score) >= threshold(place, score.label, reading)
        command = command_of_label(place, score.label, said) if sure else None
        told = (asked and isinstance(command, Question)) or (valued and isinstance(command, Skip))
        told = told or (wished and isinstance(command, SETTLED_BY_WISH))
        told = told or (started and isinstance(command, StartFlow))
        told = told or (left and isinstance(command, CancelFlow))
        if command is not None and not told:
            started = started or isinstance(command, StartFlow)
            yield replace(
                command,
                source=PredictionSource.LOCAL,
                confidence=score.probability,
                span="\n".join(place.texts),
            )


def threshold(place: Place, label: str, reading: TurnReading) -> float:
    """How sure a label must be here to be acted on."""
    name = label.partition(":")[0]
    if name in CALLS:
        return _call_threshold(place, name, reading)
    if name == "Affirm" and place.confirming:
        return DISPUTED_CONFIRM_THRESHOLD if _holds_back(place) else CONFIRM_THRESHOLD
    if name == "Question":
        return _question_threshold(place, reading)
    if name == "WrongPerson":
        return WRONG_PERSON_THRESHOLD
    if name == "StartFlow" and reading.probability("Question") > reading.probability(label):
        return ASKED_FLOW_THRESHOLD
    return LABEL_THRESHOLD


def _holds_back(place: Place) -> bool:
    """Whether words beside a yes take it back: "ainda não disse que sim"."""
    return any(HOLDING_BACK & set(words(text)) for text in place.texts)


def _call_threshold(place: Place, name: str, reading: TurnReading) -> float:
    """Where a person is called for, what calls most surely counts, and what is sure by itself."""
    if place.slot is not None and place.slot.long_text:
        return NEVER if name == "Complain" else STORY_THRESHOLD  # a ticket is where it belongs
    if place.waiting and name != "Escalate":
        return ESCALATE_THRESHOLD  # who waits and asks for somebody hears how long it takes
    if not calls_for_person(place, reading):
        return NEVER
    asked = [reading.probability(one) for one in ("RequestHuman", "Complain")]
    return min(LABEL_THRESHOLD, max(reading.escalation, *asked))


def _question_threshold(place: Place, reading: TurnReading) -> float:
    """A question mark makes a question likelier; while waiting only what looks like one is."""
    if place.slot is not None and place.slot.long_text:
        return max(STORY_THRESHOLD, reading.probability("SetSlot"))
    marked = any("?" in text and len(words(text)) > MIN_QUESTION_WORDS for text in place.texts)
    if reading.probability("OffTopic") > reading.probability("Question"):
        return NEVER
    if place.waiting and not any(looks_like_question(text) for text in place.texts):
        return NEVER
    return MARKED_QUESTION_THRESHOLD if marked else LABEL_THRESHOLD


def command_of_label(place: Place, label: str, said: Sequence[UnderstoodText]) -> Command | None:
    """The command that a label stands for in this place; None where it says nothing new: values
    come from their parsers.
    """
    name, _, detail = label.partition(":")
    found: Command | None = None
    if name in SIMPLE_LABELS:
        found = SIMPLE_LABELS[name]()  # type: ignore[call-arg]  # those without keys
    elif name == "OtherLanguage":
        found = OtherLanguage(language_of_turn(place))
    elif name == "Escalate":
        found = Escalate(EscalationReason(detail))
    elif name == "StartFlow":
        found = StartFlow(cast("FlowWish", detail))
    elif name == "Question":
        found = Question(_question_text(said), question_intent(said))
    elif name in {"Affirm", "Deny"} and place.awaits_yes:
        found = Affirm() if name == "Affirm" else Deny()
    elif name == "Skip" and place.slot is not None:
        found = Skip(slot=place.slot.name)
    elif name == "SmallTalk":
        found = SmallTalk(kind=Courtesy(detail or "other"))
    return found


def language_of_turn(place: Place) -> str:
    return foreign_language("\n".join(place.texts))


def question_intent(said: Sequence[UnderstoodText]) -> Intent | None:
    """Of what kind a question is, as the intents of its messages say."""
    guesses = (one.understanding.intent for one in said if one.understanding)
    return next((intent for intent in guesses if intent in QUESTIONS), None)


def _question_text(said: Sequence[UnderstoodText]) -> str:
    """The messages that ask, or all but courtesy where none has the form of a question."""
    asking = [one.text for one in said if looks_like_question(one.text)]
    telling = [one.text for one in said if not small_talk_in(one.text)]
    return "\n".join(asking or telling or [one.text for one in said])
