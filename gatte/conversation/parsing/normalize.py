"""Texts made comparable. All forms are built on `strip_accents`, and differ in what they keep:

fold                      small letters without accents; everything else stays
normalize_text            rules and slots: emoji of yes and no are words, single spaces
expand_for_search         small letters with abbreviations written out; accents stay
normalize_for_search      the same without accents and marks: words and single spaces alone
normalize_for_classifier  abbreviations written out, numbers and addresses masked, marks kept
"""

import re
import unicodedata
from dataclasses import dataclass

from gatte.conversation.parsing.abbreviations import expand_abbreviations
from gatte.infra.scoped_cache import scoped

THUMBS = str.maketrans(
    {"👍": " sim ", "✅": " sim ", "👌": " sim ", "🆗": " sim ", "👎": " nao ", "❌": " nao "}
)
WORD = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MANY_LETTERS = re.compile(r"([a-z])\1{2,}")

# the combining marks of Latin letters
COMMON_ACCENTS = re.compile(r"[\u0300-\u034e\u0350-\u036f]+")

SEARCH_SYNONYMS = {"cnh": "carteira de motorista cnh"}
"""Words of customers beside which articles say it in full."""
ANY_WORD = re.compile(r"\w+")
NOT_A_WORD = re.compile(r"[^a-z0-9]+")

# what a customer wants stands in the first lines; the rest only costs time
CLASSIFIER_CHARACTERS = 800
TOGETHER = re.compile(r"\S+")
LINK = re.compile(r"https?://\S+|www\.\S+")
NUMBER = re.compile(r"\b\d[\d.,/:-]*")  # A1 and A3 stay: they do not begin with a digit
REPEATED = re.compile(r"(\w)\1{2,}")
SKIN_TONES = range(0x1F3FB, 0x1F400)


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


def strip_accents(text: str) -> str:
    """The text without accents and other combining marks, in compatibility form (NFKD), where `ﬁ`
    is `fi` and `º` is `o`.
    """
    plain = COMMON_ACCENTS.sub("", unicodedata.normalize("NFKD", text))
    if plain.isascii():
        return plain
    return "".join(character for character in plain if not unicodedata.combining(character))


def fold(text: str) -> str:
    """The text in small letters without accents."""
    return strip_accents(text.casefold())


@scoped
def normalize_text(text: str) -> str:
    """The folded text with single spaces; thumbs up and down are words, and a letter said three
    times or more is said once.
    """
    return MANY_LETTERS.sub(r"\1", " ".join(fold(text.translate(THUMBS)).split()))


@scoped
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


def expand_for_search(text: str) -> str:
    """The text in small letters with abbreviations and synonyms written out, as the embedding
    wants it, which knows Portuguese spelling.
    """
    return ANY_WORD.sub(_with_synonym, expand_abbreviations(text.lower()))


def _with_synonym(word: re.Match[str]) -> str:
    return SEARCH_SYNONYMS.get(word[0], word[0])


def normalize_for_search(text: str) -> str:
    """The words of a text without accents, marks or abbreviations: what word search compares."""
    return NOT_A_WORD.sub(" ", strip_accents(expand_for_search(text))).strip()


@scoped
def normalize_for_classifier(text: str) -> str:
    """The beginning of a text, folded, with abbreviations written out, numbers and addresses
    masked, and drawn-out letters cut to two; marks and emoji stay.
    """
    beginning = text[:CLASSIFIER_CHARACTERS]
    # one character may stand for eighteen
    lowered = unicodedata.normalize("NFKC", beginning)[:CLASSIFIER_CHARACTERS].lower()
    masked = NUMBER.sub("0", TOGETHER.sub(_mask_address, lowered))
    expanded = expand_abbreviations(REPEATED.sub(r"\1\1", masked))
    plain = strip_accents(expanded)
    return plain if plain.isascii() else "".join(filter(_is_visible, plain))


def _mask_address(match: re.Match[str]) -> str:
    """What stands together without spaces, with links masked; all of it when it is an e-mail
    address.
    """
    token = match[0]
    at = token.find("@", 1)
    if at > 0 and token.rfind(".", 0, -1) > at + 1:
        return " link "
    return LINK.sub(" link ", token)


def _is_visible(character: str) -> bool:
    return unicodedata.category(character) not in {"Mn", "Cf"} and ord(character) not in SKIN_TONES
