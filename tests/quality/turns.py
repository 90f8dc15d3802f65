"""How well a turn is read in its place: the commands that a reader gives against the gold ones."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gatte.conversation import command_reader
from gatte.conversation.commands import Command, Escalate, StartFlow, TurnReading
from gatte.conversation.flows.registry import FLOWS
from gatte.conversation.input_triage import UnderstoodText
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.states import State
from gatte.intelligence.understanding.classifier import Classifier
from tests.quality import voice_files
from tests.quality.play import NOW

LEAST_CASES = 20
BINS = 10
SLOTS_OF_SYSTEM = {"ticket": "number"}
FLOWS_OF_SYSTEM = {"move_appointment": "schedule", "cancel_appointment": "schedule"}
SAMPLES = {
    "product": "e-CNPJ A1",
    "name": "Ana Souza",
    "document": "11222333000181",
    "company": "Souza Ltda",
    "email": "ana@souza.com.br",
    "day": "2026-03-13",
    "period": "10h",
    "subject": "Erro ao emitir",
    "description": "O emissor mostra um erro",
    "urgency": "normal",
    "request": "export",
}
"""Values that stand in a summary."""

Labels = Mapping[str, float | None]
"""Labels, each with its probability where the reader has one."""
Reader = Callable[[dict[str, Any]], Labels]


def read(voice: str) -> list[dict[str, Any]]:
    """The turns of a voice, each with the voice's name."""
    return [line | {"voice": voice} for line in voice_files.lines(voice, "turns")]


def gold_labels(turn: dict[str, Any]) -> frozenset[str]:
    """The labels of the gold commands."""
    return frozenset(
        _label(one["command"], one.get("flow") or one.get("reason") or "")
        for one in turn["commands"]
    )


def _label(command: str, detail: str) -> str:
    return f"{command}:{detail}" if command in {"StartFlow", "Escalate"} else command


def local_reader(classifier: Classifier) -> Reader:
    """The reader of today: rules and the intents of the local model."""
    return partial(_read_locally, classifier)


def _read_locally(classifier: Classifier, turn: dict[str, Any]) -> Labels:
    said = [UnderstoodText(text, classifier.classify(text)) for text in turn["messages"]]
    asks = bool(turn["options"]) or turn["bubble"].rstrip().endswith("?")
    offered = "menu" if asks and not turn["flow"] else ""
    given = command_reader.read(_snapshot(turn), said, offered, TurnReading())
    return {_label_of(command): None for command in given}


def _label_of(command: Command) -> str:
    match command:
        case StartFlow():
            return _label(command.command, command.flow)
        case Escalate():
            return _label(command.command, command.reason)
        case _:
            return command.command


def _snapshot(turn: dict[str, Any]) -> Snapshot:
    """The conversation as it stood before the turn, as far as the file tells."""
    flow = FLOWS_OF_SYSTEM.get(turn["flow"], turn["flow"]) or None
    slot = SLOTS_OF_SYSTEM.get(turn["slot"], turn["slot"]) or None
    if turn["owner"] == "queue":
        return Snapshot(State.WAITING_HUMAN, NOW)
    if flow is None:
        return Snapshot(State.MENU if turn["bubble"] else State.START, NOW)
    confirming = slot == "confirm"
    wanted = [one.name for one in FLOWS[flow].slots]
    before = wanted if confirming or slot not in wanted else wanted[: wanted.index(slot)]
    return Snapshot(
        State.CONFIRMING if confirming else State.COLLECTING,
        NOW,
        flow=flow,
        requested_slot=slot,
        slots={name: SAMPLES[name] for name in before if name in SAMPLES},
    )


@dataclass(frozen=True)
class ReadTurn:
    """The gold labels of a turn and the given ones."""

    id: str
    voice: str
    gold: frozenset[str]
    given: Labels


@dataclass(frozen=True)
class ClassFigures:
    """Precision, recall and F1 of one label, and in how many turns it is gold."""

    label: str
    cases: int
    precision: float
    recall: float
    f1: float


def read_all(turns: Sequence[dict[str, Any]], reader: Reader) -> list[ReadTurn]:
    """All turns, as the reader reads them."""
    return [ReadTurn(one["id"], one["voice"], gold_labels(one), reader(one)) for one in turns]


def by_class(read_turns: Sequence[ReadTurn]) -> list[ClassFigures]:
    """The figures of each label, the most frequent first."""
    true, given, gold = _counts(read_turns)
    labels = sorted(gold | given, key=lambda label: (-gold[label], label))
    return [_class(label, true[label], given[label], gold[label]) for label in labels]


def _counts(
    read_turns: Sequence[ReadTurn],
) -> tuple[Counter[str], Counter[str], Counter[str]]:
    true: Counter[str] = Counter()
    given: Counter[str] = Counter()
    gold: Counter[str] = Counter()
    for one in read_turns:
        true.update(one.gold & set(one.given))
        given.update(set(one.given))
        gold.update(one.gold)
    return true, given, gold


def _class(label: str, true: int, given: int, gold: int) -> ClassFigures:
    precision = true / given if given else 0.0
    recall = true / gold if gold else 0.0
    return ClassFigures(label, gold, precision, recall, _f1(true, given, gold))


def _f1(true: int, given: int, gold: int) -> float:
    return 2 * true / (given + gold) if given + gold else 0.0


def frequent_labels(read_turns: Sequence[ReadTurn]) -> frozenset[str]:
    """The labels that are gold in enough turns to have a figure of their own."""
    _, _, gold = _counts(read_turns)
    return frozenset(label for label, count in gold.items() if count >= LEAST_CASES)


def macro_f1(read_turns: Sequence[ReadTurn], labels: frozenset[str]) -> float:
    """The mean F1 of these labels."""
    figures = [one.f1 for one in by_class(read_turns) if one.label in labels]
    return sum(figures) / len(labels) if labels else 0.0


def micro_f1(read_turns: Sequence[ReadTurn]) -> float:
    """The F1 over all labels of all turns."""
    return _f1(*(sum(count.values()) for count in _counts(read_turns)))


def exact_match(read_turns: Sequence[ReadTurn]) -> float:
    """The share of turns whose labels are all right and complete."""
    right = sum(one.gold == set(one.given) for one in read_turns)
    return right / len(read_turns) if read_turns else 0.0


def calibration_error(read_turns: Sequence[ReadTurn]) -> float | None:
    """The expected calibration error over ten bins; None where the reader has no probabilities."""
    scored = [
        (probability, label in one.gold)
        for one in read_turns
        for label, probability in one.given.items()
        if probability is not None
    ]
    if not scored:
        return None
    bins: dict[int, list[tuple[float, bool]]] = {}
    for probability, right in scored:
        bins.setdefault(min(int(probability * BINS), BINS - 1), []).append((probability, right))
    return sum(
        abs(sum(probability for probability, _ in held) - sum(right for _, right in held))
        for held in bins.values()
    ) / len(scored)
