"""Finding conversations by who wrote: phone, CPF or CNPJ, words of the name, or the number of a
ticket.

Personal data is sealed, so what is sought is compared by keyed hashes: numbers whole, names by
whole words.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from gatte.intake.contact_identity import canonical_phone
from gatte.models import Conversation, IdentityKind, keyring
from gatte.models.name_words import name_words
from gatte.store import conversations
from gatte.web.panel.form_values import parse_integer

LONGEST = 100
COUNTRY = "55"
CNPJ = re.compile(r"(?=.*\d)[0-9A-Z]{12}\d{2}")  # with letters since July 2026
NUMBER_MARKS = re.compile(r"[\s().+/-]")


def normalize_query(words: str) -> str:
    """What somebody typed into the search field, in one line."""
    return " ".join(words.split())[:LONGEST].strip()


def find_conversations(
    sought: str, after: tuple[datetime, UUID] | None, limit: int
) -> Sequence[Conversation]:
    """Conversations of contacts, or of a ticket, that were sought, the latest first; those behind
    the time and id of `after`.
    """
    number = NUMBER_MARKS.sub("", sought).upper()
    if number.isascii() and number.isdecimal():
        return conversations.list_of_contacts(_hashes(number), parse_integer(number), after, limit)
    if CNPJ.fullmatch(number):
        return conversations.list_of_contacts(_hashes(number), None, after, limit)
    words = name_words(sought)
    return conversations.list_by_name(words, after, limit) if words else []


def _hashes(number: str) -> list[bytes]:
    """Of a phone, with or without the country's code, and of a document."""
    phones = {canonical_phone(number), canonical_phone(COUNTRY + number)}
    known = [(IdentityKind.PHONE, phone) for phone in phones] + [(IdentityKind.DOCUMENT, number)]
    return [keyring().lookup_hash(kind, value) for kind, value in known]
