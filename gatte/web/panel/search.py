"""Finding conversations by who wrote: phone, CPF or CNPJ, words of the name, or the number of a
ticket.

Personal data is sealed, so what is sought is compared by keyed hashes: numbers whole, names by
whole words.
"""

import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from gatte.intake.contact_identity import search_hashes
from gatte.models import Conversation
from gatte.models.name_words import name_words
from gatte.store import conversations
from gatte.web.panel.form_values import parse_integer

LONGEST = 100
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
        return conversations.list_of_contacts(
            search_hashes(number), parse_integer(number), after, limit
        )
    if CNPJ.fullmatch(number):
        return conversations.list_of_contacts(search_hashes(number), None, after, limit)
    words = name_words(sought)
    return conversations.list_by_name(words, after, limit) if words else []
