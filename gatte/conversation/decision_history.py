"""The course of one turn: where a conversation stood, what happened, what was decided; recorded so
that it can be replayed.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from gatte.conversation.merge_replies import merge_replies
from gatte.conversation.orchestrator import advance
from gatte.conversation.snapshot import Decision, Input, Snapshot


@dataclass(frozen=True)
class DecisionHistory:
    """A start, the happenings since, and what was decided in all."""

    start: Snapshot
    inputs: tuple[Input, ...]
    decision: Decision

    def apply(self, happening: Input) -> "DecisionHistory":
        """The course after one more happening: steps and effects add up, replies are joined into as
        few messages as will do.
        """
        before = self.decision
        after = advance(before.snapshot, happening)
        decision = Decision(
            snapshot=after.snapshot,
            steps=before.steps + after.steps,
            replies=merge_replies(before.replies + after.replies),
            effects=before.effects + after.effects,
            question=after.question,
        )
        return DecisionHistory(self.start, (*self.inputs, happening), decision)


def start(snapshot: Snapshot) -> DecisionHistory:
    """A course in which nothing has happened yet."""
    return DecisionHistory(snapshot, (), Decision(snapshot))


@lru_cache(maxsize=1)
def _recorder() -> TypeAdapter[DecisionHistory]:
    return TypeAdapter(DecisionHistory)


def to_json(course: DecisionHistory) -> dict[str, Any]:
    """A course as JSON values."""
    recorded: dict[str, Any] = _recorder().dump_python(course, mode="json")
    return recorded


def from_json(recorded: dict[str, Any]) -> DecisionHistory:
    """The course that `to_json` recorded; pydantic's ValidationError when it is of a shape that
    this version does not know.
    """
    return _recorder().validate_python(recorded)


def replay(course: DecisionHistory) -> DecisionHistory:
    """What the rules of this version make of the same start and the same happenings."""
    again = start(course.start)
    for happening in course.inputs:
        again = again.apply(happening)
    return again
