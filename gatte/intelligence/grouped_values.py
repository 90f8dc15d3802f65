"""Documents and codes of letters and digits that are written in groups: `9E6 2B7 E20 001 94`, or a
character at a time. Numbers of digits alone are `personal_values`' own.
"""

import re
from collections.abc import Iterator
from itertools import pairwise

from gatte.conversation.parsing.normalize import word_set
from gatte.privacy.tax_ids import is_cnpj

Span = tuple[int, int]

CNPJ_LENGTH = 14
LEAST_DIGITS = 4
"""Digits of a CNPJ, the check digits among them: fewer are words that happen to check."""
GAP = re.compile(r"[ .\-/]{0,3}")
LETTER_OR_DIGIT = re.compile(r"[0-9A-Za-z]")
WITH_DIGIT = r"(?=[A-Z]{0,5}\d)[A-Z0-9]{1,6}"
IN_GROUPS = re.compile(
    r"(?<![\w.\-/])"
    rf"{WITH_DIGIT}(?:[ .\-/]{{1,2}}[A-Z0-9]{{1,6}}){{1,12}}[ .\-/]{{1,2}}{WITH_DIGIT}"
    r"(?!\w)",
)
MIXED_GROUP = re.compile(r"[A-Z]\d|\d[A-Z]")
LEAST_GROUPS_WITH_DIGITS = 3
LEAST_LENGTH = 9
ORDINARY_GROUPS = word_set(
    "a1 a3 s1 s3 cpf cnpj rg cnh cep mei pj pf nf nfe nfce nfse cte icp br ac ar pin puk pix me sa"
)
"""Groups in capital letters that are words of the trade; a code has none of them."""


def find_cnpjs(text: str) -> Iterator[Span]:
    """Where fourteen letters and digits stand, with no more than a gap between any two, that are a
    CNPJ by their check digits.
    """
    marks = [found.start() for found in LETTER_OR_DIGIT.finditer(text)]
    for first in range(len(marks) - CNPJ_LENGTH + 1):
        places = marks[first : first + CNPJ_LENGTH]
        start, end = places[0], places[-1] + 1
        if not _may_be_cnpj(text, start, end):
            continue
        written = "".join(text[place] for place in places).upper()
        digits = sum(mark.isdigit() for mark in written)
        if digits >= LEAST_DIGITS and _hangs_together(text, places) and is_cnpj(written):
            yield start, end


def find_grouped_codes(text: str) -> Iterator[Span]:
    """Where capital letters and digits stand in three groups and more, one of them of both, as in a
    part of a CNPJ.
    """
    for found in IN_GROUPS.finditer(text):
        groups = re.findall(r"[A-Z0-9]+", found[0])
        whole = "".join(groups)
        with_digits = sum(any(mark.isdigit() for mark in group) for group in groups)
        has_words = any(group.lower() in ORDINARY_GROUPS for group in groups)
        is_mixed = any(MIXED_GROUP.search(group) for group in groups)
        is_long = len(whole) >= LEAST_LENGTH and with_digits >= LEAST_GROUPS_WITH_DIGITS
        if is_mixed and is_long and not has_words:
            yield found.span()


def _may_be_cnpj(text: str, start: int, end: int) -> bool:
    """Whether a stretch is made of whole words and ends with a digit, as a cheap look tells."""
    if not text[end - 1].isdigit():
        return False
    begins_word = start == 0 or not text[start - 1].isalnum()
    ends_word = end == len(text) or not text[end].isalnum()
    return begins_word and ends_word


def _hangs_together(text: str, places: list[int]) -> bool:
    """Whether nothing but a gap stands between any two neighbours."""
    return all(GAP.fullmatch(text, left + 1, right) for left, right in pairwise(places))
