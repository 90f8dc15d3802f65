"""What changed between two texts, word by word, as people read it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

WORD = re.compile(r"\s+|[^\s]+")


class ChangeKind(StrEnum):
    """What became of a stretch of text."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class TextChange:
    """A stretch of text and what became of it."""

    kind: ChangeKind
    text: str


@dataclass(frozen=True)
class FieldChange:
    """A field whose text changed, in stretches."""

    field: str
    changes: tuple[TextChange, ...]


def changed_fields(
    before: Mapping[str, object], after: Mapping[str, object], fields: Sequence[str]
) -> list[FieldChange]:
    """The fields that differ, in the order given, with their words compared."""
    return [
        FieldChange(field, tuple(changes_between(old, new)))
        for field in fields
        if (old := _text(before.get(field))) != (new := _text(after.get(field)))
    ]


def changes_between(before: str, after: str) -> list[TextChange]:
    """How one text becomes the other, word by word."""
    old = WORD.findall(before)
    new = WORD.findall(after)
    found: list[TextChange] = []
    for tag, i, j, k, m in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            found.append(TextChange(ChangeKind.KEPT, "".join(old[i:j])))
            continue
        if j > i:
            found.append(TextChange(ChangeKind.REMOVED, "".join(old[i:j])))
        if m > k:
            found.append(TextChange(ChangeKind.ADDED, "".join(new[k:m])))
    return found


def _text(value: object) -> str:
    if isinstance(value, list):
        return "\n".join(map(str, value))
    return "" if value is None else str(value)
