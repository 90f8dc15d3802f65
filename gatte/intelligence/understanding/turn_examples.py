"""Turns with their place and what the customer does, from the files in `content/turns/`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatte.conversation.commands import COMMAND_OF_INTENT, label_of
from gatte.conversation.effects import EscalationReason
from gatte.conversation.nlu import Intent
from gatte.intelligence.understanding.examples import read_examples
from gatte.intelligence.understanding.turn_features import TurnContext

TURNS = Path(__file__).parents[1] / "content" / "turns"
LABEL_OF_INTENT: dict[Intent, str] = {
    intent: label_of(command)
    for intent, command in COMMAND_OF_INTENT.items()
    if intent is not Intent.TECHNICAL_SUPPORT
}


@dataclass(frozen=True)
class TurnExample:
    """The messages of one turn, where they were written, and the labels of its commands."""

    messages: tuple[str, ...]
    context: TurnContext
    labels: frozenset[str]


def read_turns(folder: Path = TURNS) -> tuple[TurnExample, ...]:
    """All turns of the folder's files in the order of their names, and the labelled openings."""
    turns = [turn for path in sorted(folder.glob("*.jsonl")) for turn in _of_file(path)]
    return (*turns, *_openings())


def _of_file(path: Path) -> Iterator[TurnExample]:
    with path.open(encoding="utf-8") as file:
        for line in file:
            if line.strip():
                yield from_json(json.loads(line))


def from_json(turn: dict[str, object]) -> TurnExample:
    """One turn of a voice's file (its keys: see the README of the voices)."""
    commands: list[dict[str, str]] = turn["commands"]  # type: ignore[assignment]
    return TurnExample(
        tuple(turn["messages"]),  # type: ignore[arg-type]
        TurnContext(
            flow=str(turn["flow"]),
            slot=str(turn["slot"]),
            bubble=str(turn["bubble"]),
            has_options=bool(turn["options"]),
            waiting=turn["owner"] == "queue",
        ),
        frozenset(_label(command) for command in commands),
    )


def _label(command: dict[str, str]) -> str:
    """The label of a command as the file tells it: see `commands.label_of`."""
    match command["command"]:
        case "StartFlow":
            return f"StartFlow:{command['flow']}"
        case "Escalate":
            return f"Escalate:{EscalationReason(command['reason'])}"
        case "SmallTalk":
            return f"SmallTalk:{command['kind']}"
        case name:
            return name


def _openings() -> Iterator[TurnExample]:
    """The labelled first sentences of the intents; a technical problem is a question or a ticket,
    and teaches neither.
    """
    for example in read_examples():
        label = LABEL_OF_INTENT.get(example.intent)
        if label:
            yield TurnExample((example.text,), TurnContext(), frozenset({label}))
