"""CPF and CNPJ (the alphanumeric one of July 2026 too), found in free text and told apart when
wrong.
"""

import re

from stdnum.br import cnpj, cpf

from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult
from gatte.privacy.tax_ids import CNPJ_LENGTH, CPF_LENGTH, is_cnpj, is_cpf

NUMERIC = re.compile(r"(?<![\w@])\d(?:[.\-/ ]{0,2}\d){6,17}(?![\w@])")
ALPHANUMERIC = re.compile(
    r"(?<![\w@.])[0-9A-Z]{2}[. ]?[0-9A-Z]{3}[. ]?[0-9A-Z]{3}[/ ]?[0-9A-Z]{4}[- ]?\d{2}(?![\w@])",
    re.IGNORECASE,
)
CPF_FORM = re.compile(r"\d{3}\.\d{3}\.\d{3}-?\d{2}")
PUNCTUATION = re.compile(r"[.\-/ ]")
PHONE = re.compile(r"^(?:55)?[1-9]{2}9\d{8}$")


def is_cnpj_of_company(document: str) -> bool:
    """Whether the document is a CNPJ that a company can have: not one digit twelve times."""
    return len(set(document[:12])) > 1 and is_cnpj(document)


def _candidates(text: str) -> list[str]:
    """What looks like a document, without punctuation and in upper case; alphanumeric ones hold
    both letters and digits.
    """
    numeric = [PUNCTUATION.sub("", match) for match in NUMERIC.findall(text)]
    mixed = [PUNCTUATION.sub("", match).upper() for match in ALPHANUMERIC.findall(text)]
    return numeric + [
        one for one in mixed if not one.isdigit() and any(mark.isdigit() for mark in one[:12])
    ]


def find_document(text: str) -> ParseResult:
    """The first valid CPF or CNPJ anywhere in the text, digits and capital letters only."""
    valid = (one for one in _candidates(text) if is_cpf(one) or is_cnpj_of_company(one))
    value = next(valid, None)
    return ParseResult(value) if value else NO_MATCH


def problem_with(document: str) -> str:
    """Why a candidate is no CPF or CNPJ: phone, cpf_check, cnpj_check or document_length."""
    if PHONE.match(document):
        return "phone"
    if len(document) == CPF_LENGTH:
        return "cpf_check"
    return "cnpj_check" if len(document) == CNPJ_LENGTH else "document_length"


def parse_document(text: str) -> ParseResult:
    """The document that was asked for, or what is wrong with what came instead."""
    found = find_document(text)
    if found.value:
        return found
    candidates = _candidates(text)
    candidate = candidates[0] if candidates else re.sub(r"\D", "", text)
    if not candidate:
        return ParseResult(problem="document_missing")
    written_as_cpf = CPF_FORM.search(text) or "cpf" in text.casefold()
    if written_as_cpf and len(candidate) == CPF_LENGTH:
        return ParseResult(problem="cpf_check")
    return ParseResult(problem=problem_with(candidate))


def show_document(document: str) -> str:
    """The document with its usual punctuation."""
    return str(cnpj.format(document)) if len(document) == CNPJ_LENGTH else str(cpf.format(document))


def mask_document(document: str) -> str:
    """The document with only its last four characters left to see."""
    return f"•••{document[-4:]}"
