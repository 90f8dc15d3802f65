"""Where the voices' files are, and which voices are only for measuring."""

import json
from pathlib import Path
from typing import Any

from gatte.intelligence.understanding.turn_examples import TURNS

FOLDER = Path(__file__).parent / "voices"
HELD_OUT = frozenset({"transportadora", "clinica"})


def names() -> list[str]:
    """All voices, by name."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def lines(voice: str, kind: str) -> list[dict[str, Any]]:
    """The lines of one file of a voice: `customers`, `sentences` or `turns`.

    The turns of a teaching voice are those that the command model learns from.
    """
    taught = kind == "turns" and voice not in HELD_OUT
    path = TURNS / f"{voice}.jsonl" if taught else FOLDER / voice / f"{kind}.jsonl"
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]
