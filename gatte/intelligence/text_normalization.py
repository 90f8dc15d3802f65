"""Spelling out what people type on a phone, so that texts meet by meaning and by words."""

import re
import unicodedata

from gatte.conversation.parsing.abbreviations import written_out

_WORD = re.compile(r"\w+")
_NOT_A_WORD = re.compile(r"[^a-z0-9]+")
_COMMON_ACCENTS = re.compile(
    r"[\u0300-\u034e\u0350-\u036f]+"
)  # the combining marks of Latin letters

SYNONYMS = {"cnh": "carteira de motorista cnh"}
"""Words of customers beside which articles say it in full."""


def expand_abbreviations(text: str) -> str:
    """The text in small letters with the short forms of chats written out; accents and marks stay
    as they are.
    """
    return _WORD.sub(_with_synonym, written_out(text.lower()))


def _with_synonym(word: re.Match[str]) -> str:
    return SYNONYMS.get(word[0], word[0])


def normalize(text: str) -> str:
    """The words of a text without accents, marks or short forms: what word search compares."""
    plain = _COMMON_ACCENTS.sub("", unicodedata.normalize("NFKD", expand_abbreviations(text)))
    if not plain.isascii():
        plain = "".join(character for character in plain if not unicodedata.combining(character))
    return _NOT_A_WORD.sub(" ", plain).strip()
