"""What the command model is given of a turn: its messages, and the place where they were written;
for a turn that runs, and for one that was recorded.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from gatte.conversation.command_reader.reader import LONGEST_READ
from gatte.conversation.nlu import Utterance
from gatte.conversation.secret_detection import secret_in
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State
from gatte.intelligence.understanding.turn_features import TurnContext


@dataclass(frozen=True)
class ReadingInput:
    """The messages of a turn that a model may read, and their place."""

    messages: tuple[str, ...]
    context: TurnContext


def readable_texts(heard: Sequence[Utterance]) -> tuple[str, ...]:
    """The written messages without those that hold a secret, each no longer than what is read."""
    written = [one for one in heard if one.text and one.choice is None]
    readable = (one for one in written if secret_in(one) is None)
    return tuple(one.text[:LONGEST_READ] for one in readable)


def context_of(snapshot: Snapshot, bubble: str) -> TurnContext:
    """The place of a turn; `bubble` is what the company said last, "" for nothing."""
    return TurnContext(
        flow=snapshot.flow or "",
        slot=snapshot.requested_slot or "",
        bubble=bubble,
        has_options=bool(snapshot.flags.get("offered")),
        waiting=snapshot.state is State.WAITING_HUMAN,
    )


def to_json(read: ReadingInput) -> dict[str, Any]:
    """An input as JSON values."""
    return {"messages": list(read.messages), "context": asdict(read.context)}


def from_json(stored: dict[str, Any]) -> ReadingInput:
    """The input that `to_json` stored."""
    return ReadingInput(tuple(stored["messages"]), TurnContext(**stored["context"]))
