"""Texts with their intent, from the versioned files in `examples/`."""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from gatte.conversation.nlu import Intent

INTENTS = Path(__file__).parents[1] / "content" / "intents.csv"


class BadExamples(Exception):
    """A file of examples cannot be used; the message names the line."""


@dataclass(frozen=True)
class Example:
    """A text as a customer would write it, and what it means."""

    text: str
    intent: Intent


def read_examples(path: Path = INTENTS) -> tuple[Example, ...]:
    """All examples of a file with the columns intent and text; BadExamples on an unknown intent, no
    text, or a text twice.
    """
    with path.open(encoding="utf-8", newline="") as file:
        examples = tuple(
            _example(path, line, row) for line, row in enumerate(csv.DictReader(file), start=2)
        )
    _reject_duplicates(path, examples)
    return examples


def _example(path: Path, line: int, row: dict[str, str]) -> Example:
    text = (row.get("text") or "").strip()
    if row.get("intent") not in set(Intent) or not text:
        raise BadExamples(f"{path.name}, line {line}: needs a known intent and a text")
    return Example(text, Intent(row["intent"]))


def _reject_duplicates(path: Path, examples: Iterable[Example]) -> None:
    seen: set[str] = set()
    for line, example in enumerate(examples, start=2):
        key = dedup_key(example.text)
        if key in seen:
            raise BadExamples(f"{path.name}, line {line}: this text stands in the file already")
        seen.add(key)


def dedup_key(text: str) -> str:
    """Texts that differ only in case and spaces give the same key; one text must not teach twice,
    or two intents.
    """
    return re.sub(r"\s+", " ", text.lower()).strip()
