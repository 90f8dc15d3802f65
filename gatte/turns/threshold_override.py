"""Other thresholds for a while, in the process of a shadow run alone: nothing else may use this.

The rules import thresholds by name, so each module that holds one gets the other number.
"""

import sys
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from gatte.conversation import thresholds

ROOM = "gatte."


class BadThresholds(Exception):
    """A file of thresholds cannot be used; the message says why."""


def read(path: Path) -> dict[str, float]:
    """The thresholds of a TOML file (`LABEL_THRESHOLD = 0.6`); BadThresholds for a name that there
    is not, or a value that is no number.
    """
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadThresholds(f"not a TOML file: {error}") from None
    known = names()
    unknown = sorted(set(found) - known.keys())
    if unknown:
        raise BadThresholds(f"unknown: {', '.join(unknown)}; known: {', '.join(sorted(known))}")
    bad = sorted(name for name, value in found.items() if type(value) not in {int, float})
    if bad or not found:
        raise BadThresholds(f"no number: {', '.join(bad)}" if bad else "the file names none")
    return found


def names() -> dict[str, float]:
    """All thresholds that are numbers, as they are now."""
    return {
        name: value
        for name, value in vars(thresholds).items()
        if name.isupper() and isinstance(value, int | float)
    }


@contextmanager
def overridden(values: Mapping[str, float]) -> Iterator[None]:
    """Let the rules of this process use these thresholds."""
    former = {name: value for name, value in names().items() if name in values}
    _set(values)
    try:
        yield
    finally:
        _set(former)


def _set(values: Mapping[str, float]) -> None:
    for module in holders(values):
        for name, value in values.items():
            if name in vars(module):
                setattr(module, name, value)


def holders(values: Mapping[str, float]) -> list[ModuleType]:
    """The modules of this process that hold one of these thresholds."""
    modules = [module for name, module in sys.modules.items() if name.startswith(ROOM)]
    return [module for module in modules if not vars(module).keys().isdisjoint(values)]
