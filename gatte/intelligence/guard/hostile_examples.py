"""What the guard's model learns from: our own hostile and honest texts, and what customers of the
teaching voices write, but for the turns in which they are hostile themselves.
"""

import json
from collections.abc import Collection, Iterator
from pathlib import Path

from gatte import intelligence
from gatte.intelligence.guard import deobfuscation
from gatte.intelligence.understanding.examples import INTENTS, read_examples
from gatte.intelligence.understanding.turn_examples import TURNS

CONTENT = Path(intelligence.__file__ or "").parent / "content"
HOSTILE = CONTENT / "guard" / "hostile.txt"
HONEST = CONTENT / "guard" / "honest.txt"
OFF_TOPIC = CONTENT / "off_topic.txt"
HONEST_WEIGHT = 3
"""How often a text counts that is honest though it looks suspicious."""


def hostile() -> list[str]:
    """The hostile texts, folded."""
    return _folded(_lines(HOSTILE))


def honest(without: Collection[str] = ()) -> list[str]:
    """The honest texts, folded; those of the teaching voices, but for the named ones."""
    ordinary = [example.text for example in read_examples(INTENTS)]
    ordinary += _lines(OFF_TOPIC)
    for voice in sorted(TURNS.glob("*.jsonl")):
        if voice.stem not in without:
            ordinary += ordinary_messages(voice)
    return [*_folded(ordinary), *_folded(_lines(HONEST)) * HONEST_WEIGHT]


def ordinary_messages(voice: Path) -> Iterator[str]:
    """The messages of a voice's turns that are not hostile."""
    for line in voice.read_text(encoding="utf-8").splitlines():
        turn = json.loads(line)
        commands = [one.get("command") for one in turn.get("commands") or []]
        if "Hostile" not in commands:
            yield from turn["messages"]


def _lines(path: Path) -> list[str]:
    return [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]


def _folded(texts: Collection[str] | Iterator[str]) -> list[str]:
    """Each text as it is judged, once."""
    readings = (deobfuscation.readings(text)[:1] for text in texts)
    return list(dict.fromkeys(one for reading in readings for one in reading))
