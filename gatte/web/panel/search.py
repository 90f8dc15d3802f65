"""Finding conversations by who wrote: phone, CPF or CNPJ, words of the name, or the number of a
ticket.

Personal data is sealed, so what is sought is compared by keyed hashes: numbers whole, names by
whole words. In an address the words stand sealed (Fernet, https://github.com/fernet/spec), for the
person who typed them and some hours.
"""

import base64
import re
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from gatte import services
from gatte.intake.contact_identity import search_hashes
from gatte.models import Conversation
from gatte.models.name_words import name_words
from gatte.privacy.crypto import derived_key
from gatte.store import conversations
from gatte.web.panel.form_values import parse_integer

LONGEST = 100
KEPT_SECONDS = 12 * 3600
"""How long the address of a search holds: a day at the desk."""
CNPJ = re.compile(r"(?=.*\d)[0-9A-Z]{12}\d{2}")  # with letters since July 2026
NUMBER_MARKS = re.compile(r"[\s().+/-]")


def normalize_query(words: str) -> str:
    """What somebody typed into the search field, in one line."""
    return " ".join(words.split())[:LONGEST].strip()


def seal_query(words: str, user_id: int) -> str:
    """Words as an address may carry them: nobody reads them there, and only this user finds by
    them.
    """
    return _cipher().encrypt(f"{user_id} {words}".encode()).decode()


def open_query(sealed: str, user_id: int) -> str | None:
    """The words that `seal_query` was given for this user; None when they are too old, of somebody
    else, or no such words.
    """
    try:
        plain = _cipher().decrypt(sealed.encode(), ttl=KEPT_SECONDS).decode()
    except InvalidToken:
        return None
    owner, _, words = plain.partition(" ")
    return words if owner == str(user_id) else None


def _cipher() -> MultiFernet:
    """Seals under the present key of the panel, and opens under the former ones too."""
    keys = [derived_key(secret, "panel search") for secret in services.settings().secret_keys]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


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
