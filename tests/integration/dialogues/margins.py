"""Decisions of a dialogue that would be others if a confidence were a little higher or lower.

A recorded turn is played again with each confidence nudged, and what is decided then is compared: so
this needs no list of where the thresholds are used.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from gatte.conversation import course as courses
from gatte.conversation.course import Course
from gatte.conversation.snapshot import CustomerSpoke
from gatte.conversation.states import InvalidTransition
from gatte.conversation.understanding import Heard, Understanding
from gatte.intelligence import grounding

NARROW = 0.02


def too_close(trace: dict[str, Any]) -> list[str]:
    """What the outcome of a turn with this trace rests on by less than the margin, a line each."""
    recorded = trace.get("course")
    found = list(_close_guesses(courses.from_json(recorded))) if recorded else []
    return found + list(_close_answer(trace.get("answer")))


def _close_guesses(course: Course) -> Iterator[str]:
    spoken = [one for one in course.happenings if isinstance(one, CustomerSpoke)]
    for happening in spoken:
        start = _before(course, happening)
        decided = _decided(start, happening)
        for place, heard in enumerate(happening.heard):
            if any(_decided(start, _with(happening, place, other)) != decided for other in _nudged(heard)):
                yield _told(heard)


def _before(course: Course, happening: CustomerSpoke) -> Course:
    """The course just before the customer spoke."""
    start = courses.begin(course.start)
    for earlier in course.happenings[: course.happenings.index(happening)]:
        start = start.then(earlier)
    return start


def _decided(start: Course, happening: CustomerSpoke) -> Any:
    try:
        decision = start.then(happening).decision
    except InvalidTransition as error:
        return str(error)
    steps = [(step.source, step.target, step.event) for step in decision.steps]  # a cause is only told
    return steps, decision.replies, decision.effects, decision.snapshot, decision.question


def _with(happening: CustomerSpoke, place: int, heard: Heard) -> CustomerSpoke:
    return CustomerSpoke((*happening.heard[:place], heard, *happening.heard[place + 1 :]))


def _nudged(heard: Heard) -> Iterator[Heard]:
    """The message as if its guess, or the one after it, were a little more or less sure."""
    guess = heard.understanding
    if guess is None or not guess.runners_up:
        return
    for change in (NARROW, -NARROW):
        yield replace(heard, understanding=replace(guess, confidence=guess.confidence + change))
        yield replace(heard, understanding=_second_changed(guess, change))


def _second_changed(guess: Understanding, change: float) -> Understanding:
    second, *others = guess.runners_up
    return replace(guess, runners_up=(replace(second, confidence=second.confidence + change), *others))


def _told(heard: Heard) -> str:
    guess = heard.understanding
    assert guess is not None
    second = guess.runners_up[0]
    return f"{heard.text!r}: {guess.intent} {guess.confidence:.3f}, depois {second.intent} {second.confidence:.3f}"


def _close_answer(answer: dict[str, Any] | None) -> Iterator[str]:
    """Whether the knowledge base is sure enough of an article; WORTH_ASKING decides nothing without a model."""
    if answer and abs(answer["probability"] - grounding.ENOUGH) <= NARROW:
        yield f"resposta {answer['passages'][0]['slug']}: probabilidade {answer['probability']:.3f}"
