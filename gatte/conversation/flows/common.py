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
from gatte.conversation.parsing.normalize import NO_MATCH, ParseResult, normalize_text, union
from gatte.conversation.parsing.products import (
    UNDECIDED,
    ProductParts,
    find_parts,
    is_unsure,
    names_model,
    parts_of,
    parts_of_answer,
)
from gatte.conversation.replies import ReplyOption
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import render
from gatte.privacy.tax_ids import CNPJ_LENGTH

PRODUCTS = ("e-CNPJ A1", "e-CNPJ A3", "e-CPF A1", "e-CPF A3", "NF-e A1")
UNDECIDED_ID = "slot:product:unsure"
SAME, OTHER_ONE = "same", "other"
"""Answers to whether it is still the company that is remembered."""


PART = "product_part"
"""The slot that keeps the kind or the model of a product while the other is not known."""
CHANGES = union(
    r"\btroc\w+", r"\bmud\w+", r"\bprefir\w+", r"\bmelhor\b", r"\bem vez\b", r"\bverdade\b"
)
"""Words with which a model in other words ("o de arquivo") replaces the one that was chosen."""


def product_options(snapshot: Snapshot) -> tuple[ReplyOption, ...]:
    """The products that go with what is known of the wanted one."""
    known = _known_parts(snapshot)
    fitting = [name for name in PRODUCTS if known.with_known(parts_of(name)) == parts_of(name)]
    rows = tuple(
        ReplyOption(f"slot:product:{name}", name, render(f"about.{_key(name)}")) for name in fitting
    )
    return (*rows, ReplyOption(UNDECIDED_ID, render("row.unsure"), render("about.unsure")))


def _known_parts(snapshot: Snapshot) -> ProductParts:
    return parts_of(snapshot.slots.get(PART, ""))


def _product_question(snapshot: Snapshot) -> str:
    known = snapshot.slots.get(PART)
    return f"ask.product_{_key(known)}" if known else ""


def _key(product: str) -> str:
    return product.lower().replace("-", "_").replace(" ", "_")


def _product(text: str, snapshot: Snapshot) -> ParseResult:
    """A whole product, with what was said of it before; the known part alone for who is unsure."""
    known = _known_parts(snapshot)
    found = parts_of_answer(text)
    whole = found.with_known(known)
    if whole.whole and found != ProductParts():
        return ParseResult(whole.name)
    if text == "unsure" or is_unsure(text):
        return ParseResult(whole.kind or UNDECIDED)
    return ParseResult(problem="product_missing")


def _find_product(text: str, snapshot: Snapshot) -> ParseResult:
    """A whole product in a text that need not be about it."""
    chosen = parts_of(snapshot.slots.get("product", ""))
    found = find_parts(text)
    plain = normalize_text(text)
    change = CHANGES.search(plain)
    if chosen.kind and change:
        found = find_parts(plain[change.start() :])
    elif chosen.kind and not found.kind and not names_model(text):
        return NO_MATCH
    whole = found.with_known(chosen if chosen.kind else _known_parts(snapshot))
    return ParseResult(whole.name) if whole.whole and found != ProductParts() else NO_MATCH


def _find_part(text: str, snapshot: Snapshot) -> ParseResult:
    """The kind or the model alone, where it tells more than is known."""
    if "product" in snapshot.slots:
        return NO_MATCH
    asked = snapshot.requested_slot == "product"
    found = parts_of_answer(text) if asked else find_parts(text)
    known = snapshot.slots.get(PART, "")
    is_news = found != ProductParts() and not found.with_known(parts_of(known)).whole
    return ParseResult(found.name) if is_news and found.name != known else NO_MATCH


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
    extract=_find_product,
    options=product_options,
    synonyms=("produto", "tipo", "certificado", "modelo"),
    invalidates=(PART,),
    question_key=_product_question,
)
PRODUCT_PART = Slot(
    PART,
    parse_answer=_find_part,
    extract=_find_part,
    required_if=lambda _snapshot: False,
)
NAME = Slot(
    "name",
    parse_answer=lambda text, _: parse_name(text),
    extract=lambda text, _: find_name(text),
    synonyms=("nome",),
    unambiguous=True,
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


def known_person(snapshot: Snapshot, _text: str = "") -> dict[str, str]:
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
