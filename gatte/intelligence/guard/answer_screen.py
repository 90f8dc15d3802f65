"""Screens a sentence that a model wrote, beside grounding: contacts and personal values that its
passage does not have, however they are spelled; advice that the refusal policy forbids; and text in
a disguise. What the passage itself says is the company's own word.

Links, numbers and promises that no passage holds are found by `grounding_check`; the canary and the
instructions by `leak`, over the whole answer.
"""

import re
from collections.abc import Iterator

from gatte.conversation import refusal_policy
from gatte.conversation.parsing.normalize import fold
from gatte.intelligence.grounding_check import Violation
from gatte.intelligence.guard import deobfuscation
from gatte.intelligence.personal_values import ValueKind, find_values

CONTACTS = frozenset({ValueKind.EMAIL, ValueKind.PHONE})
PERSONAL = frozenset({ValueKind.CPF, ValueKind.CNPJ, ValueKind.CARD, ValueKind.KEY})
_NOT_WORD = re.compile(r"[\W_]+")
_SPELLED_LINK = re.compile(
    r"\bhxxps?\b|\b[\w-]+\s?[\[(]\s?(?:\.|ponto|dot)\s?[\])]\s?[\w-]+"
    r"|\b[\w-]+ (?:ponto|dot) (?:com|net|org|br|io|me|link|site)\b"
)


def violations(sentence: str, passage: str) -> tuple[Violation, ...]:
    """What is wrong with a sentence without placeholders that is said to come from this passage."""
    if sentence.strip() in passage:
        return ()
    return tuple(dict.fromkeys(_found(sentence, passage)))


def _found(sentence: str, passage: str) -> Iterator[Violation]:
    known = _bare(passage)
    for value in find_values(sentence, (), (), ""):
        is_known = _bare(sentence[value.start : value.end]) in known
        if value.kind in CONTACTS and not is_known:
            yield Violation.NEW_CONTACT
        elif value.kind in PERSONAL and not is_known:
            yield Violation.PERSONAL_DATA
    plain = fold(sentence)
    if _SPELLED_LINK.search(plain) and not _SPELLED_LINK.search(fold(passage)):
        yield Violation.NEW_LINK
    if refusal_policy.gives_advice(plain) and not refusal_policy.gives_advice(fold(passage)):
        yield Violation.ADVICE
    if deobfuscation.is_encoded(sentence) and not deobfuscation.is_encoded(passage):
        yield Violation.DISGUISED


def _bare(text: str) -> str:
    """The letters and digits of a text, folded."""
    return _NOT_WORD.sub("", fold(text))
