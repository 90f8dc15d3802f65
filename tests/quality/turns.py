"""How well a turn is read in its place: the commands that a reader gives against the gold ones."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from gatte.conversation.commands import TurnReading
from gatte.conversation.effects import EscalationReason
from gatte.intelligence.service import LocalModels
from gatte.intelligence.understanding import turn_examples
from tests.quality import voice_files

LEAST_CASES = 20
BINS = 10
LIKELY = 0.4
"""A label of the command model counts from this probability."""
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
    match command:
        case "Escalate":
            return f"Escalate:{EscalationReason(detail)}"
        case "StartFlow":
            return f"StartFlow:{detail}"
        case _:
            return command


def model_reader(models: LocalModels) -> Reader:
    """The command model alone, with its probabilities; the likeliest label where none is likely."""
    return partial(_read_by_model, models)


def _read_by_model(models: LocalModels, turn: dict[str, Any]) -> Labels:
    scores = _reading(models, turn).labels
    likely = [one for one in scores if one.probability >= LIKELY] or scores[:1]
    return {
        one.label.removesuffix(f":{one.label.partition(':')[2]}")
        if one.label.startswith("SmallTalk")
        else one.label: one.probability
        for one in likely
    }


def _reading(models: LocalModels, turn: dict[str, Any]) -> TurnReading:
    return models.command_model.read(turn["messages"], turn_examples.from_json(turn).context)


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
