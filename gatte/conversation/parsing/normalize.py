"""Words of a text, made comparable: lower case, without accents, emoji of yes and no as words."""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

THUMBS = str.maketrans(
    {"👍": " sim ", "✅": " sim ", "👌": " sim ", "🆗": " sim ", "👎": " nao ", "❌": " nao "}
)
WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MANY_LETTERS = re.compile(r"([a-z])\1{2,}")


def word_set(text: str) -> frozenset[str]:
    """A set of words, written as a text."""
    return frozenset(text.split())


def union(*patterns: str) -> re.Pattern[str]:
    """A pattern that matches where one of the patterns does."""
    return re.compile("|".join(patterns))


FILLERS = word_set(
    "por favor pf pfv pfvr pls ai oi ola opa bom boa dia tarde noite eu me mim te vc voce "
    "voces um uma o a os as com de do da no na para pra pro gostaria queria quero preciso "
    "prefiro desejo pode poderia agora ja entao mas e que aqui gente moco moca obrigado "
    "obrigada obg so la ta esta ok bem"
)


@dataclass(frozen=True)
class ParseResult:
    """A value read from a text, or the key of the problem with it, or neither."""

    value: str | None = None
    problem: str = ""


NO_MATCH = ParseResult()


@lru_cache(maxsize=2048)
def normalize_text(text: str) -> str:
    """The text in lower case, without accents, with single spaces; a letter said three times or
    more is said once.
    """
    plain = unicodedata.normalize("NFD", text.translate(THUMBS).casefold())
    plain = "".join(mark for mark in plain if not unicodedata.combining(mark))
    return MANY_LETTERS.sub(r"\1", " ".join(plain.split()))


@lru_cache(maxsize=2048)
def words(text: str) -> tuple[str, ...]:
    """The folded words of a text, in order; hyphenated words stay whole."""
    return tuple(WORD.findall(normalize_text(text)))


def is_only(text: str, wanted: frozenset[str]) -> bool:
    """Whether the text says one of the wanted words and beside it nothing but courtesy."""
    said = set(words(text))
    return bool(said & wanted) and said <= (wanted | FILLERS)


def truncate(text: str, length: int) -> str:
    """The text on one line and no longer than `length`, cut at a word where possible."""
    line = " ".join(text.split())
    if len(line) <= length:
        return line
    cut = line[: length - 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut[length // 2 :] else cut) + "…"
