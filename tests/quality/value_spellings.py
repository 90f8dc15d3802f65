"""Ways in which customers spell numbers of their own, and ways on which words reach the bot."""

import random
from collections.abc import Callable
from enum import StrEnum

FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
GROUP = 3
LAST = 2
HALF = 6


class Carrier(StrEnum):
    """On which way words reach the bot."""

    TYPED = "typed"
    SPLIT = "split over two messages"
    CAPTION = "caption of a picture"
    DOCUMENT = "name and caption of a document"
    VOICE = "voice message"
    QUOTING = "reply that quotes an earlier message"


def _in_groups(number: str, mark: str) -> str:
    groups = [number[at : at + GROUP] for at in range(0, len(number), GROUP)]
    return mark.join(groups)


def _with_words(number: str) -> str:
    return f"{_in_groups(number[:-LAST], ' ')} e no final {number[-LAST:]}"


SPELLINGS: dict[str, Callable[[str], str]] = {
    "digits alone": lambda number: number,
    "dots": lambda number: _in_groups(number, "."),
    "blanks": lambda number: _in_groups(number, " "),
    "a blank after each digit": " ".join,
    "dashes": lambda number: _in_groups(number, "-"),
    "slashes": lambda number: _in_groups(number, "/"),
    "words between": _with_words,
    "full-width digits": lambda number: number.translate(FULL_WIDTH),
    "two lines": lambda number: f"{number[:HALF]}\n{number[HALF:]}",
    "invisible marks": "\u200b".join,
}


def respelled(number: str, rng: random.Random) -> tuple[str, str]:
    """A number in one of the ways, and the name of that way; a mark of punctuation stays out."""
    bare = "".join(mark for mark in number if mark.isalnum())
    name = rng.choice(list(SPELLINGS))
    return SPELLINGS[name](bare), name
