"""Finding conversations by who wrote: phone, CPF or CNPJ, words of the name, or the number of a
ticket.

Personal data is sealed, so what is sought is compared by keyed hashes: numbers whole, names by
whole words.
"""

import re
from uuid import UUID

from sqlalchemy import ColumnElement, Select, false, select

from gatte.intake.contact_identity import canonical_phone
from gatte.models import Contact, Conversation, IdentityKind, Ticket, keyring
from gatte.models.contact import ContactIdentity
from gatte.models.name_words import name_words
from gatte.web.panel.form_values import parse_integer

LONGEST = 100
COUNTRY = "55"
CNPJ = re.compile(r"(?=.*\d)[0-9A-Z]{12}\d{2}")  # with letters since July 2026
NUMBER_MARKS = re.compile(r"[\s().+/-]")


def normalize_query(words: str) -> str:
    """What somebody typed into the search field, in one line."""
    return " ".join(words.split())[:LONGEST].strip()


def matches(sought: str) -> ColumnElement[bool]:
    """Whether a conversation is one of a contact, or of a ticket, that was sought."""
    number = NUMBER_MARKS.sub("", sought).upper()
    if number.isascii() and number.isdecimal():
        return Conversation.id.in_(_with_contact(number).union(_with_ticket(number)))
    if CNPJ.fullmatch(number):
        return Conversation.id.in_(_with_contact(number))
    words = name_words(sought)
    if not words:
        return false()
    return Conversation.contact_id.in_(select(Contact.id).where(Contact.name_words.contains(words)))


def _with_contact(number: str) -> Select[UUID | None]:
    """Conversations of contacts with this phone, with or without the country's code, or this
    document.
    """
    phones = {canonical_phone(number), canonical_phone(COUNTRY + number)}
    known = [(IdentityKind.PHONE, phone) for phone in phones] + [(IdentityKind.DOCUMENT, number)]
    hashes = [keyring().lookup_hash(kind, value) for kind, value in known]
    contacts = select(ContactIdentity.contact_id).where(
        ContactIdentity.kind.in_([IdentityKind.PHONE, IdentityKind.DOCUMENT]),
        ContactIdentity.hash.in_(hashes),
    )
    return select(Conversation.id).where(Conversation.contact_id.in_(contacts))


def _with_ticket(number: str) -> Select[UUID | None]:
    """The conversation in which the ticket of this number was opened."""
    wanted = parse_integer(number)
    tickets = select(Ticket.conversation_id).where(Ticket.conversation_id.is_not(None))
    if wanted is None:
        return tickets.where(false())
    return tickets.where(Ticket.number == wanted)
