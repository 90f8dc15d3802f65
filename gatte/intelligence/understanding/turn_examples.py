"""Turns with their place and what the customer does, from the files in `content/turns/`."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from gatte.conversation.commands import INTENT_OF_FLOW
from gatte.conversation.nlu import Intent
from gatte.intelligence.understanding.examples import read_examples
from gatte.intelligence.understanding.turn_features import TurnContext

TURNS = Path(__file__).parents[1] / "content" / "turns"
NOT_FROM_INTENTS = frozenset(
    {"ticket", "move_appointment", "cancel_appointment", "appointment_status"}
)
"""Flows that share their intent with another, which an opening of that intent starts."""
LABEL_OF_INTENT = {
    Intent.GREETING: "SmallTalk:greeting",
    Intent.THANKS: "SmallTalk:thanks",
    Intent.GOODBYE: "SmallTalk:goodbye",
    Intent.FAQ: "Question",
    Intent.PRICE: "Question",
    Intent.DOCUMENTS: "Question",
    Intent.INVOICE_OR_PAYMENT: "Question",
    Intent.COMPLAINT: "Complain",
    Intent.TALK_TO_HUMAN: "RequestHuman",
    Intent.OPT_OUT: "OptOut",
    Intent.OUT_OF_SCOPE: "OffTopic",
    Intent.REVOKE_CERTIFICATE: "Escalate:revocation",
} | {
    intent: f"StartFlow:{flow}"
    for flow, intent in INTENT_OF_FLOW.items()
    if flow not in NOT_FROM_INTENTS
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
    """A command's name, with what tells it from others of its kind."""
    detail = {"StartFlow": "flow", "Escalate": "reason", "SmallTalk": "kind"}.get(
        command["command"]
    )
    return f"{command['command']}:{command[detail]}" if detail else command["command"]


def _openings() -> Iterator[TurnExample]:
    """The labelled first sentences of the intents; a technical problem is a question or a ticket,
    and teaches neither.
    """
    for example in read_examples():
        label = LABEL_OF_INTENT.get(example.intent)
        if label:
            yield TurnExample((example.text,), TurnContext(), frozenset({label}))
