"""Where the voices' files are, and which voices are only for measuring."""

import json
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent / "voices"
HELD_OUT = frozenset({"transportadora", "clinica"})


def names() -> list[str]:
    """All voices, by name."""
    return sorted(path.name for path in FOLDER.iterdir() if path.is_dir())


def lines(voice: str, kind: str) -> list[dict[str, Any]]:
    """The lines of one file of a voice: `customers`, `sentences` or `turns`."""
    text = (FOLDER / voice / f"{kind}.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines() if line.strip()]
