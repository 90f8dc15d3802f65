"""Slots that several flows share."""

from gatte.conversation.flows.base import Slot
from gatte.conversation.parsing.answers import says_none, yes_or_no
from gatte.conversation.parsing.documents import CNPJ_LENGTH, find_document, parse_document, show_document
from gatte.conversation.parsing.people import find_company, find_email, find_name, parse_company, parse_email, parse_name
from gatte.conversation.parsing.products import find_product, parse_product
from gatte.conversation.parsing.words import Parsed
from gatte.conversation.replies import Option
from gatte.conversation.snapshot import Snapshot
from gatte.conversation.texts import say

PRODUCTS = ("e-CNPJ A1", "e-CNPJ A3", "e-CPF A1", "e-CPF A3", "NF-e A1")
UNDECIDED_ID = "slot:product:unsure"


def product_options(_snapshot: Snapshot) -> tuple[Option, ...]:
    rows = tuple(Option(f"slot:product:{name}", name, say(f"about.{_key(name)}")) for name in PRODUCTS)
    return (*rows, Option(UNDECIDED_ID, say("row.unsure"), say("about.unsure")))


def _key(product: str) -> str:
    return product.lower().replace("-", "_").replace(" ", "_")


def _product(text: str, _snapshot: Snapshot) -> Parsed:
    return parse_product("não sei" if text == "unsure" else text)


def _optional_email(text: str, _snapshot: Snapshot) -> Parsed:
    return Parsed("") if says_none(text) else parse_email(text)


def _find_email(text: str, _snapshot: Snapshot) -> Parsed:
    none = says_none(text) and "mail" in text.casefold()
    return Parsed("") if none else find_email(text)


def _optional_company(text: str, _snapshot: Snapshot) -> Parsed:
    if yes_or_no(text) is True:
        return Parsed(problem="company_missing")
    return Parsed("") if says_none(text) else parse_company(text)


def has_cnpj(snapshot: Snapshot) -> bool:
    """Whether the document given is a company's."""
    return len(snapshot.slots.get("document", "")) == CNPJ_LENGTH


PRODUCT = Slot(
    "product",
    parse=_product,
    find=lambda text, _: find_product(text),
    options=product_options,
    words=("produto", "tipo", "certificado", "modelo"),
)
NAME = Slot("name", parse=lambda text, _: parse_name(text), find=lambda text, _: find_name(text), words=("nome",))
DOCUMENT = Slot(
    "document",
    parse=lambda text, _: parse_document(text),
    find=lambda text, _: find_document(text),
    show=show_document,
    words=("documento", "cnpj", "cpf", "doc"),
    sure=True,
)
COMPANY = Slot(
    "company",
    parse=_optional_company,
    find=lambda text, _: find_company(text),
    wanted=has_cnpj,
    words=("empresa", "razão social", "razao social"),
    free=True,
)
EMAIL = Slot("email", parse=_optional_email, find=_find_email, words=("e-mail", "email"), sure=True)


def known_person(snapshot: Snapshot) -> dict[str, str]:
    """Name and e-mail of a contact who was here before; the summary shows them, so that they can be corrected."""
    contact = snapshot.contact
    if not contact.returning:
        return {}
    name = parse_name(contact.name or "").value if len((contact.name or "").split()) > 1 else None
    known = {"name": name, "email": contact.email}
    return {slot: value for slot, value in known.items() if value}
