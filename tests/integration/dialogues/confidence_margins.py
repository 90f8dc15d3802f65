"""Decisions of a dialogue that would be others if a confidence were a little higher or lower.

A recorded turn is played again with each confidence nudged, and what is decided then is compared:
so this needs no list of where the thresholds are used.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gatte.conversation import decision_history as courses
from gatte.conversation.commands import LabelScore
from gatte.conversation.decision_history import DecisionHistory
from gatte.conversation.nlu import IntentPrediction, Utterance
from gatte.conversation.snapshot import MessagesReceived
from gatte.conversation.states import InvalidTransition
from gatte.intelligence import answer_confidence

NARROW = 0.02


def too_close(trace: dict[str, Any]) -> list[str]:
    """What the outcome of a turn with this trace rests on by less than the margin, a line each."""
    recorded = courses.recorded_in(trace)
    found = list(_close_guesses(courses.from_json(recorded))) if recorded else []
    return found + list(_close_answer(trace.get("answer")))


def _close_guesses(course: DecisionHistory) -> Iterator[str]:
    spoken = [one for one in course.inputs if isinstance(one, MessagesReceived)]
    for happening in spoken:
        start = _before(course, happening)
        decided = _decided(start, happening)
        for place, heard in enumerate(happening.utterances):
            if any(
                _decided(start, _with(happening, place, other)) != decided
                for other in _nudged(heard)
            ):
                yield _told(heard)
        for label in happening.reading.labels:
            if any(_decided(start, other) != decided for other in _with_label(happening, label)):
                yield f"{happening.utterances[0].text!r}: {label.label} {label.probability:.3f}"


def _with_label(happening: MessagesReceived, label: LabelScore) -> Iterator[MessagesReceived]:
    """The turn as if the model were a little more or less sure of one label."""
    for change in (NARROW, -NARROW):
        nudged = replace(label, probability=label.probability + change)
        labels = tuple(nudged if one == label else one for one in happening.reading.labels)
        yield replace(happening, reading=replace(happening.reading, labels=labels))


def _before(course: DecisionHistory, happening: MessagesReceived) -> DecisionHistory:
    """The course just before the customer spoke."""
    start = courses.start(course.start)
    for earlier in course.inputs[: course.inputs.index(happening)]:
        start = start.apply(earlier)
    return start


def _decided(start: DecisionHistory, happening: MessagesReceived) -> Any:
    try:
        decision = start.apply(happening).decision
    except InvalidTransition as error:
        return str(error)
    steps = [
        (step.from_state, step.to_state, step.event) for step in decision.steps
    ]  # a cause is only told
    return steps, decision.replies, decision.effects, decision.snapshot, decision.question


def _with(happening: MessagesReceived, place: int, heard: Utterance) -> MessagesReceived:
    others = (*happening.utterances[:place], heard, *happening.utterances[place + 1 :])
    return replace(happening, utterances=others)


def _nudged(heard: Utterance) -> Iterator[Utterance]:
    """The message as if its guess, or the one after it, were a little more or less sure."""
    guess = heard.understanding
    if guess is None or not guess.alternatives:
        return
    for change in (NARROW, -NARROW):
        yield replace(heard, understanding=replace(guess, confidence=guess.confidence + change))
        yield replace(heard, understanding=_second_changed(guess, change))


def _second_changed(guess: IntentPrediction, change: float) -> IntentPrediction:
    second, *others = guess.alternatives
    return replace(
        guess, alternatives=(replace(second, confidence=second.confidence + change), *others)
    )


def _told(heard: Utterance) -> str:
    guess = heard.understanding
    assert guess is not None
    second = guess.alternatives[0]
    return (
        f"{heard.text!r}: {guess.intent} {guess.confidence:.3f}, "
        f"depois {second.intent} {second.confidence:.3f}"
    )


def _close_answer(answer: dict[str, Any] | None) -> Iterator[str]:
    """Whether the knowledge base is sure enough of an article; WORTH_ASKING decides nothing without
    a model.
    """
    probability = (answer or {}).get("probability")
    if probability is None:
        return
    if abs(probability - answer_confidence.DIRECT_ANSWER_THRESHOLD) <= NARROW:
        yield f"resposta {answer['passages'][0]['slug']}: probabilidade {probability:.3f}"
