"""The prompts, one file a version: the file's name without its ending is the version that a call
records.
"""

from functools import lru_cache
from pathlib import Path

COMMANDS = "commands-v1"
RESPONDER = "responder-v3"
MEMORY = "memory-v1"
TRANSCRIBER = "transcriber-v1"
NO_SPEECH = "SEM_FALA"  # what the transcriber says, and nothing else, when nobody can be understood


@lru_cache(maxsize=8)
def read(version: str) -> str:
    """The text of a prompt."""
    return (Path(__file__).parent / f"{version}.md").read_text(encoding="utf-8").strip()
