"""Turns with their place and what the customer does, from the files in `content/turns/`, and single
sentences of one kind, from those in `content/sentences/`.
"""

import json
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from gatte.conversation.commands import COMMAND_OF_INTENT, label_of
from gatte.conversation.effects import EscalationReason
from gatte.conversation.nlu import Intent
from gatte.intelligence.understanding.examples import read_examples
from gatte.intelligence.understanding.turn_features import TurnContext

TURNS = Path(__file__).parents[1] / "content" / "turns"
SENTENCES = Path(__file__).parents[1] / "content" / "sentences"
OPENING_WEIGHT = 0.15
"""Openings were written sentence by sentence beside the rules: they count less than turns."""
PEOPLE = frozenset({"Escalate", "RequestHuman", "Complain"})
"""Names of the labels after which a person may be called."""
CALL_WEIGHT_OF_TURN, CALL_WEIGHT_OF_SENTENCE = 0.5, 4.0
"""How much turns, and sentences written to tell a call from what only sounds like one, count where
calls for a person are learned by themselves.
"""
STORIES = frozenset({"subject", "description", "value"})
"""Slots whose answers tell a story: what sounds like a call there may be none."""
PLACES = {
    "start": TurnContext(),
    "slot:name": TurnContext("lead", "name", "Qual é o seu nome completo?"),
    "slot:document": TurnContext("lead", "document", "Qual é o CPF ou CNPJ?"),
    "slot:day": TurnContext("schedule", "day", "Qual dia fica melhor para você?"),
    "confirm": TurnContext("schedule", "confirm", "Sexta, 13/03, às 10h. Posso confirmar?"),
    "queue": TurnContext(bubble="Você está na fila. Já vem alguém.", waiting=True),
}
"""Where the sentences of the voices are said."""
LABEL_OF_INTENT: dict[Intent, str] = {
    intent: label_of(command)
    for intent, command in COMMAND_OF_INTENT.items()
    if intent is not Intent.TECHNICAL_SUPPORT
}


@dataclass(frozen=True)
class TurnExample:
    """The messages of one turn, where they were written, and the labels of its commands.

    `weight` says how much it counts. Where `known` holds names of commands, it tells only of those:
    a look-alike is no escalation, whatever else it is.
    """

    messages: tuple[str, ...]
    context: TurnContext
    labels: frozenset[str]
    weight: float = 1.0
    known: frozenset[str] = frozenset()

    def weight_of(self, label: str) -> float:
        """How much the example tells of a label; 0 when nothing."""
        tells = not self.known or label in self.labels or label.partition(":")[0] in self.known
        return self.weight if tells else 0.0

    @property
    def calls_for_person(self) -> bool:
        """Whether a person is called for; of who waits for one, only a reason to escalate is."""
        wanted = frozenset({"Escalate"}) if self.context.waiting else PEOPLE
        return any(label.partition(":")[0] in wanted for label in self.labels)

    @property
    def call_weight(self) -> float:
        """How much the example tells of calls for a person; 0 when nothing."""
        if not self.known:
            return 0.0 if self.context.slot in STORIES else CALL_WEIGHT_OF_TURN * self.weight
        asks_again = self.context.waiting and self.labels <= {"RequestHuman", "Complain"}
        tells = "Escalate" in self.known and not (asks_again and self.labels)
        return CALL_WEIGHT_OF_SENTENCE * self.weight if tells else 0.0


def read_turns(
    folder: Path = TURNS, sentences: Path = SENTENCES, without: Container[str] = frozenset()
) -> tuple[TurnExample, ...]:
    """All turns and sentences of the folders in the order of their files, without those of some
    voices, and the openings.
    """
    turns = [from_json(line) for line in _lines(folder, without)]
    lines = _lines(sentences, without)
    told = [one for line in lines if (one := from_sentence(line)) is not None]
    return (*turns, *told, *_openings())


def turns_of(voices: Container[str]) -> tuple[TurnExample, ...]:
    """The turns of these voices alone."""
    others = {path.stem for path in TURNS.glob("*.jsonl") if path.stem not in voices}
    return tuple(from_json(line) for line in _lines(TURNS, others))


def _lines(folder: Path, without: Container[str]) -> Iterator[dict[str, str]]:
    for path in sorted(folder.glob("*.jsonl")):
        if path.stem not in without:
            with path.open(encoding="utf-8") as file:
                yield from (json.loads(line) for line in file if line.strip())


def from_sentence(line: dict[str, str]) -> TurnExample | None:
    """One sentence of a voice's file as an example; None where it teaches no command."""
    label, known = _told_by(line)
    if not label and not known:
        return None
    labels = frozenset({label} if label else ())
    return TurnExample((line["text"],), PLACES[line["place"]], labels, known=known)


def _told_by(line: dict[str, str]) -> tuple[str, frozenset[str]]:
    """The label of a sentence, "" for none, and of which commands else it tells that they are not
    meant (none named: of all).
    """
    match line["kind"]:
        case "must_reach_person":
            people = {"human": "RequestHuman", "complaint": "Complain"}
            reason = line["reason"]
            label = people.get(reason) or f"Escalate:{EscalationReason(reason)}"
            return label, frozenset({"Escalate"})
        case "look_alike":
            return "", PEOPLE
        case "question" if line["topic"] != "none":
            return "Question", frozenset({"Escalate", "RequestHuman"})
        case "opening":
            return LABEL_OF_INTENT.get(Intent(line["intent"]), ""), frozenset()
        case "provocation":
            return "", frozenset({"OptOut", "CancelFlow", "LeaveQueue"})
        case _:
            return "", frozenset()


def from_json(turn: Mapping[str, object]) -> TurnExample:
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
            labels = frozenset({label})
            yield TurnExample((example.text,), TurnContext(), labels, weight=OPENING_WEIGHT)
