"""A contact's name can be searched though it is sealed: keyed hashes of its words are stored."""

import re
from typing import Any

from gatte.conversation.parsing.normalize import fold
from gatte.models.sealing import EncryptedColumn, LookupHasher
from gatte.services import keyring

HASH_BYTES = 12


class IndexedName(EncryptedColumn[str]):
    """A sealed name that keeps the hashes of its words in the column `name_words`."""

    def __set__(self, row: Any, value: str | None) -> None:  # noqa: ANN401 - any model
        super().__set__(row, value)
        row.name_words = None if value is None else name_words(value)


def name_words(name: str, keys: LookupHasher | None = None) -> list[bytes]:
    """The hashes of the words of a name, each once; case, accents and punctuation do not count."""
    ring = keys or keyring()
    words = re.findall(r"\w+", fold(name))
    return sorted({ring.lookup_hash("name_word", word)[:HASH_BYTES] for word in words})
