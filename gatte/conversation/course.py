"""The course of one turn: where a conversation stood, what happened, what was decided; recorded so that it can be replayed."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from gatte.conversation.compose import merge
from gatte.conversation.orchestrator import advance
from gatte.conversation.snapshot import Decision, Happening, Snapshot


@dataclass(frozen=True)
class Course:
    """A start, the happenings since, and what was decided in all."""

    start: Snapshot
    happenings: tuple[Happening, ...]
    decision: Decision

    def then(self, happening: Happening) -> "Course":
        """The course after one more happening: steps and effects add up, replies are joined into as few messages as will do."""
        before, after = self.decision, advance(self.decision.snapshot, happening)
        decision = Decision(
            snapshot=after.snapshot,
            steps=before.steps + after.steps,
            replies=merge(before.replies + after.replies),
            effects=before.effects + after.effects,
            question=after.question,
        )
        return Course(self.start, (*self.happenings, happening), decision)


def begin(snapshot: Snapshot) -> Course:
    """A course in which nothing has happened yet."""
    return Course(snapshot, (), Decision(snapshot))


@lru_cache(maxsize=1)
def _recorder() -> TypeAdapter[Course]:
    return TypeAdapter(Course)


def to_json(course: Course) -> dict[str, Any]:
    """A course as JSON values."""
    recorded: dict[str, Any] = _recorder().dump_python(course, mode="json")
    return recorded


def from_json(recorded: dict[str, Any]) -> Course:
    """The course that `to_json` recorded; pydantic's ValidationError when it is of a shape that this version does not know."""
    return _recorder().validate_python(recorded)


def replayed(course: Course) -> Course:
    """What the rules of this version make of the same start and the same happenings."""
    again = begin(course.start)
    for happening in course.happenings:
        again = again.then(happening)
    return again
