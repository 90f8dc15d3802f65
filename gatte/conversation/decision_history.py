"""The history of one decision: where a conversation stood, what came in, what was decided.

It is recorded with the turn, so that the turn can be shown and replayed.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydantic import TypeAdapter

from gatte.conversation.merge_replies import merge_replies
from gatte.conversation.orchestrator import advance
from gatte.conversation.recorded_versions import VERSION, to_current
from gatte.conversation.snapshot import Decision, Input, Snapshot


@dataclass(frozen=True)
class DecisionHistory:
    """A start, the inputs since, and what was decided in all."""

    start: Snapshot
    inputs: tuple[Input, ...]
    decision: Decision

    def apply(self, one: Input) -> "DecisionHistory":
        """The history after one more input.

        Steps and effects add up; replies are joined into as few messages as will do.
        """
        before = self.decision
        after = advance(before.snapshot, one)
        decision = Decision(
            snapshot=after.snapshot,
            steps=before.steps + after.steps,
            replies=merge_replies(before.replies + after.replies),
            effects=before.effects + after.effects,
            question=after.question,
            resolutions=before.resolutions + after.resolutions,
            fact_questions=after.fact_questions,
            whole_article=after.whole_article,
        )
        return DecisionHistory(self.start, (*self.inputs, one), decision)


def start(snapshot: Snapshot) -> DecisionHistory:
    """A history without any input yet."""
    return DecisionHistory(snapshot, (), Decision(snapshot))


@lru_cache(maxsize=1)
def _recorder() -> TypeAdapter[DecisionHistory]:
    return TypeAdapter(DecisionHistory)


def to_json(history: DecisionHistory) -> dict[str, Any]:
    """A history as JSON values, with the version of its shape."""
    return {"version": VERSION, **_recorder().dump_python(history, mode="json")}


def from_json(recorded: dict[str, Any]) -> DecisionHistory:
    """The history that `to_json` recorded, in this version or a former one.

    Raises pydantic's ValidationError, or KeyError, when it is of a shape that nobody knows.
    """
    return _recorder().validate_python(to_current(recorded))


def recorded_in(trace: dict[str, Any] | None) -> dict[str, Any] | None:
    """The history that a turn's trace holds, as `from_json` takes it; None when it holds none.

    Turns before schema 0011 have it under `course`.
    """
    trace = trace or {}
    return trace.get("history") or trace.get("course")


def replay(history: DecisionHistory) -> DecisionHistory:
    """What the rules of this version make of the same start and the same inputs."""
    again = start(history.start)
    for one in history.inputs:
        again = again.apply(one)
    return again
