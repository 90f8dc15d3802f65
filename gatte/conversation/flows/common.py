"""Slots that several flows share."""

from gatte.conversation.flows.base import Slot
from gatte.conversation.memory_kinds import MemoryKind
from gatte.conversation.parsing.answers import declines, yes_or_no
from gatte.conversation.parsing.documents import find_document, parse_document, show_document
from gatte.conversation.parsing.names import (
    find_company,
    find_email,
    find_name,
    parse_company,
    parse_email,
    parse_name,
)
from gatte.conversation.parsing.normalize import ParseResult
from gatte.conversation.parsing.products import find_product, parse_product
from gatte.conversation.replies import ReplyOption
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import render
from gatte.privacy.tax_ids import CNPJ_LENGTH

PRODUCTS = ("e-CNPJ A1", "e-CNPJ A3", "e-CPF A1", "e-CPF A3", "NF-e A1")
UNDECIDED_ID = "slot:product:unsure"
SAME, OTHER_ONE = "same", "other"
"""Answers to whether it is still the company that is remembered."""


def product_options(_snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    rows = tuple(
        ReplyOption(f"slot:product:{name}", name, render(f"about.{_key(name)}"))
        for name in PRODUCTS
    )
    return (*rows, ReplyOption(UNDECIDED_ID, render("row.unsure"), render("about.unsure")))


def _key(product: str) -> str:
    return product.lower().replace("-", "_").replace(" ", "_")


def _product(text: str, _snapshot: Snapshot) -> ParseResult:
    return parse_product("não sei" if text == "unsure" else text)


def _optional_email(text: str, _snapshot: Snapshot) -> ParseResult:
    return ParseResult("") if declines(text) else parse_email(text)


def _find_email(text: str, _snapshot: Snapshot) -> ParseResult:
    none = declines(text) and "mail" in text.casefold()
    return ParseResult("") if none else find_email(text)


def _optional_company(text: str, snapshot: Snapshot) -> ParseResult:
    known = _known_company(snapshot)
    answer = yes_or_no(text)
    if known and (text == SAME or answer is True):
        return ParseResult(known)
    if known and (text == OTHER_ONE or answer is False):
        return ParseResult(problem="company_other")
    if answer is True:
        return ParseResult(problem="company_missing")
    return ParseResult("") if declines(text) else parse_company(text)


def _known_company(snapshot: Snapshot) -> str:
    """The company that is remembered, until the customer has said that it is another one."""
    if snapshot.invalid_slot_count:
        return ""
    return snapshot.memory.get(MemoryKind.COMPANY, "")


def _company_options(snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    if not _known_company(snapshot):
        return ()
    return (
        ReplyOption(f"slot:company:{SAME}", render("option.same_company")),
        ReplyOption(f"slot:company:{OTHER_ONE}", render("option.other_company")),
    )


def has_cnpj(snapshot: Snapshot) -> bool:
    """Whether the document given is a company's."""
    return len(snapshot.slots.get("document", "")) == CNPJ_LENGTH


PRODUCT = Slot(
    "product",
    parse_answer=_product,
    extract=lambda text, _: find_product(text),
    options=product_options,
    synonyms=("produto", "tipo", "certificado", "modelo"),
)
NAME = Slot(
    "name",
    parse_answer=lambda text, _: parse_name(text),
    extract=lambda text, _: find_name(text),
    synonyms=("nome",),
)
DOCUMENT = Slot(
    "document",
    parse_answer=lambda text, _: parse_document(text),
    extract=lambda text, _: find_document(text),
    format=show_document,
    synonyms=("documento", "cnpj", "cpf", "doc"),
    unambiguous=True,
)
COMPANY = Slot(
    "company",
    parse_answer=_optional_company,
    extract=lambda text, _: find_company(text),
    required_if=has_cnpj,
    options=_company_options,
    known_value=_known_company,
    synonyms=("empresa", "razão social", "razao social"),
    free_text=True,
)
EMAIL = Slot(
    "email",
    parse_answer=_optional_email,
    extract=_find_email,
    synonyms=("e-mail", "email"),
    unambiguous=True,
)


def known_person(snapshot: Snapshot) -> dict[str, str]:
    """Name and e-mail of a contact who was here before; the summary shows them, so that they can be
    corrected.
    """
    contact = snapshot.contact
    if not contact.returning:
        return {}
    name = parse_name(contact.name or "").value if len((contact.name or "").split()) > 1 else None
    email = contact.email or snapshot.memory.get(MemoryKind.EMAIL)
    known = {"name": name, "email": email}
    return {slot: value for slot, value in known.items() if value}
