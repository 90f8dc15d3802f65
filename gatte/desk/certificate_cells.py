"""Cells of a file of certificates: each reader gives the value, or raises BadCell, which says what
to do.
"""

import re
from datetime import date

from gatte.conversation.parsing.documents import is_cnpj_of_company
from gatte.conversation.parsing.normalize import fold
from gatte.conversation.parsing.products import find_product
from gatte.models import CertificateStatus
from gatte.privacy.tax_ids import CNPJ_LENGTH, CPF_LENGTH, is_cpf

LONGEST_TEXT = 200
FIRST_YEAR, LAST_YEAR = 2000, 2099
COUNTRY = "55"
BRAZILIAN_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})(?:[ T].*)?")
ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[ T].*)?")
ROUNDED = re.compile(r"\d(?:[.,]\d+)?E\+?\d+", re.IGNORECASE)
BRAZILIAN_PHONE = re.compile(r"[1-9][1-9](?:9\d{8}|[2-9]\d{7})")
FOREIGN_PHONE = re.compile(r"\+[1-9]\d{7,14}")
MODEL = re.compile(r"a[13]")
ROUNDED_ADVICE = "o Excel arredondou o número: formate a coluna como texto e salve de novo"
STATUSES: dict[str, CertificateStatus | None] = {
    "ativo": None,
    "valido": None,
    "a vencer": None,
    "active": None,
    "expiring": None,
    "vencido": None,
    "expirado": None,
    "expired": None,
    "renovado": CertificateStatus.RENEWED,
    "renewed": CertificateStatus.RENEWED,
    "cancelado": CertificateStatus.REVOKED,
    "revogado": CertificateStatus.REVOKED,
    "revoked": CertificateStatus.REVOKED,
}


class BadCell(Exception):
    """A cell cannot be used; the message says in Portuguese what to do, without its value."""


def read_text(cell: str) -> str:
    """A text on one line."""
    text = " ".join(cell.split())
    if len(text) > LONGEST_TEXT:
        raise BadCell(f"passa de {LONGEST_TEXT} caracteres: encurte")
    return text


def read_phone(cell: str) -> str:
    """A phone as digits with the country's code; Brazil's where none is given."""
    if ROUNDED.fullmatch(cell):
        raise BadCell(ROUNDED_ADVICE)
    plain = re.sub(r"[\s().-]", "", cell)
    digits = plain.lstrip("+").lstrip("0")
    if not digits.isdecimal() or not digits.isascii():
        raise BadCell("não é um telefone: use só números, com DDD, como 11 98888-7777")
    national = digits.removeprefix(COUNTRY) if len(digits) > 11 else digits
    if BRAZILIAN_PHONE.fullmatch(national):
        return COUNTRY + national
    if FOREIGN_PHONE.fullmatch(plain) and not plain.startswith(f"+{COUNTRY}"):
        return digits
    raise BadCell("não é um telefone com DDD: escreva como 11 98888-7777")


def read_document(cell: str) -> str:
    """A CPF or CNPJ as digits and capital letters; zeros that a spreadsheet took away are put back
    where the check digits then fit.
    """
    if ROUNDED.fullmatch(cell):
        raise BadCell(ROUNDED_ADVICE)
    plain = re.sub(r"[\s./-]", "", cell).upper()
    as_cpf = plain.zfill(CPF_LENGTH)
    as_cnpj = plain.zfill(CNPJ_LENGTH)
    if len(plain) > CPF_LENGTH - 4 and is_cpf(as_cpf):
        return as_cpf
    if len(plain) > CPF_LENGTH and is_cnpj_of_company(as_cnpj):
        return as_cnpj
    if len(plain) in {CPF_LENGTH, CNPJ_LENGTH}:
        raise BadCell("os dígitos verificadores não conferem: confira o CPF ou CNPJ")
    raise BadCell("não é um CPF (11 dígitos) nem um CNPJ (14): confira o número")


def read_kind(cell: str) -> str:
    """The kind of a certificate by its usual name, else as it is called."""
    text = read_text(cell)
    return find_product(text).value or text[:60]


def complete_kind(kind: str, document: str) -> str:
    """The kind, with what the document tells where only a model was given: A1 is an e-CPF A1 or an
    e-CNPJ A1.
    """
    model = fold(kind)
    if not MODEL.fullmatch(model):
        return kind
    product = "e-CPF" if len(document) == CPF_LENGTH else "e-CNPJ"
    return f"{product} {model.upper()}"


def read_day(cell: str) -> date:
    """A day, written as 31/12/2026 or 2026-12-31; a time behind it does not count."""
    text = cell.strip()
    iso = ISO_DAY.fullmatch(text)
    brazilian = BRAZILIAN_DAY.fullmatch(text)
    if iso:
        year, month, day = (int(part) for part in iso.groups())
    elif brazilian:
        day, month, year = (int(part) for part in brazilian.groups())
    else:
        raise BadCell("não é uma data: escreva como 31/12/2026")
    year += 2000 if year < 100 else 0
    if month > 12 >= day:
        raise BadCell("o mês vem antes do dia: escreva dia/mês/ano, como 31/12/2026")
    try:
        found = date(year, month, day)
    except ValueError:
        raise BadCell("essa data não existe: confira dia e mês") from None
    if not FIRST_YEAR <= year <= LAST_YEAR:
        raise BadCell(f"o ano deve estar entre {FIRST_YEAR} e {LAST_YEAR}")
    return found


def read_status(cell: str) -> CertificateStatus | None:
    """Whether a certificate was renewed or revoked; None for what its last day says."""
    word = " ".join(fold(cell).split())
    if word not in STATUSES:
        raise BadCell("use ativo, vencido, renovado ou cancelado, ou deixe vazia")
    return STATUSES[word]
