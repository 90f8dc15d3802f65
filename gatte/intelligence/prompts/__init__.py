"""The prompts, one file a version: the file's name without its ending is the version that a call
records.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from string import Template

from gatte.conversation import refusal_policy

COMMANDS = "commands-v2"
RESPONDER = "responder-v3"
MEMORY = "memory-v1"
TRANSCRIBER = "transcriber-v2"
PROTECTION = "protection-v1"
HARDENING = "hardening-v1"
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
    instructions.cache_clear()
    try:
        yield
    finally:
        del _replaced[version]
        instructions.cache_clear()


@lru_cache(maxsize=32)
def instructions(version: str, canary: str, company: str = "", *, hardened: bool = False) -> str:
    """A prompt as it leaves: with the company's name, the refusal policy and the canary; `hardened`
    for a turn that looks like an attempt to give orders.
    """
    text = read(version)
    if hardened:
        text = f"{text}\n\n{read(HARDENING)}"
    protection = Template(read(PROTECTION)).safe_substitute(canary=canary)
    return Template(text).safe_substitute(
        company=company,
        refusals=refusal_policy.policy().prompt_lines,
        protection=protection,
    )


def version_of(prompt: str, *, hardened: bool = False) -> str:
    """The version that a call records: of the prompt, of the refusal policy where it holds it, and
    of the hardening.
    """
    parts = [prompt]
    if "$refusals" in read(prompt):
        parts.append(f"refusals-v{refusal_policy.policy().version}")
    if hardened:
        parts.append(HARDENING)
    return "+".join(parts)
