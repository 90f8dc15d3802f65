"""The part of a turn that may take long: what the messages mean, what follows from it, and the answer to a question.

No transaction is open here. The result holds everything that `applying` stores and that a replay needs.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from gatte.conversation import course, rules
from gatte.conversation.course import Course
from gatte.conversation.snapshot import Answered, CustomerSpoke, Happened, NotAnswered, Owner
from gatte.conversation.sparing import needs_understanding
from gatte.conversation.states import Event
from gatte.conversation.understanding import Heard, MessageKind, Understanding
from gatte.intelligence import asking
from gatte.turns.reading import Reading, Unread

WORTH_UNDERSTANDING = (MessageKind.TEXT, MessageKind.IMAGE, MessageKind.VIDEO, MessageKind.DOCUMENT, MessageKind.AUDIO, MessageKind.EDIT)


@dataclass
class Thought:
    """What a turn came to: one decision, how each message was understood, and how long each step took (milliseconds)."""

    course: Course
    heard: tuple[Heard, ...] = ()
    trace: dict[str, Any] = field(default_factory=dict)
    times: dict[str, float] = field(default_factory=dict)


def think(reading: Reading) -> Thought:
    """Understand the unread messages together and decide what follows."""
    thought = Thought(course.begin(reading.snapshot))
    with _timed(thought, "understand"):
        thought.heard = tuple(_hear(unread, reading) for unread in reading.unread if not unread.echo)
    with _timed(thought, "decide"):
        thought.course = _decide(reading, thought.heard)
    if thought.course.decision.question is not None:
        _answer(thought, reading)
    return thought


def _decide(reading: Reading, heard: tuple[Heard, ...]) -> Course:
    """What follows from the messages; a person who wrote from the company's phone has taken the conversation over."""
    decided = course.begin(reading.snapshot)
    if any(unread.echo for unread in reading.unread):
        decided = decided.then(Happened(Event.AGENT_REPLIED, "answered from the phone"))
    return decided.then(CustomerSpoke(heard)) if heard else decided


def _hear(unread: Unread, reading: Reading) -> Heard:
    understanding = _understand(unread, reading) if unread.choice is None and unread.kind in WORTH_UNDERSTANDING else None
    return Heard(
        message_id=str(unread.id),
        kind=unread.kind,
        text=unread.text,
        choice=unread.choice,
        understanding=understanding,
        filename=unread.filename,
        mime_type=unread.mime_type,
        target_id=unread.target_id,
    )


def _understand(unread: Unread, reading: Reading) -> Understanding | None:
    """The intent of a text: by rules where they settle it, by a model only where its word may matter, else None."""
    if reading.snapshot.owner is not Owner.BOT or not unread.text:
        return None
    if not needs_understanding(reading.snapshot, unread.text):
        return rules.understand(unread.text)
    return asking.understand(unread.text, [(said.author, said.text) for said in reading.history])


def _answer(thought: Thought, reading: Reading) -> None:
    """Look the decision's question up and let the orchestrator go on with the answer, or without one."""
    with _timed(thought, "answer"):
        history = [(said.author, said.text) for said in reading.history]
        found = asking.answer(thought.course.decision.question or "", history, reading.edition)
    thought.trace["answer"] = found.trace
    thought.course = thought.course.then(NotAnswered() if found.text is None else Answered(found.text, found.sources))


@contextmanager
def _timed(thought: Thought, step: str) -> Iterator[None]:
    started = time.perf_counter()
    try:
        yield
    finally:
        thought.times[step] = round((time.perf_counter() - started) * 1000, 2)
