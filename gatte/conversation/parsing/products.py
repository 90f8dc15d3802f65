"""The kinds of certificate that people ask for."""

import re

from gatte.conversation.parsing.abbreviations import expand_abbreviations
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult, normalize_text, union

CERTIFICATE = r"\bcertificado (?:digital )?"
KINDS = (
    (
        "e-CNPJ",
        union(
            r"\be[- ]?cnpj\b",
            rf"{CERTIFICATE}(?:para |de |da )?(?:a |minha )?empresa\b",
            r"\bpessoa juridica\b",
        ),
    ),
    ("e-CPF", union(r"\be[- ]?cpf\b", r"\bpessoa fisica\b")),
    (
        "NF-e",
        union(
            rf"{CERTIFICATE}(?:para |de )?(?:emitir )?nota\b", r"^nota fiscal eletronica\b(?! do)"
        ),
    ),
)
MODEL = re.compile(r"\ba([13])\b")
UNSURE = re.compile(
    r"\bnao (?:sei|tenho certeza)\b|\btanto faz\b|\bqualquer\b|\bme ajud"
    r"|\bqual (?:e )?(?:o )?melhor\b|\bduvida\b"
)
UNDECIDED = "a definir"


def _plain(text: str) -> str:
    return normalize_text(expand_abbreviations(text.lower()))


def find_product(text: str) -> ParseResult:
    """The kind, and the model when it is said: "e-CNPJ A1", "e-CPF", "NF-e A1"."""
    plain = _plain(text)
    kind = next((name for name, pattern in KINDS if pattern.search(plain)), "")
    if not kind:
        return NO_MATCH
    model = MODEL.search(plain)
    return ParseResult(f"{kind} A{model[1]}" if model else kind)


def parse_product(text: str) -> ParseResult:
    """The product that was asked for; somebody unsure gets `UNDECIDED`, which the desk settles."""
    found = find_product(text)
    if found.value:
        return found
    plain = _plain(text)
    if UNSURE.search(plain):
        return ParseResult(UNDECIDED)
    if re.fullmatch(r"\W*(?:o |um |de )?(?:cnpj|empresa)\W*", plain):
        return ParseResult("e-CNPJ")
    if re.fullmatch(r"\W*(?:o |um |de )?cpf\W*", plain):
        return ParseResult("e-CPF")
    return ParseResult(problem="product_missing")
