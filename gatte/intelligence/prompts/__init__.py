"""The prompts, one file a version: the file's name without its ending is the version that a call
records.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

COMMANDS = "commands-v1"
RESPONDER = "responder-v3"
MEMORY = "memory-v1"
TRANSCRIBER = "transcriber-v1"
NO_SPEECH = "SEM_FALA"  # what the transcriber says, and nothing else, when nobody can be understood


_replaced: dict[str, str] = {}


def read(version: str) -> str:
    """The text of a prompt."""
    return _replaced.get(version) or _read_file(version)


@lru_cache(maxsize=8)
def _read_file(version: str) -> str:
    return (Path(__file__).parent / f"{version}.md").read_text(encoding="utf-8").strip()


@contextmanager
def replaced(version: str, text: str) -> Iterator[None]:
    """Another text for a prompt, for a while: in the process of a shadow run alone."""
    _replaced[version] = text.strip()
    try:
        yield
    finally:
        del _replaced[version]
