"""Where the voices' files are, and which voices are only for measuring."""

import json
from pathlib import Path
from typing import Any

from gatte.intelligence.understanding.turn_examples import SENTENCES, TURNS

FOLDER = Path(__file__).parent / "voices"
TAUGHT = {"turns": TURNS, "sentences": SENTENCES}
HELD_OUT = frozenset({"transportadora", "clinica"})


def names() -> list[str]:
    """All voices, by name."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def lines(voice: str, kind: str) -> list[dict[str, Any]]:
    """The lines of one file of a voice: `customers`, `sentences` or `turns`.

    The turns and sentences of a teaching voice are those that the command model learns from; a
    voice may have customers alone.
    """
    path = FOLDER / voice / f"{kind}.jsonl"
    if voice not in HELD_OUT and kind in TAUGHT:
        path = TAUGHT[kind] / f"{voice}.jsonl"
    if voice not in HELD_OUT and kind in TAUGHT and not path.exists():
        return []
    text = path.read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]
