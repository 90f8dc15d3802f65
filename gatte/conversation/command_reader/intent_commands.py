"""What the intents of single messages say, where nothing else was read."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from gatte.conversation.command_reader.place import Place
from gatte.conversation.commands import (
    Command,
    Question,
    SmallTalk,
    Unclear,
    command_of,
)
from gatte.conversation.fallback import (
    FLOW_OF_INTENT,
    QUESTIONS,
    SMALL_TALK,
    is_confident,
    looks_like_question,
    resolve_intent,
)
from gatte.conversation.flows.base import FlowName
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.nlu import Intent, PredictionSource
from gatte.conversation.parsing.normalize import words
from gatte.conversation.rules import small_talk_in
from gatte.conversation.thresholds import FLOW_SWITCH_THRESHOLD, MIN_QUESTION_WORDS


def commands_of_intents(
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
    command = _of_intent(verdict.intent, verdict.text)
    greeted = any(isinstance(one, SmallTalk) for one in found)
    if not (greeted and isinstance(command, SmallTalk)):
        yield command
    beside = [one for one in spoken if asks(one) and verdict.intent not in QUESTIONS]
    if beside and verdict.intent in FLOW_OF_INTENT:
        text = "\n".join(one.text for one in beside)
        yield Question(text, span=text)


def _questions_while_waiting(spoken: Sequence[UnderstoodText]) -> Iterator[Command]:
    for one in spoken:
        guess = one.understanding
        sure = is_confident(guess, FLOW_SWITCH_THRESHOLD)
        if guess and sure and guess.intent in QUESTIONS and "?" in one.text:
            yield Question(one.text, guess.intent, span=one.text)


def asks(one: UnderstoodText) -> bool:
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
        if guess.intent in SMALL_TALK:
            continue  # a value may look like courtesy to a model that does not know the question
        yield _of_intent(guess.intent, one.text)


def _of_intent(intent: Intent, text: str) -> Command:
    return replace(command_of(intent, text), source=PredictionSource.LOCAL)
