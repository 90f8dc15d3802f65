"""Everything that the bot says, by key, in one catalogue a language; `say` fills in the variables.

A key names where the text is said (`lead.ask.email`); titles of buttons and rows are under
`option.`. `problems` checks the catalogue: no text over 600 characters, no title over WhatsApp's
limits, no variable that `VARIABLES` does not know.
"""

import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from gatte.conversation.parsing.normalize import word_set

LONGEST = 600
TITLE, ROW_TITLE, ROW_DESCRIPTION = 20, 24, 72
VARIABLES = word_set(
    "company name first_name flow the_flow other wait ahead opens when value kind holder "
    "valid_until days status number subject tickets lines summary question label problem "
    "left first second document email field count certificates day period answer hours week until "
    "label spans holiday closes place contact listed amount product first_amount second_amount "
    "difference most interest each code minutes"
)


class MissingText(KeyError):
    """The catalogue has no such key."""


def _flat(table: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield prefix + key, str(value).strip()


@cache
def catalogue(language: str = "pt_br") -> dict[str, str]:
    """All texts of a language, with their dotted keys."""
    stored = tomllib.loads((Path(__file__).parent / f"{language}.toml").read_text(encoding="utf-8"))
    return dict(_flat(stored))


def exists(key: str) -> bool:
    """Whether the catalogue holds this key."""
    return key in catalogue()


def render(key: str, **variables: object) -> str:
    """The text under this key with its variables filled in; MissingText or KeyError when either is
    missing.
    """
    text = catalogue().get(key)
    if text is None:
        raise MissingText(key)
    return text.format_map(variables) if variables or "{" in text else text


def variables_of(text: str) -> set[str]:
    """The names of the variables in a text."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _limit(key: str) -> int:
    if key.startswith("option."):
        return TITLE
    if key.startswith("row."):
        return ROW_TITLE
    return ROW_DESCRIPTION if key.startswith("about.") else LONGEST


def problems(language: str = "pt_br") -> list[str]:
    """What is wrong with a catalogue: too long, empty, or with an unknown variable; empty when all
    is well.
    """
    found = []
    for key, text in catalogue(language).items():
        if not text or len(text) > _limit(key):
            found.append(f"{key}: {len(text)} characters, at most {_limit(key)}")
        found += [
            f"{key}: unknown variable {name}" for name in sorted(variables_of(text) - VARIABLES)
        ]
    return found
